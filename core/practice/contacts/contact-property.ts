import Joi from 'joi';
import type { ContactProperty } from '../../hooks.ts';
import { formatDate } from '../../http/formats.ts';
import { dateText } from '../schemas.ts';

/** A workspace's own properties of contacts, by their types. In the API they are keys of `custom`, in gates and forms `custom.<name>`. */
export type CustomValue = string | number | boolean;
export type CustomValues = Readonly<Record<string, CustomValue | null>>;

const TEXT_MAX = 2000;
const PREFIX = 'custom.';

/** The key below `custom`. */
export function keyOf({ name }: Pick<ContactProperty, 'name'>): string {
  return name.slice(PREFIX.length);
}

/** What may be sent; `null` clears it. */
export function valueSchema({ type, choices }: ContactProperty): Joi.Schema {
  switch (type) {
    case 'text': return Joi.string().trim().min(1).max(TEXT_MAX).allow(null);
    case 'number': return Joi.number().allow(null);
    case 'date': return dateText.allow(null);
    case 'boolean': return Joi.boolean().allow(null);
    case 'choice': return Joi.string().valid(...choices).allow(null);
  }
}

/** The text that is sealed. */
export function writeValue(value: CustomValue): string {
  return String(value);
}

export function readValue({ type }: ContactProperty, stored: string): CustomValue {
  if (type === 'number') return Number(stored);
  return type === 'boolean' ? stored === 'true' : stored;
}

/** For pages. */
export function showValue({ type }: ContactProperty, value: CustomValue): string {
  return type === 'date' ? formatDate(String(value), 'UTC') : wordOf(value);
}

/** For spreadsheets. */
export function wordOf(value: CustomValue): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}
