// TS, IVL_TS (HL7 V3 data types R1, 3.8): `YYYYMMDDHHMMSS.UUUU[+|-ZZzz]`, cut at any precision. Read as written: a date of birth
// has no time zone and must not move to the day before.

import { attribute, child, ownText } from '../xml-tree.ts';
import type { Period } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const HL7_TIME = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,]\d*)?)?)?)?)?)?\s*(Z|[+-]\d{2}:?\d{0,2})?$/;
const ISO_TIME = /^(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?)?)?\s*(Z|[+-]\d{2}:?\d{0,2})?$/;

/** ISO 8601 at the document's precision, or null. Month or day `00` counts as not given; a day that the calendar lacks is null. */
export function parseTime(value: string): string | null {
  const [whole, year, month, day, hour, minute, second, zone] = HL7_TIME.exec(value) ?? ISO_TIME.exec(value) ?? [];
  if (whole === undefined || year === undefined || Number(year) < 1) return null;
  if (month === undefined || Number(month) === 0) return year;
  if (Number(month) > 12) return null;
  if (day === undefined || Number(day) === 0) return `${year}-${month.padStart(2, '0')}`;
  if (Number(day) > daysIn(Number(year), Number(month))) return null;
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (hour === undefined) return date;
  if (Number(hour) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return date;
  return `${date}T${hour}:${minute ?? '00'}${second === undefined ? '' : `:${second}`}${zoneOf(zone)}`;
}

function zoneOf(zone: string | undefined): string {
  if (zone === undefined || zone === 'Z') return zone ?? '';
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '').padEnd(2, '0')}`;
}

const daysIn = (year: number, month: number): number => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/** The day of a time, at its own precision when coarser. */
export const dayOf = (time: string): string => time.slice(0, 10);

/** A TS element's value; null with a warning when it is there and cannot be read. */
export function readTime(element: XmlElement | undefined, reading: Reading): string | null {
  if (element === undefined) return null;
  const written = attribute(element, 'value') ?? (element.children.length > 0 ? ownText(element) : '');
  if (written === '' || /^0+$/.test(written)) return null;
  const time = parseTime(written);
  if (time === null) reading.warned('time.unreadable', element);
  return time;
}

/** `effectiveTime` as a point or an interval (`value`, `low`/`high`, `center`). A point is a start without end. */
export function readPeriod(element: XmlElement | undefined, reading: Reading): Period {
  if (element === undefined) return { start: null, end: null };
  const point = readTime(element, reading);
  const start = point ?? readTime(child(element, 'low'), reading) ?? readTime(child(element, 'center'), reading);
  return { start, end: readTime(child(element, 'high'), reading) };
}

/** Whether a validity or a useable period says when it ends. */
export const hasEnd = (period: XmlElement | undefined): boolean => attribute(child(period, 'high'), 'value') !== undefined;

/** Whether `time` is before the day of `other`, both ISO at any precision. */
export function isBefore(time: string, other: string): boolean {
  const length = Math.min(dayOf(time).length, dayOf(other).length);
  return time.slice(0, length) < other.slice(0, length);
}
