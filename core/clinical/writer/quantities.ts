import { el, type Xml } from './xml.ts';

/** Values and doses, held as text with a unit, in the HL7 V3 data type they fit: PQ, IVL_PQ, else ST. */

const NUMBER = String.raw`-?(?:\d+(?:\.\d+)?|\.\d+)`;

// Atoms of UCUM (table 4 and after) that charts are full of, with their prefixes; what is none of them is a word, such as "tablet".
const UCUM = /^(?:(?:10\*-?\d+|\d+|%|\[[A-Za-z0-9_'/]+\]|(?:[yzafpnumcdhkMGT]|da)?(?:m|g|s|L|l|mol|eq|osm|U|Pa|Hz|W|J|V|A|K|C|cd|bar|kat|cal|m\[Hg\]|m\[H2O\]|\[i?I?U\])|min|h|d|wk|mo|a|Cel|deg|\[degF\])-?\d?|\{[^{}\s]+\})$/;

/** A unit as PQ takes it: UCUM as it is, any other word as an annotation in braces. Null for what no `cs` can hold. */
export function ucum(unit: string): string | null {
  if (unit === '' || /[\s{}]/.test(unit)) return unit === '' ? '1' : null;
  return unit.replace(/^\//, '').split(/[./]/).every((part) => UCUM.test(part)) ? unit : `{${unit}}`;
}

/** An observation's value: a number, a range or a bound with its unit, else words. */
export function measured(text: string, unit: string): Xml {
  const code = ucum(unit);
  if (code !== null) {
    if (new RegExp(`^${NUMBER}$`).test(text)) return el('value', { 'xsi:type': 'PQ', value: text, unit: code });
    const bounds = boundsOf(text, code);
    if (bounds !== null && unit !== '') return el('value', { 'xsi:type': 'IVL_PQ' }, ...bounds);
  }
  return el('value', { 'xsi:type': 'ST' }, `${text} ${unit}`.trim());
}

function boundsOf(text: string, unit: string): Xml[] | null {
  const [, low, high] = new RegExp(`^(${NUMBER}) - (${NUMBER})$`).exec(text) ?? [];
  if (low !== undefined && high !== undefined) return [el('low', { value: low, unit }), el('high', { value: high, unit })];
  const [, sign, bound] = new RegExp(`^(<=|<|>=|>) (${NUMBER})$`).exec(text) ?? [];
  if (sign === undefined || bound === undefined) return null;
  return [el(sign.startsWith('<') ? 'high' : 'low', { value: bound, unit, inclusive: sign.endsWith('=') ? null : 'false' })];
}

/** `2 mg` or `1 - 2 tablet`; null for a dose in words. */
export function dose(text: string): Xml | null {
  const [, amount = '', unit = ''] = new RegExp(`^(${NUMBER}(?: - ${NUMBER})?)(?: (\\S+))?$`).exec(text) ?? [];
  const code = ucum(unit);
  if (amount === '' || code === null) return null;
  return amount.includes(' - ') ? el('doseQuantity', {}, ...(boundsOf(amount, code) ?? [])) : el('doseQuantity', { value: amount, unit: code });
}
