import { fault } from '../../errors.ts';
import type { LogTx } from '../stored-log.ts';

/** A calendar date (`YYYY-MM-DD`, whole days in the workspace's time zone) or an instant (RFC 3339). */
export type When = string;
/** `from` is inclusive. `to` takes in its whole day when it is a date, and is exclusive when it is an instant. */
export type Asked = { readonly from?: When | null | undefined; readonly to?: When | null | undefined } | { readonly fromSeq: number; readonly toSeq: number };

export type StoredRange = {
  readonly fromSeq: number;
  /** fromSeq − 1 when nothing is in it. */
  readonly toSeq: number;
  /** The instants asked for. */
  readonly from: string | null;
  readonly to: string | null;
};

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The entries asked for as one run of sequence numbers, none past `last`. Clocks may step back, sequence numbers do not: asked by time, the
 * run goes from the first entry of that time to the last, so none is missed and an odd one of another time may be among them.
 */
export async function findRange(tx: LogTx, asked: Asked, last: number): Promise<StoredRange> {
  if ('fromSeq' in asked) {
    const fromSeq = Math.min(asked.fromSeq, last + 1);
    return { fromSeq, toSeq: Math.max(fromSeq - 1, Math.min(asked.toSeq, last)), from: null, to: null };
  }
  const { from, to } = await spanOf(tx, asked);
  // OFFSET 0 keeps PostgreSQL from walking the chain to the first that fits: the index by time has just these.
  const { rows } = (await tx.knex.raw(
    `select min(seq) as first, max(seq) as final from (select seq from app.audit_entries where seq <= :last and at >= coalesce(:from::timestamptz, '-infinity') and at < coalesce(:to::timestamptz, 'infinity') offset 0) as asked`,
    { last, from, to } as never,
  )) as { rows: [{ first: number | null; final: number | null }] };
  const [{ first, final }] = rows;
  if (first !== null && final !== null) return { fromSeq: first, toSeq: final, from, to };
  const { rows: [{ before }] } = (await tx.knex.raw(
    `select coalesce(max(seq), 0) as before from (select seq from app.audit_entries where seq <= :last and at < coalesce(:from::timestamptz, '-infinity') offset 0) as earlier`, { last, from } as never,
  )) as { rows: [{ before: number }] };
  return { fromSeq: before + 1, toSeq: before, from, to };
}

/**
 * The time asked for, in instants; asked for again by these it is the same.
 * @throws Fault audit.span_reversed
 */
export async function spanOf(tx: LogTx, asked: Exclude<Asked, { fromSeq: number }>): Promise<Pick<StoredRange, 'from' | 'to'>> {
  const from = await instantOf(tx, asked.from, 0);
  const to = await instantOf(tx, asked.to, 1);
  if (from !== null && to !== null && Date.parse(from) >= Date.parse(to)) throw fault('audit.span_reversed');
  return { from, to };
}

async function instantOf({ knex }: LogTx, when: When | null | undefined, days: 0 | 1): Promise<string | null> {
  if (when === undefined || when === null) return null;
  if (!DATE.test(when)) return new Date(when).toISOString();
  const { rows } = (await knex.raw(
    `select (?::date + ?::int)::timestamp at time zone time_zone as at from app.workspaces where workspace_id = (select sec.workspace())`, [when, days],
  )) as { rows: [{ at: Date }] };
  return rows[0].at.toISOString();
}
