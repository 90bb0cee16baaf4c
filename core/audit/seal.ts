import type { Sealed } from '../db/door.ts';
import type { PendingEntry, SystemTx, Tx } from '../db/scope.ts';
import { AUDIT_SECRET } from '../db/secrets.ts';
import { NO_PREVIOUS } from './entry.ts';
import { insertEntries, insertIfNext, makeEntries, type ChainEnd, type Made } from './make-entries.ts';
import type { Signer } from './signer.ts';

/**
 * Seals what a transaction recorded, in the transaction and before its COMMIT. The chain of a workspace is held by a transaction-level advisory
 * lock, which PostgreSQL releases only with the commit, so two writers, in one process or in several, can never fork the chain.
 *
 * Commits under that lock come one by one, and each would wait for the disk before the next may begin. While others stand in line, an entry
 * is therefore committed without that wait, which a statement behind its COMMIT does instead, outside the lock (`flushBehind` in core/db/transaction.ts).
 * Nothing is acknowledged that is not durable, and a crash in between takes the end of the chain together with the acts it records.
 */
type Head = ChainEnd & { /** Version of the key to sign with. */ readonly keyVersion: number };

/** What a transaction knows of the chain that it holds. `head`: asked for; null while what was expected will probably do. */
type Chain = { head: Promise<Head> | null; ahead: Ahead | null };
/** An entry sent before its act was through: it is in the chain if `inserted` gives a row, and the transaction is committed. */
type Ahead = { readonly act: PendingEntry; readonly next: Head; readonly inserted: Promise<object[]> };
/** By what every Tx of a transaction has in common. */
const chains = new WeakMap<Tx['ended'], Chain>();
/** How many transactions of this process hold or wait for a workspace's chain. */
const inLine = new Map<string, number>();

/** The head that this process made last of each workspace's chain. `isAlone`: when it was looked at, nobody else had written meanwhile. */
const newest = new Map<string, Head & { readonly isAlone: boolean }>();
const MAX_NEWEST = 10_000;

/**
 * Takes the workspace's chain now, together with what is asked in the same turn, rather than at the end of the transaction. Worth it where one
 * short query follows (a read); a longer act leaves it to the seal, or it would keep others waiting. With others in line it is left to the
 * seal here as well.
 */
export function holdChain(tx: Tx | SystemTx): void {
  const { workspaceId } = tx.scope;
  if (inLine.has(workspaceId) || chains.has(tx.ended)) return;
  if (newest.get(workspaceId)?.isAlone !== true) return void takeHead(tx);
  chains.set(tx.ended, { head: null, ahead: null });
  standInLine(tx);
  lock(tx).catch(() => undefined); // surfaces with whatever stands behind it
  tx.sealAhead();
}

function takeHead(tx: Tx | SystemTx): Promise<Head> {
  const chain = chains.get(tx.ended) ?? { head: null, ahead: null };
  if (chain.head !== null) return chain.head;
  if (!chains.has(tx.ended)) {
    chains.set(tx.ended, chain);
    standInLine(tx);
  }
  chain.head = lockHead(tx);
  chain.head.catch(() => undefined); // surfaces when the seal awaits it
  return chain.head;
}

function standInLine({ ended, scope: { workspaceId } }: Tx | SystemTx): void {
  inLine.set(workspaceId, (inLine.get(workspaceId) ?? 0) + 1);
  const leave = () => {
    const left = (inLine.get(workspaceId) as number) - 1;
    if (left > 0) inLine.set(workspaceId, left);
    else inLine.delete(workspaceId);
  };
  void ended.then(leave);
}

/**
 * Called at the end of the turn in which the chain was taken: sends the entry, made and signed for the head that the chain probably has, in the same
 * batch as the act, while PostgreSQL is at work on what stands before it. The statement inserts nothing where that is not the head, or the
 * key not the newest; then, and where something else is recorded by the end, the seal does it anew.
 */
export function sealAhead(tx: Tx | SystemTx, signer: Signer): void {
  const chain = chains.get(tx.ended);
  if (chain === undefined || chain.head !== null || chain.ahead !== null) return; // the seal has come before the end of the turn
  const [act, more] = tx.pending;
  const head = newest.get(tx.scope.workspaceId);
  const current = signer.last;
  const { key, version } = current;
  if (act === undefined || more !== undefined || head === undefined || head.keyVersion !== version) return void takeHead(tx);
  tx.sendAhead();
  let made: Made;
  try {
    made = makeEntries(tx, head, current);
  } catch {
    return; // What cannot be sealed is refused by the seal, to whoever asked for the act.
  }
  const inserted = insertIfNext(tx, key, made, head, version);
  inserted.catch(() => undefined);
  chain.ahead = { act, next: { ...made.last, keyVersion: version }, inserted };
}

/**
 * Sends the sealing INSERT and returns without waiting for its answer, so that it shares a round trip with COMMIT.
 * `inserted` rejects when the INSERT fails; the transaction is then aborted and COMMIT cannot succeed.
 */
export async function sealPending(tx: Tx | SystemTx, signer: Signer): Promise<Sealed> {
  if (tx.pending.length > 0) sealAhead(tx, signer); // an act may take the chain with its last words
  const ahead = chains.get(tx.ended)?.ahead;
  if (tx.pending.length === 0 && ahead == null) return { inserted: Promise.resolve() };
  const { workspaceId } = tx.scope;
  const isAhead = ahead != null && (await ahead.inserted).length === 1;
  if (isAhead && tx.pending.shift() !== ahead.act) throw new Error('An act took back what it had recorded, when that was in the chain already.');
  const head = isAhead ? ahead.next : await takeHead(tx);
  const known = newest.get(workspaceId);
  const isAlone = isAhead || known === undefined || isSame(known, head);
  const isFlushedBehind = (inLine.get(workspaceId) ?? 0) > 1;
  if (isFlushedBehind) tx.flushBehind();
  if (tx.pending.length === 0) {
    know(workspaceId, { ...head, isAlone });
    const inserted = isFlushedBehind ? tx.query("select set_config('synchronous_commit', 'off', true)") : Promise.resolve();
    inserted.catch(() => undefined);
    return { inserted };
  }
  const current = await signer.at(head.keyVersion, tx.query);
  const { key, version } = current;
  const made = makeEntries(tx, head, current);
  tx.pending.length = 0;
  know(workspaceId, { ...made.last, keyVersion: version, isAlone });
  const inserted = insertEntries(tx, key, made, isFlushedBehind);
  inserted.catch(() => undefined);
  return { inserted };
}

const isSame = (a: Head, b: Head): boolean => a.seq === b.seq && a.prev === b.prev && a.keyVersion === b.keyVersion;

function know(workspaceId: string, head: Head & { readonly isAlone: boolean }): void {
  if (newest.size >= MAX_NEWEST) newest.clear();
  newest.set(workspaceId, head);
}

type HeadRow = { seq: number; hash: Buffer; key_version: number };

const KEY_VERSION = '(select max(version) from sys.secrets where name = $1)::int as key_version';
/** From $3 on: planned while there were few entries, or none, it would sort a workspace's whole chain for ever. */
const NEWEST = `select e.seq, e.hash, ${KEY_VERSION} from app.audit_entries e where e.workspace_id = $2 and e.seq >= $3 order by e.seq desc limit 1`;

/** A statement of its own: under READ COMMITTED the next one's snapshot is taken once this one has the lock. */
async function lock({ query, scope: { workspaceId } }: Tx | SystemTx): Promise<void> {
  await query('select pg_advisory_xact_lock(hashtextextended($1, 4711))', [workspaceId]);
}

async function lockHead(tx: Tx | SystemTx): Promise<Head> {
  const { query, scope: { workspaceId } } = tx;
  const locked = lock(tx);
  const from = newest.get(workspaceId)?.seq ?? 1;
  const found = query<HeadRow>(NEWEST, [AUDIT_SECRET, workspaceId, from]);
  const [, rows] = await Promise.all([locked, found]);
  // Nothing so far up: the first entry, or a database that was restored under the running program.
  const [head] = rows.length > 0 || from === 1 ? rows : await query<HeadRow>(NEWEST, [AUDIT_SECRET, workspaceId, 1]);
  if (head !== undefined) return { seq: head.seq, prev: head.hash.toString('hex'), keyVersion: head.key_version };
  const [key] = await query<Pick<HeadRow, 'key_version'>>(`select ${KEY_VERSION}`, [AUDIT_SECRET]);
  return { seq: 0, prev: NO_PREVIOUS, keyVersion: (key as Pick<HeadRow, 'key_version'>).key_version };
}
