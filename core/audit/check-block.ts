import { canonicalize } from './canonical.ts';
import { entryMessage, hashBody, parseSealedEntry } from './entry.ts';
import type { SealedEntry } from './entry.ts';
import type { AuditFault, FaultKind } from './fault.ts';
import { FormatError } from './format-error.ts';
import { AUDIT_PURPOSE, isAliveAt } from './key-log.ts';
import type { VerificationKey } from './key-log.ts';
import { HASH_BYTES } from './merkle.ts';
import { fromBase64, toHex, verifyEd25519 } from './primitives.ts';

// The expensive part of verification, free of state between blocks, so that blocks can be checked on all cores at once. What joins one
// block to the next is left to ChainVerifier.

/** Plain data: it is handed to workers. */
export interface CheckContext {
  readonly workspace: string;
  readonly keys: readonly VerificationKey[];
}

/** What a block of consecutive entries came to. */
export interface CheckedBlock {
  /** Sequence and previous hash the first entry claims; null when it could not even be read or its hash is wrong. */
  readonly first: { readonly seq: number; readonly id: string; readonly prev: string } | null;
  /** The hashes of the sound entries, 32 bytes each, up to the fault if there is one. */
  readonly hashes: Uint8Array;
  readonly fault: AuditFault | null;
}

const NEWLINE = 0x0a;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The one way to write a sealed entry as a line (RFC 8785, without the newline). */
export function entryLine({ entry, hash, keyId, signature }: SealedEntry): string {
  return sealedLine(canonicalize(entry), hash, keyId, signature);
}

/** The same from stored parts: `body` is the canonical text that was hashed. */
export function sealedLine(body: string, hash: string, keyId: string, signature: string): string {
  return `{"entry":${body},"hash":"${hash}","keyId":"${keyId}","signature":"${signature}"}`;
}

/** Checks whole lines, each ending in a newline. */
export function checkLines(context: CheckContext, block: Uint8Array): CheckedBlock {
  return check(context, readLines(block));
}

/** Checks entries already in memory. */
export function checkEntries(context: CheckContext, entries: Iterable<SealedEntry>): CheckedBlock {
  return check(context, withBodies(entries));
}

/** An entry beside the canonical text that is to give its hash. */
type ReadEntry = { readonly sealed: SealedEntry; readonly body: string };

function* withBodies(entries: Iterable<SealedEntry>): Generator<ReadEntry> {
  for (const sealed of entries) yield { sealed, body: canonicalize(sealed.entry) };
}

function* readLines(block: Uint8Array): Generator<ReadEntry> {
  for (let start = 0, end = 0; start < block.length; start = end + 1) {
    end = block.indexOf(NEWLINE, start);
    if (end < 0) throw new FormatError('a line is cut off');
    yield readLine(block.subarray(start, end));
  }
}

function readLine(bytes: Uint8Array): ReadEntry {
  const line = decode(bytes);
  const sealed = parseSealedEntry(parseJson(line));
  // Also what refuses duplicate keys, which JSON.parse would silently resolve and another reader might resolve otherwise.
  const body = canonicalize(sealed.entry);
  if (sealedLine(body, sealed.hash, sealed.keyId, sealed.signature) !== line) throw new FormatError('a line is not in canonical form (RFC 8785)');
  return { sealed, body };
}

/** @throws FormatError for bytes that are not UTF-8. */
export function decode(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new FormatError('not UTF-8', { cause });
  }
}

/** @throws FormatError; the parser's own message would quote the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FormatError('not JSON', { cause });
  }
}

function check(context: CheckContext, entries: Iterable<ReadEntry>): CheckedBlock {
  const keys = new Map(context.keys.map((key) => [key.keyId, { ...key, bytes: fromBase64(key.publicKey) }]));
  const hashes: Uint8Array[] = [];
  let first: CheckedBlock['first'] = null;
  let fault: AuditFault | null = null;
  let before: { seq: number; hash: string } | null = null;
  const iterator = entries[Symbol.iterator]();
  while (!fault) {
    try {
      const next = iterator.next();
      if (next.done) break;
      const { sealed, body } = next.value;
      const { entry } = sealed;
      const hash = hashBody(body);
      const at = (kind: FaultKind, detail: string): AuditFault => ({ fault: kind, seq: entry.seq, id: entry.id, detail });
      if (entry.workspace !== context.workspace) fault = at('workspace', 'The entry names another workspace.');
      else if (toHex(hash) !== sealed.hash) fault = at('hash', 'The entry’s contents do not give its hash.');
      else {
        if (before) fault = linkFault(entry, before.seq, before.hash);
        else first = { seq: entry.seq, id: entry.id, prev: entry.prev };
        fault ??= signatureFault(sealed, hash, keys.get(sealed.keyId));
      }
      before = { seq: entry.seq, hash: sealed.hash };
      if (!fault) hashes.push(hash);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      fault = { fault: 'format', seq: before ? before.seq + 1 : null, id: null, detail: `The line cannot be read: ${error.message}.` };
    }
  }
  const joined = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => joined.set(hash, i * HASH_BYTES));
  return { first, hashes: joined, fault };
}

/** Whether an entry takes its place after `seq`, whose hash is `hash` (null where the range begins and nobody knows it). */
export function linkFault(entry: { readonly seq: number; readonly id: string; readonly prev: string }, seq: number, hash: string | null): AuditFault | null {
  const at = (fault: FaultKind, detail: string): AuditFault => ({ fault, seq: entry.seq, id: entry.id, detail });
  if (entry.seq !== seq + 1) return at('sequence', `Entry ${seq + 1} was to stand here, not ${entry.seq}.`);
  if (hash !== null && entry.prev !== hash) return at('chain', `The entry does not name the hash of entry ${seq} as the one before it.`);
  return null;
}

function signatureFault({ entry, keyId, signature }: SealedEntry, hash: Uint8Array, key: (VerificationKey & { bytes: Uint8Array }) | undefined): AuditFault | null {
  const at = (fault: FaultKind, detail: string): AuditFault => ({ fault, seq: entry.seq, id: entry.id, detail });
  if (!key) return at('key', `Key ${keyId} is not in the key log.`);
  if (key.purpose !== AUDIT_PURPOSE) return at('key', `Key ${keyId} is not for audit entries.`);
  if (!isAliveAt(key, entry.at)) return at('key', `Key ${keyId} was not in force when the entry was sealed.`);
  if (!verifyEd25519(key.bytes, entryMessage(hash), fromBase64(signature))) return at('signature', `The signature is not by key ${keyId}.`);
  return null;
}
