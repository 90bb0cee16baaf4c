import { uuidv7 } from '../crypto/uuid.ts';
import type { Sealed } from '../db/door.ts';
import type { PendingEntry, SystemTx, Tx } from '../db/scope.ts';
import { AUDIT_SECRET } from '../db/secrets.ts';
import { canonicalize } from './canonical.ts';
import { entryMessage, NO_PREVIOUS, parseEntry } from './entry.ts';
import { sha256 } from './primitives.ts';
import type { Signer } from './signer.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * Seals what a transaction recorded, as its last statements before COMMIT. The chain of a workspace is held by a transaction-level advisory
 * lock, which PostgreSQL releases only with the commit, so two writers, in one process or in several, can never fork the chain.
 *
 * Commits under that lock come one by one, and each would wait for the disk before the next may begin. While others stand in line, an entry
 * is therefore committed without that wait, which a statement behind its COMMIT does instead, outside the lock (`flushBehind` in core/db/transaction.ts).
 * Nothing is acknowledged that is not durable, and a crash in between takes the end of the chain together with the acts it records.
 */
type Head = { seq: number; prev: string; /** Version of the key to sign with. */ keyVersion: number };

const held = new WeakMap<Tx | SystemTx, Promise<Head>>();
/** How many transactions of this process hold or wait for a workspace's chain. */
const inLine = new Map<string, number>();

/**
 * Takes the workspace's chain now, in the same round trip as the next query, rather than at the end of the transaction. Worth it where one
 * short query follows (a read); a longer act leaves it to the seal, or it would keep others waiting. With others in line it is left to the
 * seal here as well.
 */
export function holdChain(tx: Tx | SystemTx): void {
  if (!inLine.has(tx.scope.workspaceId)) void takeChain(tx);
}

function takeChain(tx: Tx | SystemTx): Promise<Head> {
  const known = held.get(tx);
  if (known !== undefined) return known;
  standInLine(tx);
  const head = lockHead(tx);
  head.catch(() => undefined); // surfaces when the seal awaits it
  held.set(tx, head);
  return head;
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

/** The last head this process made of each workspace's chain: if nobody else has written, the next entry stands on it. */
const newest = new Map<string, Head>();
const madeAhead = new WeakMap<Tx | SystemTx, { readonly head: Head; readonly key: SigningKey; readonly acts: readonly PendingEntry[]; readonly made: Made }>();

/**
 * Signs what an act that holds the chain has recorded so far, for the head that the chain probably has: signing costs as much as reading, and
 * meanwhile PostgreSQL reads. Used only if the head is that one and nothing more was recorded.
 */
export function sealAhead(tx: Tx | SystemTx, signer: Signer): void {
  const head = newest.get(tx.scope.workspaceId);
  if (tx.pending.length === 0 || !held.has(tx) || head === undefined || head.keyVersion !== signer.last.version) return;
  const { key } = signer.last;
  try {
    madeAhead.set(tx, { head, key, acts: [...tx.pending], made: makeEntries(tx, head, key) });
  } catch {
    // What cannot be sealed is refused by sealPending, to whoever asked for the act.
  }
}

const isAsMade = (a: Head, b: Head): boolean => a.seq === b.seq && a.prev === b.prev && a.keyVersion === b.keyVersion;

/**
 * Sends the sealing INSERT and returns without waiting for its answer, so that it shares a round trip with COMMIT.
 * `inserted` rejects when the INSERT fails; the transaction is then aborted and COMMIT cannot succeed.
 */
export async function sealPending(tx: Tx | SystemTx, signer: Signer): Promise<Sealed> {
  if (tx.pending.length === 0) return { inserted: Promise.resolve() };
  const head = await takeChain(tx);
  const { key, version } = await signer.at(head.keyVersion, tx.query);
  const ahead = madeAhead.get(tx);
  // Another transaction may meanwhile have met a newer key, which then signs here as well, though the head was read before it.
  const isReady = ahead !== undefined && isAsMade(ahead.head, head) && ahead.key === key && ahead.acts.length === tx.pending.length && ahead.acts.every((act, at) => act === tx.pending[at]);
  const { rows, last } = isReady ? ahead.made : makeEntries(tx, head, key);
  tx.pending.length = 0;
  const { workspaceId, actor } = tx.scope;
  const next = { ...last, keyVersion: version };
  held.set(tx, Promise.resolve(next));
  if (newest.size >= MAX_NEWEST) newest.clear();
  newest.set(workspaceId, next);
  const isFlushedBehind = (inLine.get(workspaceId) ?? 0) > 1;
  const isOne = rows[0]?.length === 1;
  const inserted = tx.query(isOne ? INSERT_ONE : INSERT, [workspaceId, actor.kind, actor.id, key.keyId, ...(isOne ? rows.flat() : rows), isFlushedBehind]);
  inserted.catch(() => undefined);
  if (isFlushedBehind) tx.flushBehind();
  return { inserted };
}

const MAX_NEWEST = 10_000;

/** Columns of the entries, each as one array, and the head they make. */
type Made = { readonly rows: readonly (readonly unknown[])[]; readonly last: Omit<Head, 'keyVersion'> };

function makeEntries(tx: Tx | SystemTx, { seq, prev }: Head, key: SigningKey): Made {
  const { workspaceId, actor, ip, userAgent, requestId } = tx.scope;
  const column: { seq: number[]; id: string[]; at: string[]; action: string[]; outcome: string[]; targetType: (string | null)[]; targetId: (string | null)[]; body: string[]; hash: Buffer[]; signature: Buffer[] } =
    { seq: [], id: [], at: [], action: [], outcome: [], targetType: [], targetId: [], body: [], hash: [], signature: [] };
  for (const pending of tx.pending) {
    seq += 1;
    const now = Date.now();
    // What could not be read back must not be sealed: no verifier would go past it.
    const entry = parseEntry({
      v: 1, workspace: workspaceId, seq, id: uuidv7(now), at: new Date(now).toISOString(), actor: { kind: actor.kind, id: actor.id, name: actor.name },
      action: pending.action, outcome: pending.outcome, target: pending.target, ip, userAgent, requestId, detail: pending.detail, prev,
    });
    const body = canonicalize(entry);
    const hash = Buffer.from(sha256(Buffer.from(body, 'utf8')));
    column.seq.push(seq);
    column.id.push(entry.id);
    column.at.push(entry.at);
    column.action.push(entry.action);
    column.outcome.push(entry.outcome);
    column.targetType.push(entry.target?.type ?? null);
    column.targetId.push(entry.target?.id ?? null);
    column.body.push(body);
    column.hash.push(hash);
    column.signature.push(Buffer.from(key.sign(entryMessage(hash))));
    prev = hash.toString('hex');
  }
  return { rows: [column.seq, column.id, column.at, column.action, column.outcome, column.targetType, column.targetId, column.body, column.hash, column.signature], last: { seq, prev } };
}

const INTO = 'insert into app.audit_entries (workspace_id, actor_kind, actor_id, key_id, seq, id, at, action, outcome, target_type, target_id, body, hash, signature)';
const LAZILY = "where not $15::boolean or set_config('synchronous_commit', 'off', true) = 'off'";
/** Most acts leave one entry, and arrays of one cost more than the row. */
const INSERT_ONE = `${INTO} select $1::uuid, $2, $3::uuid, $4, $5::bigint, $6::uuid, $7::timestamptz, $8, $9, $10, $11, $12, $13::bytea, $14::bytea ${LAZILY}`;
const INSERT = `${INTO}
select $1::uuid, $2::text, $3::uuid, $4::text, e.* from unnest($5::bigint[], $6::uuid[], $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[]) as e
${LAZILY}`;

type HeadRow = { seq: number | null; hash: Buffer | null; key_version: number };

const NEWEST = `select e.seq, e.hash, k.key_version
from (select 1) one
left join lateral (select seq, hash from app.audit_entries where workspace_id = $1 order by seq desc limit 1) e on true
cross join lateral (select max(version) as key_version from sys.secrets where name = $2) k`;

/** Two statements, sent together: under READ COMMITTED the second's snapshot is taken once the first has the lock. */
async function lockHead({ query, scope: { workspaceId } }: Tx | SystemTx): Promise<Head> {
  const locked = query('select pg_advisory_xact_lock(hashtextextended($1, 4711))', [workspaceId]);
  const head = query<HeadRow>(NEWEST, [workspaceId, AUDIT_SECRET]);
  const [, [row]] = await Promise.all([locked, head]);
  const { seq, hash, key_version: keyVersion } = row as HeadRow;
  return { seq: seq ?? 0, prev: hash?.toString('hex') ?? NO_PREVIOUS, keyVersion };
}
