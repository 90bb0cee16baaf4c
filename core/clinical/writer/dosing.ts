import { EVENTS } from '../ccda/dosing.ts';
import { el, type Xml } from './xml.ts';

/** Rhythms of a dose from the words core/clinical/ccda/dosing.ts makes of them; what is in other words is left to the instructions. */
const UNIT_CODES: ReadonlyMap<string, string> = new Map(Object.entries({ second: 's', minute: 'min', hour: 'h', day: 'd', week: 'wk', month: 'mo', year: 'a' }));
const EVENT_CODES = new Map([...EVENTS].map(([code, word]) => [word, code]));

export function rhythms(frequency: string): Xml[] {
  return frequency.split(', ').flatMap((text) => periodic(text) ?? eventRelated(text) ?? []);
}

/** PIVL_TS (HL7 V3 data types R1, 3.9): `every day`, `every 8 hours`, `every 4–6 hours`. */
function periodic(text: string): Xml | null {
  const [, low = '1', high, word = ''] = /^every (?:(\d+(?:\.\d+)?)(?:–(\d+(?:\.\d+)?))? )?([a-z]+?)s?$/.exec(text) ?? [];
  const unit = UNIT_CODES.get(word);
  if (unit === undefined) return null;
  const period = high === undefined ? el('period', { value: low, unit }) : el('period', { 'xsi:type': 'IVL_PQ' }, el('low', { value: low, unit }), el('high', { value: high, unit }));
  return el('effectiveTime', { 'xsi:type': 'PIVL_TS', operator: 'A' }, period);
}

/** EIVL_TS: `at bedtime`. */
function eventRelated(text: string): Xml | null {
  const code = EVENT_CODES.get(text);
  return code === undefined ? null : el('effectiveTime', { 'xsi:type': 'EIVL_TS', operator: 'A' }, el('event', { code }));
}
