// When and how much: IVL_TS, PIVL_TS, EIVL_TS, SXPR_TS (HL7 V3 data types R1, 3.8–3.9) as a few plain words.

import { attribute, at, child, children } from '../xml-tree.ts';
import { readPeriod } from './times.ts';
import { plainNumber } from './values.ts';
import type { Period } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

// UCUM's codes, in any case, words, their short forms. Never "m", which is a metre and might be meant as a minute or a month.
const UNIT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:s|secs?|seconds?)$/, 'second'], [/^(?:mins?|minutes?)$/, 'minute'], [/^(?:h|hrs?|hours?)$/, 'hour'], [/^(?:d|days?|daily)$/, 'day'], [/^(?:w|wks?|weeks?|weekly)$/, 'week'],
  [/^(?:mos?|mths?|months?|monthly)$/, 'month'], [/^(?:a|ann|y|yrs?|years?)$/, 'year'],
];
/** What prescribers write, found in the unit of a period: "BID" is a rhythm, not a length of time. */
const PRESCRIBED = /^(?:q?[bt]id|qid|qd|qod|qhs|prn|qwk|q\d{1,2}(?:-\d{1,2})?[hdw])$/;

/** HL7 TimingEvent 2.16.840.1.113883.5.139. */
export const EVENTS: ReadonlyMap<string, string> = new Map(Object.entries({
  AC: 'before meals', ACD: 'before lunch', ACM: 'before breakfast', ACV: 'before dinner', C: 'with meals', CD: 'with lunch', CM: 'with breakfast', CV: 'with dinner',
  HS: 'at bedtime', IC: 'between meals', ICD: 'between lunch and dinner', ICM: 'between breakfast and lunch', ICV: 'between dinner and bedtime',
  PC: 'after meals', PCD: 'after lunch', PCM: 'after breakfast', PCV: 'after dinner', WAKE: 'on waking'
}));

/** Course and rhythm may come in any order, the rhythm marked `operator="A"` or not. */
export function readDosing(statement: XmlElement, reading: Reading): { period: Period; frequency: string } {
  const times = children(statement, 'effectiveTime').flatMap((time) => [time, ...children(time, 'comp')]);
  const rhythms = times.map((time) => periodic(time, reading) || eventRelated(time)).filter((text) => text !== '');
  const courses = times.map((time) => readPeriod(time, reading));
  return {
    period: {
      start: courses.find((course) => course.start !== null)?.start ?? null,
      end: courses.find((course) => course.end !== null)?.end ?? null
    },
    frequency: [...new Set(rhythms)].join(', ')
  };
}

function periodic(time: XmlElement, reading: Reading): string {
  const period = child(time, 'period');
  const value = attribute(period, 'value');
  if (period === undefined) return '';
  const rhythm = value === undefined ? between(period) : every(plainNumber(value), attribute(period, 'unit') ?? '');
  // "every 2982616 m" is not shown, and not passed over in silence either.
  if (rhythm === '' && (value !== undefined || child(period, 'low') !== undefined)) reading.warned('time.unreadable', period);
  return rhythm;
}

function every(value: string, written: string): string {
  const unit = unitNamed(written);
  if (unit === undefined) return value === '1' && PRESCRIBED.test(written.toLowerCase()) ? written : '';
  return value === '1' ? `every ${unit}` : `every ${value} ${unit}s`;
}

/** `every 4 - 6 hours`: the period itself a range (IVL_PQ). */
function between(period: XmlElement): string {
  const low = attribute(child(period, 'low'), 'value');
  const high = attribute(child(period, 'high'), 'value');
  const unit = unitNamed(attribute(child(period, 'low'), 'unit') ?? attribute(child(period, 'high'), 'unit') ?? '');
  return low === undefined || high === undefined || unit === undefined ? '' : `every ${plainNumber(low)}–${plainNumber(high)} ${unit}s`;
}

function unitNamed(written: string): string | undefined {
  const plain = written.trim().toLowerCase();
  return UNIT_WORDS.find(([pattern]) => pattern.test(plain))?.[1];
}

const eventRelated = (time: XmlElement): string => EVENTS.get(attribute(at(time, 'event'), 'code')?.toUpperCase() ?? '') ?? '';
