import type { SystemTx, Tx } from '../db/scope.ts';
import { sealedLine } from './check-block.ts';
import type { AuditEntry } from './entry.ts';
import { FormatError } from './format-error.ts';
import { readKeyLog } from './key-log.ts';
import type { VerificationKey } from './key-log.ts';
import { CompactRange, HASH_BYTES, leafHash } from './merkle.ts';
import { toBase64, toHex } from './primitives.ts';
import type { SigningKey } from './signing-key.ts';
import { readKeyEvents } from './store/key-events.ts';
import { TILE_WIDTH, type TileReader } from './tiles.ts';

// The log as PostgreSQL holds it: entries with columns beside the signed body, full tiles, checkpoints, keys.

export type StoredEntry = {
  readonly seq: number;
  readonly id: string;
  readonly at: Date;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly body: string;
  readonly hash: Buffer;
  readonly key_id: string;
  readonly signature: Buffer;
};
export type StoredCheckpoint = { readonly size: number; readonly root: Buffer; readonly note: string };
/** A transaction in the log's workspace: the installation's own log is reached by the system door. */
export type LogTx = Tx | SystemTx;

/** Entries after `seq`, at most `limit` and none past `last`. */
export async function readEntries({ knex }: LogTx, seq: number, last: number, limit: number): Promise<StoredEntry[]> {
  return (await knex('app.audit_entries').select('seq', 'id', 'at', 'actor_kind', 'actor_id', 'action', 'outcome', 'target_type', 'target_id', 'body', 'hash', 'key_id', 'signature')
    .where('seq', '>', seq).where('seq', '<=', last).orderBy('seq').limit(limit)) as StoredEntry[];
}

/** Sequence and hash of the newest entry; 0 and null in an empty log. */
export async function readHead({ knex }: LogTx): Promise<{ seq: number; hash: Buffer | null }> {
  const row = (await knex('app.audit_entries').orderBy('seq', 'desc').first('seq', 'hash')) as { seq: number; hash: Buffer } | undefined;
  return row ?? { seq: 0, hash: null };
}

/** All checkpoints, oldest first. */
export async function readCheckpoints({ knex }: LogTx): Promise<StoredCheckpoint[]> {
  return (await knex('app.audit_checkpoints').select('size', 'root', 'note').orderBy('size')) as StoredCheckpoint[];
}

type KeyRow = { readonly key_id: string; readonly public_key: Buffer; readonly purpose: string; readonly retired_at: Date | null };

/**
 * The installation's signing keys with their life, as the key log proves them. Null when it does not: the log does not hold, the table that
 * repeats it says otherwise, or `own` is not in it, the key this program signs with, which a root key guards and the database cannot replace.
 */
export async function readKeys(tx: LogTx, installationId: string, own: SigningKey): Promise<VerificationKey[] | null> {
  const [events, rows] = await Promise.all([readKeyEvents(tx), tx.knex('sys.signing_keys').select('key_id', 'public_key', 'purpose', 'retired_at') as Promise<KeyRow[]>]);
  try {
    const keys = readKeyLog(events, installationId);
    const repeated = keys.every((key) => rows.some((row) => row.key_id === key.keyId && toBase64(row.public_key) === key.publicKey && row.purpose === key.purpose && (row.retired_at?.toISOString() ?? null) === key.retiredAt));
    const isProved = repeated && rows.length === keys.length && keys.some(({ publicKey }) => publicKey === toBase64(own.publicKey));
    return isProved ? keys : null;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** The lines an export bundle would hold, for checkLines. */
export function toLines(entries: readonly StoredEntry[]): Buffer {
  return Buffer.from(entries.map((row) => `${sealedLine(row.body, toHex(row.hash), row.key_id, toBase64(row.signature))}\n`).join(''), 'utf8');
}

/** Whether the columns people search by say what the signed body says. */
export function columnsAgree(row: StoredEntry): boolean {
  const entry = JSON.parse(row.body) as AuditEntry;
  return row.seq === entry.seq && row.id === entry.id && row.at.toISOString() === entry.at && row.actor_kind === entry.actor.kind && row.actor_id === entry.actor.id
    && row.action === entry.action && row.outcome === entry.outcome && row.target_type === (entry.target?.type ?? null) && row.target_id === (entry.target?.id ?? null);
}

/** A tile of the stored log: full ones from their table, the edge from the entries. A tile whose entries are missing comes out short. */
export function storedTiles(tx: LogTx): TileReader {
  const read: TileReader = async (level, index, width) => {
    const row = (await tx.knex('app.audit_tiles').where({ level, tile_index: index }).first('hashes')) as { hashes: Buffer } | undefined;
    if (row !== undefined) return row.hashes.subarray(0, width * HASH_BYTES);
    const first = index * TILE_WIDTH;
    if (level === 0) {
      const hashes = (await tx.knex('app.audit_entries').where('seq', '>', first).where('seq', '<=', first + width).orderBy('seq').pluck('hash')) as Buffer[];
      return Buffer.concat(hashes.map(leafHash));
    }
    const below = await Promise.all(Array.from({ length: width }, (_, at) => read(level - 1, first + at, TILE_WIDTH)));
    return Buffer.concat(below.map(foldTile));
  };
  return read;
}

function foldTile(hashes: Uint8Array): Uint8Array {
  const range = new CompactRange();
  for (let at = 0; at < hashes.length; at += HASH_BYTES) range.append(hashes.subarray(at, at + HASH_BYTES));
  return range.root();
}
