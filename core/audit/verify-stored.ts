import { uuidv7 } from '../crypto/uuid.ts';
import type { Door } from '../db/door.ts';
import type { Scope } from '../db/scope.ts';
import { ChainVerifier, chainStart, type ChainPosition } from './chain-verifier.ts';
import { checkLines } from './check-block.ts';
import { checkpointKeys, logKeyName, logOrigin, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import type { FaultKind } from './fault.ts';
import { FormatError } from './format-error.ts';
import type { VerificationKey } from './key-log.ts';
import { CompactRange, HASH_BYTES, leafHash, sameBytes } from './merkle.ts';
import { toHex } from './primitives.ts';
import { int8 } from './make-entries.ts';
import { record } from './record.ts';
import { verifiedBy } from './signed-note.ts';
import type { SigningKey } from './signing-key.ts';
import { logDoor } from './store/log-door.ts';
import { readOutcomes } from './stored-outcome.ts';
import { columnsAgree, readCheckpoints, readEntries, readHead, readKeys, storedTiles, toLines, type LogTx, type StoredCheckpoint } from './stored-log.ts';
import { subtreeHashes, TILE_WIDTH, tilesFor } from './tiles.ts';

export type StoredLog = Pick<Door, 'withWorkspace' | 'withSystem'> & { readonly installationId: string; readonly signer: SigningKey };
/**
 * `columns`: a searchable column says something else than the signed body. `unsigned`: `seq` is the size of a stored checkpoint that no key of ours
 * signed as it stands; all else holds. `tiles`: entries and checkpoints hold, and the stored tiles do not give the newest checkpoint's root.
 */
export type StoredFault = { readonly kind: FaultKind | 'columns' | 'unsigned' | 'tiles'; readonly seq: number | null };
export type Verification = { readonly ok: boolean; /** First entry looked at; 1 when the whole log was. */ readonly fromSeq: number; readonly toSeq: number; readonly fault: StoredFault | null; /** The signed head made of it. */ readonly checkpoint: string | null };

/** `weekly`: whole when the last sound whole verification is a week old, else from the last checkpoint. */
export type Extent = 'since-checkpoint' | 'whole' | 'weekly';
export type VerifyStoredOptions = {
  /** A checkpoint someone kept outside; the log must only have grown since it. Compared by a whole verification alone. */
  readonly kept?: StoredCheckpoint | undefined;
  readonly onProgress?: ((entries: number, of: number) => void) | undefined;
};

/** Entries read and checked at a time: some 20 ms of work, so that a serving program keeps answering. */
const PAGE = 250;
const WEEK_MS = 7 * 24 * 3600_000;

/**
 * Verifies the log of the scope's workspace where it stands: every entry's hash, signature, place in the chain and columns, and that the
 * log only grew since its checkpoints. The outcome is stored and recorded; a sound log gets a new checkpoint and the tiles it completes.
 *
 * From the last checkpoint on, entries before it are vouched for by its signed root over their stored hashes; only a whole verification
 * looks at their bodies again. A checkpoint row that is not ours vouches for nothing and keeps nothing from being looked at: it is the finding when
 * there is no graver one, since somebody wrote it past the program. A whole verification also makes the tiles anew that are missing.
 */
export async function verifyStored(log: StoredLog, scope: Scope, extent: Extent = 'since-checkpoint', { kept, onProgress }: VerifyStoredOptions = {}): Promise<Verification> {
  const startedAt = new Date();
  const inLog = logDoor(log, scope);
  const { head, checkpoints, proved, isWhole } = await inLog(async (tx) => ({
    head: (await readHead(tx)).seq, checkpoints: await readCheckpoints(tx), proved: await readKeys(tx, log.installationId, log.signer), isWhole: extent === 'whole' || (extent === 'weekly' && (await isWholeDue(tx, startedAt))),
  }));
  const keys = proved ?? [];
  const isOurs = signedBy(log, scope.workspaceId, keys);
  const signed = isWhole ? checkpoints.filter(isOurs) : checkpoints.slice(0, checkpoints.findLastIndex(isOurs) + 1);
  const ours = new Set(signed);
  const stray = checkpoints.find((checkpoint) => !ours.has(checkpoint));
  const newest = signed.at(-1);
  const vouching = isWhole ? [...signed, ...(kept === undefined ? [] : [kept])].sort((a, b) => a.size - b.size) : signed.slice(-1);
  let fault: StoredFault | null = proved === null ? { kind: 'key', seq: null }
    : kept !== undefined && !isOurs(kept) ? { kind: 'checkpoint', seq: kept.size }
    : vouching.some(({ size }) => size > head) ? { kind: 'truncated', seq: head + 1 } : null;
  let start = chainStart();
  if (!isWhole && fault === null && newest !== undefined) {
    const resumed = await inLog((tx) => resumeAt(tx, newest));
    if ('kind' in resumed) fault = resumed;
    else start = resumed;
  }
  const verifier = new ChainVerifier({ workspace: scope.workspaceId, keys }, start, isWhole ? vouching.map(({ size }) => size) : []);
  const covered = newest?.size ?? 0;
  const leaves: Uint8Array[] = []; // those no checkpoint covers yet
  while (fault === null && verifier.seq < head) {
    const rows = await inLog((tx) => readEntries(tx, verifier.seq, head, PAGE));
    if (rows.length === 0) fault = { kind: 'truncated', seq: verifier.seq + 1 };
    const block = checkLines({ workspace: scope.workspaceId, keys }, toLines(rows));
    const before = verifier.seq;
    const seen = verifier.absorb(block);
    if (seen !== null) fault = { kind: seen.fault, seq: seen.seq };
    const wrong = rows.slice(0, block.hashes.length / HASH_BYTES).find((row) => !columnsAgree(row));
    if (wrong !== undefined && (fault?.seq ?? Infinity) > wrong.seq) fault = { kind: 'columns', seq: wrong.seq };
    for (let at = Math.max(0, covered - before) * HASH_BYTES; at < block.hashes.length; at += HASH_BYTES) leaves.push(leafHash(block.hashes.subarray(at, at + HASH_BYTES)));
    onProgress?.(verifier.seq, head);
  }
  if (fault === null && isWhole) fault = await inLog((tx) => contradicted(tx, vouching, newest, verifier));
  if (fault === null && stray !== undefined) fault = { kind: 'unsigned', seq: Number.isSafeInteger(stray.size) ? stray.size : null };
  const fromSeq = start.range.to + 1;
  const toSeq = verifier.seq;
  return inLog(async (tx) => {
    const isNew = fault === null && toSeq > covered;
    const checkpoint = isNew ? await publish(tx, log, scope.workspaceId, verifier, leaves, covered) : null;
    if (fault === null && isWhole) await completeTiles(tx, toSeq);
    const row = { workspace_id: scope.workspaceId, id: uuidv7(), started_at: startedAt, finished_at: new Date(), from_seq: fromSeq, to_seq: toSeq, ok: fault === null, fault: fault?.kind ?? null, fault_seq: fault?.seq ?? null };
    await tx.knex('app.audit_verifications').insert(row);
    record(tx, { action: 'audit.verified', outcome: fault === null ? 'ok' : 'failed', detail: { fromSeq, toSeq, fault: fault?.kind ?? null, faultSeq: fault?.seq ?? null } });
    return { ok: fault === null, fromSeq, toSeq, fault, checkpoint: checkpoint ?? newest?.note ?? null };
  });
}

async function isWholeDue(tx: LogTx, now: Date): Promise<boolean> {
  const [last] = await readOutcomes(tx, 1, 'sound-and-whole');
  return last === undefined || now.getTime() - last.finished_at.getTime() >= WEEK_MS;
}

/** Whether a checkpoint is this log's, signed by a key of ours, and says what its columns say. */
function signedBy({ installationId }: StoredLog, workspace: string, keys: readonly VerificationKey[]): (checkpoint: StoredCheckpoint) => boolean {
  const noteKeys = checkpointKeys(installationId, keys);
  return ({ size, root, note }) => {
    try {
      const read = parseCheckpoint(note);
      return read.origin === logOrigin(installationId, workspace) && read.size === size && sameBytes(read.root, root) && (verifiedBy(read.note, noteKeys)?.length ?? 0) > 0;
    } catch (error) {
      if (error instanceof FormatError) return false;
      throw error;
    }
  };
}

/** The place after a checkpoint, its tree rebuilt from what is stored. */
async function resumeAt(tx: LogTx, { size, root }: StoredCheckpoint): Promise<ChainPosition | StoredFault> {
  const last = (await readEntries(tx, size - 1, size, 1))[0];
  if (last === undefined) return { kind: 'truncated', seq: size };
  const hashes = await subtreeHashes(storedTiles(tx), size, 0, size).catch((error: unknown) => {
    if (error instanceof RangeError) return null; // entries at the edge are missing
    throw error;
  });
  const range = hashes === null ? null : new CompactRange(0, size, hashes);
  if (range === null || !sameBytes(range.root(), root)) return { kind: 'checkpoint', seq: null };
  return { range, prev: toHex(last.hash) };
}

/** After a whole verification: each checkpoint must be a prefix of the verified log, and the tiles must add up to the newest. */
async function contradicted(tx: LogTx, checkpoints: readonly StoredCheckpoint[], newest: StoredCheckpoint | undefined, verifier: ChainVerifier): Promise<StoredFault | null> {
  for (const { size, root } of checkpoints) {
    const prefix = verifier.prefixAt(size);
    if (prefix === null || !sameBytes(prefix.root(), root)) return { kind: 'checkpoint', seq: size };
  }
  return newest !== undefined && 'kind' in (await resumeAt(tx, newest)) ? { kind: 'tiles', seq: null } : null;
}

/** Signs the verified head and stores the tiles completed since the last checkpoint. Two runs at once make the same ones. */
async function publish(tx: LogTx, { installationId, signer }: StoredLog, workspace: string, verifier: ChainVerifier, leaves: readonly Uint8Array[], oldSize: number): Promise<string> {
  const { range } = verifier.position;
  const tiles = (await tilesFor(storedTiles(tx), oldSize, leaves)).filter(({ width }) => width === TILE_WIDTH);
  for (const { level, index, hashes } of tiles) await storeTile(tx, level, index, hashes);
  const root = Buffer.from(range.root());
  const note = signCheckpoint({ origin: logOrigin(installationId, workspace), size: range.to, root }, logKeyName(installationId), signer);
  const voucher = tx.vouch('audit_checkpoints', int8(range.to), root, Buffer.from(note, 'utf8'));
  await tx.knex('app.audit_checkpoints').insert({ workspace_id: workspace, size: range.to, root, note, voucher }).onConflict().ignore();
  return note;
}

async function storeTile(tx: LogTx, level: number, index: number, hashes: Uint8Array): Promise<void> {
  const voucher = tx.vouch('audit_tiles', int8(level), int8(index), hashes);
  await tx.knex('app.audit_tiles').insert({ workspace_id: tx.scope.workspaceId, level, tile_index: index, hashes: Buffer.from(hashes), voucher }).onConflict().ignore();
}

/** The full tiles of a log just verified whole that are missing, lower levels first: somebody took them away, to be rid of wrong ones (docs/audit.md). */
async function completeTiles(tx: LogTx, size: number): Promise<void> {
  const read = storedTiles(tx);
  for (let level = 0, span = TILE_WIDTH; span <= size; level++, span *= TILE_WIDTH) {
    const stored = new Set((await tx.knex('app.audit_tiles').where({ level }).pluck('tile_index')) as number[]);
    for (let index = 0; (index + 1) * span <= size; index++) {
      if (!stored.has(index)) await storeTile(tx, level, index, await read(level, index, TILE_WIDTH));
    }
  }
}
