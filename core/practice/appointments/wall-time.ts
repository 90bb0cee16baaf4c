/** Local wall-clock time in an IANA zone, and the instants it stands for. All by Intl, whose zone data come with Node. */

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
    formatters.set(zone, found);
  }
  return found;
}

/** True for names such as America/New_York; bare offsets, which know no summer time, are not zones. */
export function isTimeZone(zone: string): boolean {
  if (!/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/.test(zone)) return false;
  try {
    formatter(zone);
    return true;
  } catch {
    return false; // Intl throws a RangeError for names it does not know
  }
}

/** `2026-03-08T09:30` as clocks in `zone` show it. */
export function wallTime(instant: Date, zone: string): string {
  const parts = Object.fromEntries(formatter(zone).formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${parts['year']?.padStart(4, '0')}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}`;
}

const DAY_MS = 86_400_000;

/**
 * The instants at which clocks in `zone` show `local` (`2026-03-08T02:30`): one as a rule, none where they were put forward, two where they
 * were put back, earlier first.
 */
export function instantsOf(local: string, zone: string): Date[] {
  const naive = Date.parse(`${local}:00Z`);
  const offsets = [naive - DAY_MS, naive + DAY_MS].map((around) => Date.parse(`${wallTime(new Date(around), zone)}:00Z`) - around);
  const candidates = [...new Set(offsets)].map((offset) => new Date(naive - offset));
  return candidates.filter((instant) => wallTime(instant, zone) === local).sort((a, b) => a.getTime() - b.getTime());
}

/** Which of two instants it is at which clocks in `zone` show the same; null where they show its time once. */
export function occurrenceOf(instant: Date, zone: string): 'first' | 'second' | null {
  const [, second] = instantsOf(wallTime(instant, zone), zone);
  return second === undefined ? null : second.getTime() === instant.getTime() ? 'second' : 'first';
}

/** `14:05` as clocks in `zone` show it, and `01:30 EST` in an hour that they show twice. */
export function clockTime(instant: Date, zone: string): string {
  const time = wallTime(instant, zone).slice(11);
  if (occurrenceOf(instant, zone) === null) return time;
  const name = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value;
  return `${time} ${name}`;
}
