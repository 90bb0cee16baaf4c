import { FormatError } from './format-error.ts';
import type { JsonObject } from './canonical.ts';

// Reading JSON that someone else wrote: exactly the fields the format names, each of its shape, or FormatError.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export type Fields<K extends string> = Record<K, unknown>;

/** `value` as an object with exactly these fields: one missing is refused, and so is one too many. */
export function exactFields<K extends string>(value: unknown, names: readonly K[], where: string): Fields<K> {
  if (!isJsonObject(value)) throw new FormatError(`${where}: not an object`);
  for (const name of names) if (!Object.hasOwn(value, name)) throw new FormatError(`${where}: field ${name} is missing`);
  if (Object.keys(value).length !== names.length) throw new FormatError(`${where}: unknown field`);
  return value as Fields<K>;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new FormatError(`${where}: not a string`);
  return value;
}

export function textOrNull(value: unknown, where: string): string | null {
  return value === null ? null : text(value, where);
}

export function matching(value: unknown, pattern: RegExp, where: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new FormatError(`${where}: not of the form ${pattern.source}`);
  return value;
}

export function oneOf<T extends string>(value: unknown, choices: readonly T[], where: string): T {
  if (!choices.includes(value as T)) throw new FormatError(`${where}: not one of ${choices.join(', ')}`);
  return value as T;
}

/** Lower-case RFC 9562 text form. */
export function uuid(value: unknown, where: string): string {
  return matching(value, UUID, where);
}

/** UTC with milliseconds, `YYYY-MM-DDTHH:MM:SS.mmmZ`, and a date that exists. */
export function instant(value: unknown, where: string): string {
  const at = matching(value, INSTANT, where);
  const date = new Date(at);
  if (Number.isNaN(date.getTime()) || date.toISOString() !== at) throw new FormatError(`${where}: no such instant`);
  return at;
}

export function integer(value: unknown, atLeast: number, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < atLeast) throw new FormatError(`${where}: not an integer ≥ ${atLeast}`);
  return value as number;
}

export function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new FormatError(`${where}: not an array`);
  return value;
}
