import { canonicalize } from './canonical.ts';
import { BUNDLE_TYPE } from './bundle.ts';
import type { BundleEnd, BundleHeader, BundleRange, MerklePart } from './bundle.ts';
import { decode, parseJson } from './check-block.ts';
import { FormatError } from './format-error.ts';
import type { SealedKeyEvent, VerificationKey } from './key-log.ts';
import { exactFields, instant, integer, list, matching, text, uuid } from './strict-object.ts';

/** Consecutive entry lines, or one line that is something else, both with their newline; or what is left of a line that never ended. */
export type BundlePart = { readonly kind: 'entries' | 'other' | 'cut'; readonly bytes: Uint8Array };

const NEWLINE = 0x0a;
const ENTRY_PREFIX = new TextEncoder().encode('{"entry":');
// No line of a real bundle comes near it; a file without newlines must not fill the memory.
const MAX_LINE_BYTES = 8 * 1024 * 1024;
const HASH = /^[0-9a-f]{64}$/;
const KEY_ID = /^[0-9a-f]{16}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
const TOKEN = /^[A-Za-z0-9._-]+$/;

/**
 * Cuts a byte stream at line ends into blocks that can be checked apart. Memory: one piece of the stream and one line.
 * @throws FormatError for a line that is too long.
 */
export async function* readParts(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<BundlePart> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const piece of pieces) {
    const bytes = join(rest, piece);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    yield* cut(bytes.subarray(0, whole));
    rest = bytes.slice(whole);
    if (rest.length > MAX_LINE_BYTES) throw new FormatError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (rest.length > 0) yield { kind: 'cut', bytes: rest };
}

function* cut(lines: Uint8Array): Generator<BundlePart> {
  let blockStart = 0;
  for (let start = 0, end = 0; start < lines.length; start = end) {
    end = lines.indexOf(NEWLINE, start) + 1;
    if (ENTRY_PREFIX.every((byte, i) => lines[start + i] === byte)) continue;
    if (start > blockStart) yield { kind: 'entries', bytes: lines.subarray(blockStart, start) };
    yield { kind: 'other', bytes: lines.subarray(start, end) };
    blockStart = end;
  }
  if (lines.length > blockStart) yield { kind: 'entries', bytes: lines.subarray(blockStart) };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** A line as JSON. @throws FormatError unless it is in its canonical form. */
function parseLine(bytes: Uint8Array): unknown {
  const line = decode(bytes.subarray(0, -1));
  const value = parseJson(line);
  if (canonicalize(value) !== line) throw new FormatError('a line is not in canonical form (RFC 8785)');
  return value;
}

/** The header's shape. Its key log is not verified yet, nor that `keys` is what the log yields. */
export function parseHeader(bytes: Uint8Array): BundleHeader {
  const header = exactFields(parseLine(bytes), ['type', 'v', 'installation', 'workspace', 'exportedAt', 'range', 'keys', 'keyLog'], 'header');
  if (header.type !== BUNDLE_TYPE || header.v !== 1) throw new FormatError('header: not an audit bundle of version 1');
  return {
    type: BUNDLE_TYPE,
    v: 1,
    installation: matching(header.installation, TOKEN, 'header.installation'),
    workspace: uuid(header.workspace, 'header.workspace'),
    exportedAt: instant(header.exportedAt, 'header.exportedAt'),
    range: parseRange(header.range),
    keys: list(header.keys, 'header.keys') as readonly VerificationKey[],
    keyLog: list(header.keyLog, 'header.keyLog') as readonly SealedKeyEvent[],
  };
}

function parseRange(value: unknown): BundleRange {
  const range = exactFields(value, ['fromSeq', 'toSeq', 'from', 'to'], 'header.range');
  const fromSeq = integer(range.fromSeq, 1, 'header.range.fromSeq');
  return {
    fromSeq,
    toSeq: integer(range.toSeq, fromSeq - 1, 'header.range.toSeq'),
    from: range.from === null ? null : instant(range.from, 'header.range.from'),
    to: range.to === null ? null : instant(range.to, 'header.range.to'),
  };
}

export function parseMerklePart(bytes: Uint8Array): MerklePart {
  const part = exactFields(parseLine(bytes), ['type', 'checkpoint', 'left', 'right'], 'Merkle part');
  if (part.type !== 'merkle') throw new FormatError('neither an entry nor the Merkle part');
  const hashes = (value: unknown): string[] => list(value, 'Merkle part').map((hash) => matching(hash, HASH, 'Merkle part'));
  return { type: 'merkle', checkpoint: text(part.checkpoint, 'Merkle part'), left: hashes(part.left), right: hashes(part.right) };
}

export function parseEnd(bytes: Uint8Array): BundleEnd {
  const end = exactFields(parseLine(bytes), ['type', 'count', 'sha256', 'keyId', 'signature'], 'end');
  if (end.type !== 'end') throw new FormatError('not the end line');
  return {
    type: 'end',
    count: integer(end.count, 0, 'end.count'),
    sha256: matching(end.sha256, HASH, 'end.sha256'),
    keyId: matching(end.keyId, KEY_ID, 'end.keyId'),
    signature: matching(end.signature, SIGNATURE, 'end.signature'),
  };
}
