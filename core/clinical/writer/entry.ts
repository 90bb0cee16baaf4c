import { NOTHING, NOTHING_CODES, STATE_WORDS } from '../ccda/statements.ts';
import type { Item } from '../clinical-document.ts';
import { concept, fixed, relationship, statusCode, templates } from './elements.ts';
import { el, type Xml } from './xml.ts';

/** What a section's entries are made from: an item, and the id of the narrative row that says the same in words. */
export type Written = { readonly item: Item; readonly rowId: string };

/** `negationInd`, where neither the code nor the words say already that something is not there. */
export function negation({ isAbsence, code, display }: Item): 'true' | null {
  return isAbsence && !NOTHING_CODES.has(code ?? '') && !(code === null && NOTHING.test(display)) ? 'true' : null;
}

export const named = (tag: string, { code, system, systemName, display, translations }: Item, children: readonly Xml[] = []): Xml => concept(tag, { code, system, systemName, display, translations }, children);

/** HL7 ActStatus (2.16.840.1.113883.5.14) as entries use it. */
const ACT_STATUS = new Set(['active', 'completed', 'aborted', 'suspended', 'cancelled', 'held', 'obsolete', 'nullified']);

/** The entry's own state where it has that word, else whether it is so now. */
export function stateOf({ status, isActive }: Item, over: 'completed' | 'aborted' = 'completed'): Xml {
  return statusCode(status !== null && ACT_STATUS.has(status) ? status : isActive ? 'active' : over);
}

const STATE_CODES = new Map([...STATE_WORDS].map(([code, word]) => [word, code]));

/** A status in words that no status code has: Problem Status (4.6) and its kin, by LOINC 33999-4. */
export function statedStatus({ status }: Item, implied: string | null, template?: string): Xml | null {
  if (status === null || status === implied) return null;
  const code = STATE_CODES.get(status) ?? null;
  const system = code === null ? { system: null, systemName: null } : { system: '2.16.840.1.113883.6.96', systemName: 'SNOMED CT' };
  return relationship('REFR', el('observation', { classCode: 'OBS', moodCode: 'EVN' }, ...(template === undefined ? [] : templates(template)),
    fixed('code', 'loinc', '33999-4', 'Status'), statusCode('completed'), concept('value', { code, ...system, display: status })));
}

/** As an act's own status code says it already. */
export const saidByCode = ({ status }: Item): string | null => (status !== null && ACT_STATUS.has(status) ? status : null);

/** Severity Observation (4.8). */
export function severity(text: string | null | undefined): Xml | null {
  if (!text) return null;
  return relationship('SUBJ', el('observation', { classCode: 'OBS', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.8:2014-06-09'),
    fixed('code', 'actCode', 'SEV', 'Severity'), statusCode('completed'), concept('value', { code: null, system: null, systemName: null, display: text })), 'true');
}

/** A participant: where it happened, with what device. */
export function participant(typeCode: 'LOC' | 'DEV', classCode: 'SDLOC' | 'MANU', ...children: readonly (Xml | null)[]): Xml {
  return el('participant', { typeCode }, el('participantRole', { classCode }, ...children));
}
