import { canonicalize } from './canonical.ts';
import { entryLine } from './check-block.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { SealedEntry } from './entry.ts';
import { readKeyLog } from './key-log.ts';
import type { SealedKeyEvent, VerificationKey } from './key-log.ts';
import { sha256Stream, toBase64, toHex } from './primitives.ts';
import type { SigningKey } from './signing-key.ts';
import { subtreeHashes } from './tiles.ts';
import type { TileReader } from './tiles.ts';

// The export a security officer takes away: NDJSON, one header, one sealed entry a line, the Merkle part, the end. Every line is RFC 8785
// and ends in one newline, so a bundle has one spelling. docs/audit.md describes it for other implementations.

export const BUNDLE_TYPE = 'wardkeep-audit-bundle';

export interface BundleRange {
  readonly fromSeq: number;
  /** Inclusive; fromSeq − 1 for a range that holds nothing. */
  readonly toSeq: number;
  /** The dates asked for, if the range was asked for by date. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface BundleHeader {
  readonly type: typeof BUNDLE_TYPE;
  readonly v: 1;
  readonly installation: string;
  readonly workspace: string;
  readonly exportedAt: string;
  readonly range: BundleRange;
  /** As the key log yields them; repeated for readers that do not care to follow it. */
  readonly keys: readonly VerificationKey[];
  readonly keyLog: readonly SealedKeyEvent[];
}

export interface MerklePart {
  readonly type: 'merkle';
  /** Signed note of a tree that holds the range. */
  readonly checkpoint: string;
  /** Hashes of coveringSubtrees(0, fromSeq − 1), hexadecimal. */
  readonly left: readonly string[];
  /** Hashes of coveringSubtrees(toSeq, size). */
  readonly right: readonly string[];
}

export interface BundleEnd {
  readonly type: 'end';
  readonly count: number;
  /** SHA-256 over every byte before this line, hexadecimal. */
  readonly sha256: string;
  readonly keyId: string;
  /** Ed25519 over `wardkeep-audit-bundle-v1\n` and those 32 bytes, base64. */
  readonly signature: string;
}

export interface BundleInput {
  readonly installation: string;
  readonly workspace: string;
  readonly exportedAt: string;
  readonly range: BundleRange;
  readonly keyLog: readonly SealedKeyEvent[];
  /** Text of a checkpoint whose tree holds the range. */
  readonly checkpoint: string;
  /** The entries of the range, in order; read once, never held together. */
  readonly entries: AsyncIterable<SealedEntry> | Iterable<SealedEntry>;
  readonly tiles: TileReader;
  readonly key: SigningKey;
}

const DOMAIN = new TextEncoder().encode('wardkeep-audit-bundle-v1\n');
const UTF8 = new TextEncoder();
const PIECE_LENGTH = 64 * 1024;

/** What the end line's signature covers. */
export function bundleMessage(digest: Uint8Array): Uint8Array {
  const message = new Uint8Array(DOMAIN.length + digest.length);
  message.set(DOMAIN);
  message.set(digest, DOMAIN.length);
  return message;
}

/**
 * The bundle's bytes, in pieces of some 64 KiB; memory does not grow with the number of entries.
 * @throws RangeError when the checkpoint's tree does not hold the range, or the entries are not exactly those of the range. What was
 *   yielded before lacks its end line then, and no verifier accepts it.
 */
export async function* writeBundle(input: BundleInput): AsyncGenerator<Uint8Array> {
  const { installation, workspace, exportedAt, range, keyLog } = input;
  const { size } = parseCheckpoint(input.checkpoint);
  if (!(range.fromSeq >= 1 && range.toSeq >= range.fromSeq - 1 && range.toSeq <= size)) throw new RangeError(`a checkpoint over ${size} entries does not hold ${range.fromSeq} to ${range.toSeq}`);
  const header: BundleHeader = { type: BUNDLE_TYPE, v: 1, installation, workspace, exportedAt, range, keys: readKeyLog(keyLog, installation), keyLog };
  const digest = sha256Stream();
  let piece = `${canonicalize(header)}\n`;
  let seq = range.fromSeq;
  for await (const sealed of input.entries) {
    if (sealed.entry.seq !== seq || seq > range.toSeq) throw new RangeError(`entry ${sealed.entry.seq} came where ${seq} of ${range.toSeq} was due`);
    seq++;
    piece += `${entryLine(sealed)}\n`;
    if (piece.length >= PIECE_LENGTH) {
      yield digested(piece);
      piece = '';
    }
  }
  if (seq !== range.toSeq + 1) throw new RangeError(`the entries ended before ${seq} of ${range.toSeq}`);
  const [left, right] = await Promise.all([subtreeHashes(input.tiles, size, 0, range.fromSeq - 1), subtreeHashes(input.tiles, size, range.toSeq, size)]);
  const merkle: MerklePart = { type: 'merkle', checkpoint: input.checkpoint, left: left.map(toHex), right: right.map(toHex) };
  yield digested(`${piece}${canonicalize(merkle)}\n`);
  const hash = digest.digest();
  const end: BundleEnd = {
    type: 'end',
    count: range.toSeq - range.fromSeq + 1,
    sha256: toHex(hash),
    keyId: input.key.keyId,
    signature: toBase64(input.key.sign(bundleMessage(hash))),
  };
  yield UTF8.encode(`${canonicalize(end)}\n`);

  function digested(text: string): Uint8Array {
    const bytes = UTF8.encode(text);
    digest.update(bytes);
    return bytes;
  }
}
