import type { Tx } from '../../core/plugin.ts';

/** Agreements begin and end on calendar days, in the practice's time zone. Days are `YYYY-MM-DD`, which sort as text. */
export type Day = string;

const DAY_MS = 24 * 3600_000;

export function addDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The same day of a later month, or that month's last: 31 January and one month is 28 February. */
export function addMonths(day: Day, months: number): Day {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

/** Whole days from `from` to `to`; negative when `to` lies before. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** A day that exists, of a century in which agreements are made: renewals and notices are counted on from it, and PostgreSQL has no year 0. */
export function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text && text >= '1900' && text < '2900';
}

/** The day that `now` (ms since epoch) falls on in an IANA zone. */
export function dayIn(zone: string, now: number): Day {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(now);
}

/** The instant at which a day begins in a zone. */
export function startOfDay(zone: string, day: Day): Date {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The offset at the guess may differ from that at the result where clocks change in between; the second look settles it.
  let guess = utc;
  for (let look = 0; look < 2; look++) guess = utc - offsetMs(zone, guess);
  return new Date(guess);
}

function offsetMs(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }).formatToParts(at);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(at / 1000) * 1000;
}

/** The practice's zone and its present day. */
export async function todayOf(tx: Tx): Promise<{ zone: string; today: Day }> {
  const { time_zone: zone } = (await tx.knex('app.workspaces').where({ workspace_id: tx.scope.workspaceId }).first('time_zone')) as { time_zone: string };
  return { zone, today: dayIn(zone, tx.now) };
}
