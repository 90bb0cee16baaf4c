/** Calendar days as `YYYY-MM-DD` text: no clock and no machine time zone can slip in. */
const DAY_MS = 86_400_000;

export function addDays(day: string, count: number): string {
  return new Date(utc(day) + count * DAY_MS).toISOString().slice(0, 10);
}

/** Whole days from one day to a later one; negative when it is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((utc(to) - utc(from)) / DAY_MS);
}

/** Completed years of life on a day. */
export function ageOn(birthDate: string, day: string): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** Years of life with their fraction, for growth curves. */
export function exactAge(birthDate: string, day: string): number {
  return daysBetween(birthDate, day) / 365.25;
}

export function isWeekend(day: string): boolean {
  const weekday = new Date(utc(day)).getUTCDay();
  return weekday === 0 || weekday === 6;
}

/** The same day, or the Monday after it. */
export function nextWorkday(day: string): string {
  let out = day;
  while (isWeekend(out)) out = addDays(out, 1);
  return out;
}

export function isCalendarDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(utc(text)) && addDays(text, 0) === text;
}

/**
 * Wall clock to instant. The offset is asked at noon and remembered by month (by day only in a month in which the
 * clocks change): good for opening hours, and far cheaper than asking for every appointment.
 */
export class WallClock {
  readonly timeZone: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<string, number>();

  constructor(timeZone: string) {
    this.timeZone = timeZone;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  }

  /** ISO 8601 instant of `minutes` after local midnight. */
  instant(day: string, minutes: number): string {
    return new Date(utc(day) + (minutes - this.#offset(day)) * 60_000).toISOString();
  }

  #offset(day: string): number {
    const month = day.slice(0, 7);
    const known = this.#offsets.get(month) ?? this.#offsets.get(day);
    if (known !== undefined) return known;
    const first = this.#ask(`${month}-01`);
    const isSteady = first === this.#ask(addDays(`${month}-28`, 4));
    const offset = isSteady ? first : this.#ask(day);
    this.#offsets.set(isSteady ? month : day, offset);
    return offset;
  }

  /** Minutes east of UTC. */
  #ask(day: string): number {
    const name = this.#format.formatToParts(utc(day) + DAY_MS / 2).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  }
}

function utc(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
