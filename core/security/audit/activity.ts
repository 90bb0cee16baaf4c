import { entriesOf } from '../../audit/store/log-page.ts';
import type { Tx } from '../../db/scope.ts';
import { barChart, heatStrip, type BarChart, type HeatStrip, type Point } from '../../http/charts.ts';
import { calendarDate } from '../../http/formats.ts';
import { wantedBy, type Filters } from './filters.ts';

export type Activity = { readonly chart: BarChart; readonly heat: HeatStrip; readonly from: string; readonly to: string };

const DAYS_SHOWN = 30;
const DAYS_BY_DAY_MAX = 92;
const DAYS_MAX = 3660;
const DAY_MS = 24 * 3600_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** An hour of the workspace's wall clock (`YYYY-MM-DDTHH`) and what was done in it. */
type Hour = { hour: string; entries: number; refused: number };

/** The picture over the list: by hour for a day or two, by day for three months, else by month; what was refused or failed beside it. */
export async function activityOf(tx: Tx, filters: Filters, timeZone: string): Promise<Activity> {
  const to = filters.to ?? calendarDate(tx.now, timeZone);
  const from = filters.from === undefined ? addDays(to, 1 - DAYS_SHOWN) : [filters.from, addDays(to, 1 - DAYS_MAX)].sort()[1] as string;
  const counts = entriesOf(tx, wantedBy(tx, { ...filters, from, to }, timeZone))
    .select(tx.knex.raw(`date_trunc('hour', at at time zone ?) as hour, count(*)::int as entries, (count(*) filter (where outcome <> 'ok'))::int as refused`, [timeZone])).groupByRaw('1');
  const hours = (await tx.knex(counts.as('counts')).select(tx.knex.raw(`to_char(hour, 'YYYY-MM-DD"T"HH24') as hour`), 'entries', 'refused')) as unknown as Hour[];
  const days = Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1);
  const [category, keyLength] = days <= 2 ? ['Hour', 13] : days <= DAYS_BY_DAY_MAX ? ['Day', 10] : ['Month', 7];
  const counted = new Map<string, { value: number; part: number }>();
  for (const { hour, entries, refused } of hours) {
    const { value, part } = counted.get(hour.slice(0, keyLength)) ?? { value: 0, part: 0 };
    counted.set(hour.slice(0, keyLength), { value: value + entries, part: part + refused });
  }
  const points = keysBetween(from, to, keyLength).map((key): Point => ({ label: labelOf(key), value: 0, part: 0, ...counted.get(key) }));
  const week = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  for (const { hour, entries } of hours) (week[weekday(hour)] as number[])[Number(hour.slice(11))]! += entries;
  return { chart: barChart(points, { category, measure: 'entries', part: 'refused or failed' }), heat: heatStrip(week, 'entries'), from, to };
}

/** Every hour, day or month from one day to another, by the first 13, 10 or 7 characters of its moment. */
function keysBetween(from: string, to: string, length: number): string[] {
  const keys = new Set<string>();
  for (let day = from; day <= to; day = addDays(day, 1)) {
    for (let hour = 0; hour < (length === 13 ? 24 : 1); hour++) keys.add(`${day}T${String(hour).padStart(2, '0')}`.slice(0, length));
  }
  return [...keys];
}

function labelOf(key: string): string {
  const [year, month, rest = ''] = key.split('-');
  const name = MONTHS[Number(month) - 1] as string;
  if (rest === '') return `${name} ${year}`;
  return rest.includes('T') ? `${rest.slice(3)}:00` : `${name} ${Number(rest)}`;
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Monday is 0. */
function weekday(hour: string): number {
  return (new Date(`${hour.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7;
}
