import { createPrivateKey } from 'node:crypto';
import { writeBundle } from '../../core/audit/bundle.ts';
import type { BundleInput, BundleRange } from '../../core/audit/bundle.ts';
import { canonicalBytes, canonicalize } from '../../core/audit/canonical.ts';
import { logKeyName, logOrigin, signCheckpoint } from '../../core/audit/checkpoint.ts';
import { entryMessage, hashBody, NO_PREVIOUS, parseEntry } from '../../core/audit/entry.ts';
import type { AuditEntry, SealedEntry } from '../../core/audit/entry.ts';
import { keyCreated } from '../../core/audit/key-log.ts';
import type { KeyEvent, SealedKeyEvent } from '../../core/audit/key-log.ts';
import { leafHash } from '../../core/audit/merkle.ts';
import { fromHex, sha256, toBase64, toHex } from '../../core/audit/primitives.ts';
import { signingKey } from '../../core/audit/signing-key.ts';
import type { SigningKey } from '../../core/audit/signing-key.ts';
import { rootFromTiles, tilesFor } from '../../core/audit/tiles.ts';
import type { TileReader } from '../../core/audit/tiles.ts';

// Logs for tests: the same bytes on every run, from keys whose seed is one repeated byte.

export const INSTALLATION = '0192f0c4-0000-7000-8000-000000000001';
export const WILLOW = '0192f0c4-0000-7000-8000-0000000000a1';
export const HARBOR = '0192f0c4-0000-7000-8000-0000000000b2';
export const KEY_CREATED_AT = '2025-01-01T00:00:00.000Z';

const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 key of RFC 8032 seed `byte` × 32. */
export function testKey(byte: number): SigningKey {
  return signingKey(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]), format: 'der', type: 'pkcs8' }));
}

/** Contents of entry `seq`, a minute apart, before they are linked. */
export function draftEntry(seq: number, workspace: string = WILLOW): AuditEntry {
  const suffix = seq.toString(16).padStart(12, '0');
  return {
    v: 1,
    workspace,
    seq,
    id: `0192f0c4-0000-7000-9000-${suffix}`,
    at: new Date(Date.parse(KEY_CREATED_AT) + seq * 60_000).toISOString(),
    actor: { kind: 'user', id: '0192f0c4-0000-7000-8000-0000000000f1', name: 'Zoë Ruiz' },
    action: seq % 3 === 0 ? 'contact.updated' : 'contact.read',
    outcome: 'ok',
    target: { type: 'contact', id: `0192f0c4-0000-7000-a000-${suffix}` },
    ip: '192.0.2.7',
    userAgent: 'Mozilla/5.0',
    requestId: null,
    detail: seq % 3 === 0 ? { fields: ['phone'] } : {},
    prev: NO_PREVIOUS,
  };
}

export const hashEntry = (entry: AuditEntry): Uint8Array => hashBody(canonicalize(entry));

export function signEntry(entry: AuditEntry, key: SigningKey): SealedEntry {
  const checked = parseEntry(entry);
  const hash = hashEntry(checked);
  return { entry: checked, hash: toHex(hash), keyId: key.keyId, signature: toBase64(key.sign(entryMessage(hash))) };
}

/** Links and seals drafts into a chain that continues `before`. */
export function sealChain(drafts: readonly AuditEntry[], key: SigningKey, before: readonly SealedEntry[] = []): SealedEntry[] {
  const sealed = [...before];
  for (const draft of drafts) sealed.push(signEntry({ ...draft, seq: sealed.length + 1, prev: sealed.at(-1)?.hash ?? NO_PREVIOUS }, key));
  return sealed;
}

export function firstKeyLog(key: SigningKey, installation: string = INSTALLATION): SealedKeyEvent[] {
  return [keyCreated([], installation, KEY_CREATED_AT, key, null)];
}

/** An event that continues `log`, also one that no program of ours would write: all that `change` does not say is as in the last. */
export function keyEventOf(log: readonly SealedKeyEvent[], change: Partial<KeyEvent>, signers: readonly SigningKey[]): SealedKeyEvent {
  const { event: last, hash: prev } = log.at(-1) as SealedKeyEvent;
  const event: KeyEvent = { ...last, seq: log.length + 1, prev, ...change };
  const hash = sha256(canonicalBytes(event));
  const message = Buffer.concat([Buffer.from('wardkeep-key-event-v1\n'), hash]);
  return { event, hash: toHex(hash), signatures: signers.map((key) => ({ keyId: key.keyId, signature: toBase64(key.sign(message)) })) };
}

/** A workspace's log as an installation holds it. */
export interface TestLog {
  readonly workspace: string;
  readonly entries: readonly SealedEntry[];
  readonly keyLog: readonly SealedKeyEvent[];
  readonly key: SigningKey;
  readonly tiles: TileReader;
  /** The signed head at `size`, by default of the whole log. */
  checkpoint(size?: number): Promise<string>;
  /** The bundle's bytes. */
  bundle(range?: Partial<BundleRange>, changes?: Partial<BundleInput>): Promise<Buffer>;
}

export async function testLog(entries: readonly SealedEntry[], key: SigningKey, { workspace = WILLOW, keyLog = firstKeyLog(key) }: { workspace?: string; keyLog?: readonly SealedKeyEvent[] } = {}): Promise<TestLog> {
  const stored = new Map<string, Uint8Array>();
  const read: TileReader = async (level, index, width) => (stored.get(`${level}/${index}`) as Uint8Array).subarray(0, width * 32);
  for (const tile of await tilesFor(read, 0, entries.map(({ hash }) => leafHash(fromHex(hash))))) stored.set(`${tile.level}/${tile.index}`, tile.hashes);
  const checkpoint = async (size = entries.length): Promise<string> => {
    return signCheckpoint({ origin: logOrigin(INSTALLATION, workspace), size, root: await rootFromTiles(read, size) }, logKeyName(INSTALLATION), key);
  };
  return {
    workspace, entries, keyLog, key, tiles: read, checkpoint,
    async bundle(range = {}, changes = {}) {
      const whole = { fromSeq: 1, toSeq: entries.length, from: null, to: null, ...range };
      const pieces = writeBundle({
        installation: INSTALLATION, workspace, exportedAt: '2025-02-01T00:00:00.000Z', range: whole, keyLog, checkpoint: await checkpoint(),
        entries: entries.slice(whole.fromSeq - 1, whole.toSeq), tiles: read, key, ...changes,
      });
      return Buffer.concat(await Array.fromAsync(pieces));
    },
  };
}

/** A log of `count` entries under one key. */
export function simpleLog(count: number, key: SigningKey = testKey(1), workspace: string = WILLOW): Promise<TestLog> {
  return testLog(sealChain(Array.from({ length: count }, (_, i) => draftEntry(i + 1, workspace)), key), key, { workspace });
}

/** `bytes` as a stream of pieces of `length` bytes. */
export async function* inPieces(bytes: Uint8Array, length = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
