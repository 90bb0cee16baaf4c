import { bundleMessage } from './bundle.ts';
import type { BundleHeader, MerklePart } from './bundle.ts';
import { parseEnd, parseHeader, parseMerklePart, readParts } from './bundle-reader.ts';
import type { BundlePart } from './bundle-reader.ts';
import { canonicalize } from './canonical.ts';
import { ChainVerifier } from './chain-verifier.ts';
import type { CheckContext, CheckedBlock } from './check-block.ts';
import { checkpointKeys, logOrigin, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { NO_PREVIOUS } from './entry.ts';
import type { AuditFault, FaultKind } from './fault.ts';
import { FormatError } from './format-error.ts';
import { AUDIT_PURPOSE, isAliveAt, readKeyLog } from './key-log.ts';
import type { VerificationKey } from './key-log.ts';
import { CompactRange, sameBytes } from './merkle.ts';
import { compareOlder, distrustOlder, readOlderCheckpoint } from './older-checkpoint.ts';
import type { CheckpointResult } from './older-checkpoint.ts';
import { fromBase64, fromHex, sha256Stream, toBase64, toHex, verifyEd25519 } from './primitives.ts';
import { verifiedBy } from './signed-note.ts';
import type { NoteKey } from './signed-note.ts';

/** Checks blocks apart from each other; the pool of a platform. */
export interface BlockChecker {
  /** How many blocks it is worth handing over before waiting for the first. */
  readonly width: number;
  check(block: Uint8Array): Promise<CheckedBlock>;
  close(): Promise<void>;
}

export interface VerifyOptions {
  /** Text of a checkpoint of the same log that the verifier kept from earlier. */
  readonly checkpoint?: string | undefined;
  /** Raw public keys (32 bytes) the verifier knows from elsewhere; each must be in the bundle's key log. */
  readonly trustedKeys?: readonly Uint8Array[] | undefined;
  readonly onProgress?: ((done: { readonly entries: number; readonly bytes: number }) => void) | undefined;
}

export interface Verdict {
  /** Everything holds, and the checkpoint given, if any, confirms it. */
  readonly ok: boolean;
  /** Sound entries before the first fault. */
  readonly entries: number;
  readonly firstBad: AuditFault | null;
  readonly checkpointResult: CheckpointResult;
  /** The signed head the bundle was exported under, as far as verification came: `text` is what to keep for the next time. */
  readonly head: (Checkpoint & { readonly text: string }) | null;
  readonly header: BundleHeader | null;
}

type State = { header: BundleHeader | null; chain: ChainVerifier | null; head: Verdict['head']; checkpointResult: CheckpointResult };

class Stop extends Error {
  readonly audit: AuditFault;

  constructor(audit: AuditFault) {
    super(audit.detail);
    this.audit = audit;
  }
}

function stop(fault: FaultKind, detail: string, seq: number | null = null): Stop {
  return new Stop({ fault, seq, id: null, detail });
}

/**
 * Reads a bundle once, from its bytes; memory does not grow with it. Whatever the bytes hold becomes a verdict; only failures of the
 * stream or of the checker are thrown.
 */
export async function verifyBundleWith(openChecker: (context: CheckContext) => BlockChecker, pieces: AsyncIterable<Uint8Array>, options: VerifyOptions = {}): Promise<Verdict> {
  const state: State = { header: null, chain: null, head: null, checkpointResult: options.checkpoint === undefined ? 'none' : 'not-compared' };
  const lines = new BundleLines(pieces);
  let firstBad: AuditFault | null = null;
  try {
    await follow(state, lines, openChecker, options);
  } catch (error) {
    if (error instanceof Stop) firstBad = error.audit;
    else if (error instanceof FormatError) firstBad = { fault: 'format', seq: null, id: null, detail: `The file cannot be read: ${error.message}.` };
    else throw error;
  } finally {
    await lines.close();
  }
  const { header, chain, head, checkpointResult } = state;
  const ok = firstBad === null && (checkpointResult === 'none' || checkpointResult === 'confirmed');
  return { ok, entries: chain && header ? chain.seq - header.range.fromSeq + 1 : 0, firstBad, checkpointResult, head, header };
}

async function follow(state: State, lines: BundleLines, openChecker: (context: CheckContext) => BlockChecker, options: VerifyOptions): Promise<void> {
  const header = (state.header = parseHeader(await lines.other('header')));
  const keys = verifiedKeys(header, options.trustedKeys ?? []);
  const noteKeys = checkpointKeys(header.installation, keys);

  const older = options.checkpoint === undefined ? null : readOlderCheckpoint(options.checkpoint);
  const distrust = options.checkpoint === undefined ? null : older ? distrustOlder(older, header, noteKeys) : 'unreadable';
  if (distrust) state.checkpointResult = distrust;
  if (distrust === 'unknown-key') throw stop('key', 'No key of this log signed the checkpoint you hold.');

  const { fromSeq, toSeq } = header.range;
  const context = { workspace: header.workspace, keys };
  const start = { range: new CompactRange(fromSeq - 1), prev: fromSeq === 1 ? NO_PREVIOUS : null };
  const chain = (state.chain = new ChainVerifier(context, start, older ? [older.size] : []));
  const next = await followEntries(chain, lines, openChecker(context), options.onProgress);
  if (next?.kind !== 'other') throw stop('truncated', `The file ends after entry ${chain.seq}.`, chain.seq + 1);

  const merkle = merklePartAfter(chain.seq, toSeq, next.bytes);
  if (chain.seq < toSeq) throw stop('truncated', `The range ends with entry ${toSeq}, the entries with ${chain.seq}.`, chain.seq + 1);
  if (chain.seq > toSeq) throw stop('sequence', `The range ends with entry ${toSeq}, the entries with ${chain.seq}.`, toSeq + 1);
  const head = (state.head = verifiedHead(merkle.checkpoint, header, noteKeys));
  if (head.size < toSeq) throw stop('checkpoint', `The checkpoint counts ${head.size} entries, the range ends with ${toSeq}.`);
  const left = rangeOf(0, fromSeq - 1, merkle.left);
  const tree = joined(left, chain.position.range, rangeOf(toSeq, head.size, merkle.right));
  if (!sameBytes(tree.root(), head.root)) throw stop('root', 'The entries do not give the root that the checkpoint signs.');

  const end = await lines.other('end line');
  verifyEnd(end, lines.digestBefore(), header, keys);
  if (await lines.next()) throw new FormatError('something follows the end line');

  if (!older || distrust) return;
  const prefix = chain.prefixAt(older.size);
  state.checkpointResult = compareOlder(older, head, prefix && joined(left, prefix));
  if (state.checkpointResult !== 'contradicted') return;
  if (older.size > head.size) throw stop('truncated', `The checkpoint you hold counts ${older.size} entries, this log only ${head.size}.`, head.size + 1);
  throw stop('checkpoint', `The first ${older.size} entries are not those that the checkpoint you hold was signed over.`);
}

/** Hands the entry lines to the checker and joins its answers in order. Returns the first part that is not entries, null at the end of the file. */
async function followEntries(chain: ChainVerifier, lines: BundleLines, checker: BlockChecker, onProgress: VerifyOptions['onProgress']): Promise<BundlePart | null> {
  const waiting: Promise<CheckedBlock>[] = [];
  const absorb = (block: CheckedBlock): void => {
    const fault = chain.absorb(block);
    if (fault) throw new Stop(fault);
    onProgress?.({ entries: chain.seq, bytes: lines.bytesRead });
  };
  try {
    let part = await lines.next();
    for (; part?.kind === 'entries'; part = await lines.next()) {
      waiting.push(checker.check(part.bytes));
      if (waiting.length >= checker.width) absorb(await (waiting.shift() as Promise<CheckedBlock>));
    }
    for (const block of waiting) absorb(await block);
    return part;
  } finally {
    // After a fault the answers still under way are of no interest, nor are their failures.
    void Promise.allSettled(waiting);
    await checker.close();
  }
}

function verifiedKeys(header: BundleHeader, trusted: readonly Uint8Array[]): VerificationKey[] {
  const keys = keysOf(header);
  if (canonicalize(keys) !== canonicalize(header.keys)) throw stop('key', 'The keys listed are not those of the key log.');
  const strangers = trusted.filter((key) => !keys.some(({ publicKey }) => publicKey === toBase64(key)));
  if (strangers.length > 0) throw stop('key', 'A key you trust is not in the key log: the log was signed by others.');
  return keys;
}

function keysOf(header: BundleHeader): VerificationKey[] {
  try {
    return readKeyLog(header.keyLog, header.installation);
  } catch (error) {
    if (error instanceof FormatError) throw stop('key', `The key log does not hold: ${error.message}.`);
    throw error;
  }
}

/** What ended the entries: with some still due, most likely a line between them that no entry begins like. */
function merklePartAfter(seq: number, toSeq: number, line: Uint8Array): MerklePart {
  try {
    return parseMerklePart(line);
  } catch (error) {
    if (error instanceof FormatError) throw stop('format', `The line after entry ${seq} cannot be read: ${error.message}.`, seq < toSeq ? seq + 1 : null);
    throw error;
  }
}

function verifiedHead(text: string, header: BundleHeader, keys: readonly NoteKey[]): Checkpoint & { text: string } {
  const head = { ...parseCheckpoint(text), text };
  if (head.origin !== logOrigin(header.installation, header.workspace)) throw stop('workspace', 'The checkpoint is of another log.');
  if (!verifiedBy(head.note, keys)?.length) throw stop('checkpoint', 'The checkpoint is not signed by a key of the log.');
  return head;
}

function rangeOf(from: number, to: number, hashes: readonly string[]): CompactRange {
  try {
    return new CompactRange(from, to, hashes.map(fromHex));
  } catch (error) {
    if (error instanceof RangeError) throw stop('root', 'The Merkle part does not fit the range and its checkpoint.');
    throw error;
  }
}

function joined(first: CompactRange, ...others: readonly CompactRange[]): CompactRange {
  const whole = first.copy();
  for (const range of others) whole.appendRange(range);
  return whole;
}

function verifyEnd(line: Uint8Array, digest: Uint8Array, header: BundleHeader, keys: readonly VerificationKey[]): void {
  const end = parseEnd(line);
  const { fromSeq, toSeq } = header.range;
  if (end.count !== toSeq - fromSeq + 1) throw stop('truncated', `The end line counts ${end.count} entries.`);
  if (end.sha256 !== toHex(digest)) throw stop('hash', 'The file was changed after it was signed, outside the entries.');
  const key = keys.find(({ keyId, purpose }) => keyId === end.keyId && purpose === AUDIT_PURPOSE);
  if (!key || !isAliveAt(key, header.exportedAt)) throw stop('key', 'The file is signed by no key of the log, or by one not in force.');
  if (!verifyEd25519(fromBase64(key.publicKey), bundleMessage(digest), fromBase64(end.signature))) throw stop('signature', 'The signature on the file does not hold.');
}

/** The parts of a bundle, and the digest of what came before the latest. */
class BundleLines {
  readonly #parts: AsyncGenerator<BundlePart>;
  readonly #digest = sha256Stream();
  #latest: Uint8Array | null = null;
  #bytesRead = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#parts = readParts(pieces);
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  async next(): Promise<BundlePart | null> {
    if (this.#latest) this.#digest.update(this.#latest);
    const { value, done } = await this.#parts.next();
    this.#latest = done ? null : value.bytes;
    this.#bytesRead += this.#latest?.length ?? 0;
    return done ? null : value;
  }

  async other(name: string): Promise<Uint8Array> {
    const part = await this.next();
    if (!part || part.kind === 'cut') throw stop('truncated', `The file ends before the ${name}.`);
    if (part.kind === 'entries') throw new FormatError(`an entry stands where the ${name} was due`);
    return part.bytes;
  }

  /** SHA-256 over all parts before the latest one. To be asked once, at the last line that matters. */
  digestBefore(): Uint8Array {
    this.#latest = null;
    return this.#digest.digest();
  }

  async close(): Promise<void> {
    await this.#parts.return(undefined);
  }
}
