/** How a date, a moment and an age are written on a page. All pure: the zone and the clock come from the caller. */

const LOCALE = 'en-US';
const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * DAY], ['month', 30 * DAY], ['week', 7 * DAY], ['day', DAY], ['hour', HOUR], ['minute', MINUTE],
];

const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });
const formatters = new Map<string, Intl.DateTimeFormat>();

// Building an Intl formatter costs a hundred times its use; a list page uses it two hundred times.
function formatter(kind: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`;
  let found = formatters.get(key);
  if (!found) formatters.set(key, found = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone }));
  return found;
}

const DATE: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric' };
const TIME: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** `Mar 5, 1980`. A calendar date (`1980-03-05`, a birth date) has no zone and must not shift by one. */
export function formatDate(value: string | Date, zone: string): string {
  if (typeof value === 'string' && DATE_ONLY.test(value)) return formatter('date', 'UTC', DATE).format(new Date(`${value}T00:00:00Z`));
  return formatter('date', zone, DATE).format(new Date(value));
}

/** `14:05`, on the 24-hour clock that charts use. */
export function formatTime(value: string | Date, zone: string): string {
  return formatter('time', zone, TIME).format(new Date(value));
}

/** `Mar 5, 2026, 14:05` with the zone's short name when asked for. */
export function formatDateTime(value: string | Date, zone: string): string {
  return formatter('both', zone, { ...DATE, ...TIME }).format(new Date(value));
}

/** `3 minutes ago`, `yesterday`, `in 2 weeks`. */
export function formatAgo(value: string | Date, now: number): string {
  const gap = new Date(value).getTime() - now;
  for (const [unit, size] of STEPS) if (Math.abs(gap) >= size) return relative.format(Math.trunc(gap / size), unit);
  return 'just now';
}

/** A person's age as charts write it: days, then months under two years, then years. `bornOn` and `today` are calendar dates. */
export function formatAge(bornOn: string, today: string): string {
  const [bornYear = 0, bornMonth = 0, bornDay = 0] = bornOn.split('-').map(Number);
  const [year = 0, month = 0, day = 0] = today.split('-').map(Number);
  const months = (year - bornYear) * 12 + month - bornMonth - (day < bornDay ? 1 : 0);
  if (months >= 24) return `${Math.floor(months / 12)} y`;
  if (months >= 1) return `${months} mo`;
  return `${Math.max(0, Math.round((Date.parse(today) - Date.parse(bornOn)) / DAY))} d`;
}

/** Today's calendar date in a zone, `YYYY-MM-DD`. */
export function calendarDate(now: number, zone: string): string {
  const parts = Object.fromEntries(formatter('parts', zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(now).map((part) => [part.type, part.value]));
  return `${parts['year']}-${parts['month']}-${parts['day']}`;
}
