import type { JsonObject } from './canonical.ts';
import { FormatError } from './format-error.ts';
import { sha256 } from './primitives.ts';
import { exactFields, instant, integer, isJsonObject, matching, oneOf, textOrNull, uuid } from './strict-object.ts';

export type ActorKind = 'user' | 'agent' | 'patient' | 'system';
export type Outcome = 'ok' | 'refused' | 'failed';

/** One act, as it is hashed. docs/audit.md describes every field; adding one means `v: 2`. */
export interface AuditEntry {
  readonly v: 1;
  readonly workspace: string;
  /** From 1, without gaps, per workspace. */
  readonly seq: number;
  readonly id: string;
  /** When it was sealed: UTC, milliseconds. */
  readonly at: string;
  readonly actor: { readonly kind: ActorKind; readonly id: string | null; readonly name: string | null };
  readonly action: string;
  readonly outcome: Outcome;
  readonly target: { readonly type: string; readonly id: string | null } | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** Never PHI: names of changed fields, codes, counts, values of columns that are not PHI. */
  readonly detail: JsonObject;
  /** Hash of the entry before, hexadecimal; {@link NO_PREVIOUS} for the first. */
  readonly prev: string;
}

export interface SealedEntry {
  readonly entry: AuditEntry;
  /** SHA-256 over the entry's RFC 8785 bytes, hexadecimal. */
  readonly hash: string;
  readonly keyId: string;
  /** Ed25519 over {@link entryMessage}, base64. */
  readonly signature: string;
}

export const NO_PREVIOUS = '0'.repeat(64);

const HASH = /^[0-9a-f]{64}$/;
const KEY_ID = /^[0-9a-f]{16}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
const ACTION = /^[a-z][A-Za-z0-9_-]*(?:\.[a-z][A-Za-z0-9_-]*)+$/;
const TARGET_TYPE = /^[a-z][A-Za-z0-9_-]*$/;
const ACTOR_KINDS = ['user', 'agent', 'patient', 'system'] as const;
const OUTCOMES = ['ok', 'refused', 'failed'] as const;
const ENTRY_FIELDS = ['v', 'workspace', 'seq', 'id', 'at', 'actor', 'action', 'outcome', 'target', 'ip', 'userAgent', 'requestId', 'detail', 'prev'] as const;

// The prefix keeps an entry's signature from ever being taken for one over a checkpoint, a key event or a bundle made with the same key.
const UTF8 = new TextEncoder();
const DOMAIN = UTF8.encode('wardkeep-audit-entry-v1\n');

/** 32 bytes: SHA-256 over an entry's RFC 8785 text. */
export function hashBody(body: string): Uint8Array {
  return sha256(UTF8.encode(body));
}

/** What the signature covers: `wardkeep-audit-entry-v1\n` and the 32 hash bytes. */
export function entryMessage(hash: Uint8Array): Uint8Array {
  const message = new Uint8Array(DOMAIN.length + hash.length);
  message.set(DOMAIN);
  message.set(hash, DOMAIN.length);
  return message;
}

/** @throws FormatError unless `value` has exactly the fields of {@link AuditEntry}, each of its form. */
export function parseEntry(value: unknown): AuditEntry {
  const entry = exactFields(value, ENTRY_FIELDS, 'entry');
  if (entry.v !== 1) throw new FormatError('entry.v: only version 1 is known');
  const actor = exactFields(entry.actor, ['kind', 'id', 'name'], 'entry.actor');
  if (!isJsonObject(entry.detail)) throw new FormatError('entry.detail: not an object');
  return {
    v: 1,
    workspace: uuid(entry.workspace, 'entry.workspace'),
    seq: integer(entry.seq, 1, 'entry.seq'),
    id: uuid(entry.id, 'entry.id'),
    at: instant(entry.at, 'entry.at'),
    actor: {
      kind: oneOf(actor.kind, ACTOR_KINDS, 'entry.actor.kind'),
      id: actor.id === null ? null : uuid(actor.id, 'entry.actor.id'),
      name: textOrNull(actor.name, 'entry.actor.name'),
    },
    action: matching(entry.action, ACTION, 'entry.action'),
    outcome: oneOf(entry.outcome, OUTCOMES, 'entry.outcome'),
    target: entry.target === null ? null : parseTarget(entry.target),
    ip: textOrNull(entry.ip, 'entry.ip'),
    userAgent: textOrNull(entry.userAgent, 'entry.userAgent'),
    requestId: textOrNull(entry.requestId, 'entry.requestId'),
    detail: entry.detail,
    prev: matching(entry.prev, HASH, 'entry.prev'),
  };
}

function parseTarget(value: unknown): { type: string; id: string | null } {
  const target = exactFields(value, ['type', 'id'], 'entry.target');
  return { type: matching(target.type, TARGET_TYPE, 'entry.target.type'), id: textOrNull(target.id, 'entry.target.id') };
}

/** @throws FormatError, as {@link parseEntry}. */
export function parseSealedEntry(value: unknown): SealedEntry {
  const sealed = exactFields(value, ['entry', 'hash', 'keyId', 'signature'], 'line');
  return {
    entry: parseEntry(sealed.entry),
    hash: matching(sealed.hash, HASH, 'hash'),
    keyId: matching(sealed.keyId, KEY_ID, 'keyId'),
    signature: matching(sealed.signature, SIGNATURE, 'signature'),
  };
}
