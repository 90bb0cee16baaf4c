import Joi from 'joi';
import { isDay } from '../http/schemas.ts';

export { dateText, id, instant, isDay, oneId } from '../http/schemas.ts';

const OLDEST_YEAR = 1870;
const ZONE_AHEAD_MS = 14 * 3_600_000;

/** A day that exists, from 1870 to today (in whichever zone is furthest ahead). `partial` admits `YYYY-MM` and `YYYY`, as old documents give them. */
export function calendarDate({ partial = false, of = 'birth' } = {}): Joi.StringSchema {
  return Joi.string().pattern(partial ? /^\d{4}(-\d{2}(-\d{2})?)?$/ : /^\d{4}-\d{2}-\d{2}$/).custom((value: string, helpers) => {
    const whole = `${value}-01-01`.slice(0, 10);
    const latest = new Date(Date.now() + ZONE_AHEAD_MS).toISOString().slice(0, 10);
    if (!isDay(whole)) return helpers.message({ custom: 'this day is not in the calendar' });
    if (Number(value.slice(0, 4)) < OLDEST_YEAR || whole > latest) return helpers.message({ custom: `a date of ${of} lies in the past, and not before ${OLDEST_YEAR}` });
    return value;
  }).messages({ 'string.pattern.base': 'write a date as YYYY-MM-DD' });
}

export const cursor = Joi.string().max(200).pattern(/^[A-Za-z0-9_-]+$/);
export const PAGE_SIZE = 50;
export const limit = Joi.number().integer().min(1).max(200).default(PAGE_SIZE);
