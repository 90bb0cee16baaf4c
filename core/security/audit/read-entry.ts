import { authorize } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { checkLines, linkFault } from '../../audit/check-block.ts';
import { checkpointKeys, logOrigin, parseCheckpoint } from '../../audit/checkpoint.ts';
import { entryOf } from '../../audit/entry-of.ts';
import { NO_PREVIOUS, type AuditEntry } from '../../audit/entry.ts';
import { FAULT_MEANING } from '../../audit/fault.ts';
import { FormatError } from '../../audit/format-error.ts';
import type { VerificationKey } from '../../audit/key-log.ts';
import { leafHash, sameBytes, verifyInclusion } from '../../audit/merkle.ts';
import { toBase64, toHex } from '../../audit/primitives.ts';
import { record } from '../../audit/record.ts';
import { verifiedBy } from '../../audit/signed-note.ts';
import { readKeyEvents } from '../../audit/store/key-events.ts';
import { columnsAgree, readEntries, readKeys, storedTiles, toLines, type StoredCheckpoint, type StoredEntry } from '../../audit/stored-log.ts';
import { inclusionProof } from '../../audit/tiles.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

type Installation = Pick<App, 'installationId' | 'signer'>;

/** An entry's place under a signed head. */
export type Inclusion = { readonly leafIndex: number; readonly treeSize: number; readonly root: Uint8Array; readonly path: readonly Uint8Array[]; readonly checkpoint: string; readonly checkpointAt: Date };
export type ProvedEntry = {
  readonly entry: AuditEntry;
  readonly body: string;
  readonly hash: string;
  readonly keyId: string;
  readonly signature: string;
  /** Why the entry does not hold, in a sentence; null when everything about it does. */
  readonly failure: string | null;
  /** Null while no checkpoint is as long as the log was with this entry. */
  readonly inclusion: Inclusion | null;
  readonly hasNext: boolean;
};

/** One entry with its proof, checked as it is read: hash, signature, key, columns, the entry before, and its path to the newest checkpoint. */
export async function readEntry(tx: Tx, app: Installation, seq: number): Promise<ProvedEntry> {
  authorize(tx, 'audit.read');
  const proved = await proveEntry(tx, app, seq);
  record(tx, { action: 'audit.read', target: { type: 'audit_entry', id: String(seq) } });
  return proved;
}

/** The same as a document to take away (docs/audit.md). @throws Fault audit.not_covered */
export async function keepProof(tx: Tx, app: Installation, seq: number): Promise<object> {
  authorize(tx, 'audit.read');
  const { entry, hash, keyId, signature, inclusion } = await proveEntry(tx, app, seq);
  if (inclusion === null) throw fault('audit.not_covered');
  const keyLog = await readKeyEvents(tx);
  record(tx, { action: 'audit.proof_kept', target: { type: 'audit_entry', id: String(seq) } });
  const { leafIndex, path, checkpoint } = inclusion;
  return { type: 'wardkeep-audit-proof', v: 1, installation: app.installationId, entry, hash, keyId, signature, leafIndex, path: path.map(toHex), checkpoint, keyLog };
}

async function proveEntry(tx: Tx, app: Installation, seq: number): Promise<ProvedEntry> {
  const [rows, head, keys, newest] = await Promise.all([
    readEntries(tx, seq - 2, seq, 2), tx.knex('app.audit_entries').where('seq', '>', seq).first('seq'), readKeys(tx, app.installationId, app.signer),
    tx.knex('app.audit_checkpoints').orderBy('size', 'desc').first('size', 'root', 'note', 'created_at') as Promise<(StoredCheckpoint & { created_at: Date }) | undefined>,
  ]);
  const row = rows.find((each) => each.seq === seq);
  if (row === undefined) throw fault('audit.entry_not_found');
  const covered = newest !== undefined && newest.size >= seq ? newest : null;
  const path = covered === null ? null : await pathTo(tx, seq - 1, covered.size);
  const failure = keys === null ? 'The key log does not hold.' : entryFailure(tx.scope.workspaceId, keys, row, rows.find((each) => each.seq === seq - 1))
    ?? (covered === null ? null : path === null ? 'Entries or tiles are missing, so the tree cannot be rebuilt.' : inclusionFailure(app.installationId, tx.scope.workspaceId, keys, row, covered, path));
  return {
    entry: entryOf(row, tx.scope.workspaceId), body: row.body, hash: toHex(row.hash), keyId: row.key_id, signature: toBase64(row.signature), failure, hasNext: head !== undefined,
    inclusion: covered === null ? null : { leafIndex: seq - 1, treeSize: covered.size, root: covered.root, path: path ?? [], checkpoint: covered.note, checkpointAt: covered.created_at },
  };
}

async function pathTo(tx: Tx, index: number, size: number): Promise<Uint8Array[] | null> {
  try {
    return await inclusionProof(storedTiles(tx), index, size);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function entryFailure(workspace: string, keys: readonly VerificationKey[], row: StoredEntry, before: StoredEntry | undefined): string | null {
  const { first, fault: found } = checkLines({ workspace, keys }, toLines([row]));
  if (found !== null) return FAULT_MEANING[found.fault];
  if (first === null || first.seq !== row.seq || !columnsAgree(row)) return 'A searchable column says something else than what was signed.';
  if (row.seq > 1 && before === undefined) return 'The entry before it is missing.';
  const link = linkFault(first, row.seq - 1, before === undefined ? NO_PREVIOUS : toHex(before.hash));
  return link === null ? null : FAULT_MEANING[link.fault];
}

function inclusionFailure(installation: string, workspace: string, keys: readonly VerificationKey[], row: StoredEntry, { size, root, note }: StoredCheckpoint, path: readonly Uint8Array[]): string | null {
  try {
    const read = parseCheckpoint(note);
    const signers = verifiedBy(read.note, checkpointKeys(installation, keys));
    if (read.origin !== logOrigin(installation, workspace) || read.size !== size || !sameBytes(read.root, root) || (signers?.length ?? 0) === 0) return 'The newest checkpoint is not this log’s, or not signed by it.';
    return verifyInclusion(row.seq - 1, size, leafHash(row.hash), path, read.root) ? null : FAULT_MEANING.root;
  } catch (error) {
    if (error instanceof FormatError) return 'The newest checkpoint cannot be read.';
    throw error;
  }
}

/** On which side each hash of an inclusion proof joins, from the leaf upwards (RFC 9162 §2.1.3.2). */
export function sidesOf({ leafIndex, treeSize, path }: Pick<Inclusion, 'leafIndex' | 'treeSize' | 'path'>): ('left' | 'right')[] {
  let [fn, sn] = [leafIndex, treeSize - 1];
  return path.map(() => {
    const isLeft = fn % 2 === 1 || fn === sn;
    if (isLeft) while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
    return isLeft ? 'left' : 'right';
  });
}
