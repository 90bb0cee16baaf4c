import { fault } from '../errors.ts';

/** One page of a list. `next` and `previous` are opaque to callers and hold positions only: a moment and an id, or an offset. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null; readonly previous: string | null };

/** A place in a list sorted by moment and id. */
export type Position = { readonly direction: 'after' | 'before'; readonly at: Date; readonly id: string };

/** Whatever is sorted by lies between (core/http/schemas.ts): years of four figures, which PostgreSQL and ISO 8601 write alike. */
const [EARLIEST, LATEST] = [Date.parse('0999-01-01'), Date.parse('9999-12-31')];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function writePosition({ direction, at, id }: Position): string {
  return Buffer.from(`${direction}|${at.getTime()}|${id}`).toString('base64url');
}

/** @throws Fault request.invalid */
export function readPosition(cursor: string): Position {
  const [direction, at = '', id = '', ...rest] = Buffer.from(cursor, 'base64url').toString('latin1').split('|');
  const moment = new Date(Number(at));
  if ((direction !== 'after' && direction !== 'before') || !/^-?\d{1,15}$/.test(at) || moment.getTime() < EARLIEST || moment.getTime() > LATEST || !UUID.test(id) || rest.length > 0) throw invalidCursor();
  return { direction, at: moment, id };
}

export function writeOffset(offset: number): string {
  return Buffer.from(`offset|${offset}`).toString('base64url');
}

/** @throws Fault request.invalid */
export function readOffset(cursor: string): number {
  const match = /^offset\|(\d{1,6})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match === null) throw invalidCursor();
  return Number(match[1]);
}

function invalidCursor(): Error {
  return fault('request.invalid', { fields: [{ path: 'cursor', text: 'this cursor does not come from this list' }] });
}

/**
 * Cuts rows fetched with `limit + 1` into a page. `rows` come in the order of the direction they were read in: a page read backwards is
 * turned round here.
 */
export function pageOf<R, T>(rows: readonly R[], limit: number, from: Position | null, place: (row: R) => { at: Date; id: string }, show: (row: R) => T): Page<T> {
  const backwards = from?.direction === 'before';
  const kept = rows.slice(0, limit);
  if (backwards) kept.reverse();
  const isMore = rows.length > limit;
  const [first, last] = [kept[0], kept.at(-1)];
  return {
    items: kept.map(show),
    next: last !== undefined && (backwards || isMore) ? writePosition({ direction: 'after', ...place(last) }) : null,
    previous: first !== undefined && from !== null && (!backwards || isMore) ? writePosition({ direction: 'before', ...place(first) }) : null,
  };
}
