import Joi from 'joi';

/** Values that any room's input may hold, in the one spelling and the range that PostgreSQL and our own arithmetic take. */

/** A UUID with its hyphens: Joi's own `guid()` admits brackets and colons, which PostgreSQL refuses. */
export const id = Joi.string().lowercase().pattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/).messages({ 'string.pattern.base': 'this is not an id' });

const FIRST_DAY = '1000-01-01';
const LAST_DAY = '9998-12-31';

/** A day that exists, in years of four figures and with room around it: PostgreSQL has no year 0, ISO 8601 writes year 10000 otherwise. */
export function isDay(value: string): boolean {
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === value && value >= FIRST_DAY && value <= LAST_DAY;
}

/** Any day that exists. */
export const dateText = Joi.string().pattern(/^\d{4}-\d{2}-\d{2}$/).custom((value: string, helpers) => (isDay(value) ? value : helpers.message({ custom: 'this day is not in the calendar' }))).messages({ 'string.pattern.base': 'write a date as YYYY-MM-DD' });

/** A moment, ISO 8601; in the same years. */
export const instant = Joi.date().iso().min(FIRST_DAY).max(LAST_DAY);

/** The parameters of an address that names one thing. */
export const oneId = Joi.object<{ id: string }>({ id: id.required() });
