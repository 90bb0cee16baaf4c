// Observation values of any type a product may send (xsi:type PQ, ST, ED, CD, CE, CO, IVL_PQ, RTO, INT, REAL, BL, TS; HL7 V3 data types R1).
// The type attribute is advice: many products omit it or bind no prefix, so the shape decides.

import { attribute, child, typeOf } from '../xml-tree.ts';
import { readCoded } from './codes.ts';
import { words } from './reading.ts';
import { parseTime } from './times.ts';
import type { Coded } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export type Value = { text: string; unit: string; code: Coded | null };

/** Null when the element is absent or says nothing. */
export function readValue(element: XmlElement | undefined, reading: Reading): Value | null {
  if (element === undefined) return null;
  const value = interval(element) ?? ratio(element, reading) ?? scalar(element) ?? concept(element, reading) ?? freeText(element, reading);
  return value === null || value.text === '' ? null : value;
}

function scalar(element: XmlElement): Value | null {
  const value = attribute(element, 'value');
  if (value === undefined || value.toLowerCase() === 'null') return null;
  const time = typeOf(element) === 'TS' ? parseTime(value) : null;
  return { text: time ?? (TEXT_TYPES.has(typeOf(element) ?? '') ? value : plainNumber(value)), unit: unitOf(element), code: null };
}

const TEXT_TYPES = new Set(['ST', 'ED']);
const EXPONENT = /^[+-]?\d(?:\.\d+)?e[+-]?\d{1,3}$/i;
const NOTHING = /^[+-]?0(?:\.0+)?e/i;

/** `1.2500000e+001`, as some programs print a number, is 12.5. What is too large or too small to be written out stays as it came. */
export function plainNumber(value: string): string {
  if (!EXPONENT.test(value)) return value;
  const plain = String(Number(value));
  return /[ey]/.test(plain) || (plain === '0' && !NOTHING.test(value)) ? value : plain; // 1e+21, Infinity; a zero that is none
}

function interval(element: XmlElement): Value | null {
  const low = bound(child(element, 'low'));
  const high = bound(child(element, 'high'));
  if (low === null && high === null) return null;
  const unit = low?.unit || high?.unit || '';
  if (low !== null && high !== null) return { text: `${low.value} - ${high.value}`, unit, code: null };
  if (low !== null) return { text: `${low.isInclusive ? '>=' : '>'} ${low.value}`, unit, code: null };
  return { text: `${high?.isInclusive ? '<=' : '<'} ${high?.value}`, unit, code: null };
}

function bound(element: XmlElement | undefined): { value: string; unit: string; isInclusive: boolean } | null {
  const value = attribute(element, 'value');
  if (element === undefined || value === undefined) return null;
  return { value: plainNumber(value), unit: unitOf(element), isInclusive: attribute(element, 'inclusive') !== 'false' };
}

function ratio(element: XmlElement, reading: Reading): Value | null {
  const numerator = readValue(child(element, 'numerator'), reading);
  const denominator = readValue(child(element, 'denominator'), reading);
  if (numerator === null || denominator === null) return null;
  const separator = numerator.unit === '' && denominator.unit === '' ? ':' : '/';
  return { text: [numerator.text, numerator.unit, separator, denominator.text, denominator.unit].filter((part) => part !== '').join(' ').replace(' : ', ':'), unit: '', code: null };
}

function concept(element: XmlElement, reading: Reading): Value | null {
  const code = readCoded(element, reading);
  if (code === null) return null;
  return code.code === null ? { text: code.display, unit: '', code: null } : { text: code.display, unit: '', code };
}

// PQ sent as text, units in UCUM: `1` and `{annotation}` mean no unit to print.
function unitOf(element: XmlElement): string {
  const unit = attribute(element, 'unit') ?? '';
  return /^(?:1|null|unk|n\/a)$/i.test(unit) ? '' : unit.replace(/[{}]/g, '');
}

// An embedded file is not a value to print.
const freeText = (element: XmlElement, reading: Reading): Value | null =>
  attribute(element, 'representation') === 'B64' ? null : { text: words(element, reading), unit: '', code: null };

/** `3 mg`, as one text. */
export function printQuantity(element: XmlElement | undefined, reading: Reading): string {
  const value = readValue(element, reading);
  return value === null ? '' : `${value.text} ${value.unit}`.trim();
}
