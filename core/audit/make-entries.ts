import { uuidv7 } from '../crypto/uuid.ts';
import type { SystemTx, Tx } from '../db/scope.ts';
import { AUDIT_SECRET } from '../db/secrets.ts';
import { canonicalize } from './canonical.ts';
import { entryMessage, parseEntry } from './entry.ts';
import { sha256 } from './primitives.ts';
import type { VersionedKey } from './signer.ts';
import type { SigningKey } from './signing-key.ts';

/** The end of a workspace's chain. `prev`: the hash that the next entry names. */
export type ChainEnd = { readonly seq: number; readonly prev: string };
/** As PostgreSQL sends a bigint. */
export function int8(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** Entries made of what a transaction recorded: their columns, each as one array, and the end of the chain with them. */
export type Made = { readonly rows: readonly (readonly unknown[])[]; readonly last: ChainEnd };

/**
 * Signs what the transaction has recorded so far, behind the end of the chain.
 * @throws FormatError for what could not be read back: it must not be sealed, since no verifier would go past it
 */
export function makeEntries(tx: Tx | SystemTx, { seq, prev }: ChainEnd, { key, since }: VersionedKey): Made {
  const { workspaceId, actor, ip, userAgent, requestId } = tx.scope;
  const column: { seq: number[]; id: string[]; at: string[]; action: string[]; outcome: string[]; targetType: (string | null)[]; targetId: (string | null)[]; body: string[]; hash: Buffer[]; signature: Buffer[]; voucher: Buffer[] } =
    { seq: [], id: [], at: [], action: [], outcome: [], targetType: [], targetId: [], body: [], hash: [], signature: [], voucher: [] };
  for (const pending of tx.pending) {
    seq += 1;
    // What is signed by a key was sealed after the key was made. A clock that ran ahead then and was set right since says otherwise, and no verifier
    // would ever accept what it dates.
    const now = Math.max(Date.now(), since.getTime());
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
    column.voucher.push(tx.vouch('audit_entries', int8(seq), hash));
    prev = hash.toString('hex');
  }
  return { rows: [column.seq, column.id, column.at, column.action, column.outcome, column.targetType, column.targetId, column.body, column.hash, column.signature, column.voucher], last: { seq, prev } };
}

const INTO = 'insert into app.audit_entries (workspace_id, actor_kind, actor_id, key_id, seq, id, at, action, outcome, target_type, target_id, body, hash, signature, voucher)';
/** Most acts leave one entry, and arrays of one cost more than the row. */
const ONE = 'select $1::uuid, $2, $3::uuid, $4, $5::bigint, $6::uuid, $7::timestamptz, $8, $9, $10, $11, $12, $13::bytea, $14::bytea, $15::bytea';
const SEVERAL = `select $1::uuid, $2::text, $3::uuid, $4::text, e.*
from unnest($5::bigint[], $6::uuid[], $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bytea[], $14::bytea[], $15::bytea[]) as e`;
const LAZILY = "where not $16::boolean or set_config('synchronous_commit', 'off', true) = 'off'";
const IF_NEXT = `where ($5::bigint - 1, $16::bytea) = (select e.seq, e.hash from app.audit_entries e where e.workspace_id = $1 and e.seq >= $5::bigint - 1 order by e.seq desc limit 1)
  and $18::int = (select max(version) from sys.secrets where name = $17) returning 1 as sealed`;

/** Whole texts: a statement is prepared by its text, and one put together each time would be hashed each time. */
const INSERT = { one: `${INTO} ${ONE} ${LAZILY}`, several: `${INTO} ${SEVERAL} ${LAZILY}`, ifNext: `${INTO} ${ONE} ${IF_NEXT}` } as const;

const isOne = ({ rows }: Made): boolean => rows[0]?.length === 1;

/** $1 to $15. */
function entryValues({ scope: { workspaceId, actor } }: Tx | SystemTx, key: SigningKey, made: Made): unknown[] {
  return [workspaceId, actor.kind, actor.id, key.keyId, ...(isOne(made) ? made.rows.flat() : made.rows)];
}

/** `isLazy`: the commit is not to wait for the disk. */
export function insertEntries(tx: Tx | SystemTx, key: SigningKey, made: Made, isLazy: boolean): Promise<object[]> {
  return tx.query(isOne(made) ? INSERT.one : INSERT.several, [...entryValues(tx, key, made), isLazy]);
}

/** Inserts one entry, and gives a row, if the chain ends with `end` and no newer key than `version` is there to sign with; else nothing. */
export function insertIfNext(tx: Tx | SystemTx, key: SigningKey, made: Made, end: ChainEnd, version: number): Promise<object[]> {
  return tx.query(INSERT.ifNext, [...entryValues(tx, key, made), Buffer.from(end.prev, 'hex'), AUDIT_SECRET, version]);
}
