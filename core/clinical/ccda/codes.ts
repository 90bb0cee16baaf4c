// CD, CE, CV, CO, CS: a concept, its name and its translations (HL7 V3 data types R1, 3.2). Products put the useful code in the
// translation and the useful name anywhere, so the first that says something wins: displayName, original text, translation. Who
// finds no words at all asks nameInValueSet, then shows the code.

import { attribute, child, children } from '../xml-tree.ts';
import { words } from './reading.ts';
import { nameInValueSet } from './value-sets.ts';
import type { Reading } from './reading.ts';
import type { Coded } from '../clinical-document.ts';
import type { XmlElement } from '../xml.ts';

export type Concept = Coded & { translations: Coded[]; isNull: boolean };

const PLACEHOLDER = /^(?:null|unk|ni|n\/a|na|undefined|unknown code|-+)$/i;

/** Names of the common systems; products write each of them in many ways or not at all. */
const SYSTEM_NAMES: ReadonlyMap<string, string> = new Map(Object.entries({
  '2.16.840.1.113883.6.96': 'SNOMED CT', '2.16.840.1.113883.6.1': 'LOINC', '2.16.840.1.113883.6.88': 'RxNorm', '2.16.840.1.113883.6.90': 'ICD-10-CM',
  '2.16.840.1.113883.6.4': 'ICD-10-PCS', '2.16.840.1.113883.6.3': 'ICD-10', '2.16.840.1.113883.6.103': 'ICD-9-CM', '2.16.840.1.113883.6.104': 'ICD-9-CM procedures',
  '2.16.840.1.113883.6.12': 'CPT', '2.16.840.1.113883.6.285': 'HCPCS', '2.16.840.1.113883.6.13': 'CDT', '2.16.840.1.113883.12.292': 'CVX', '2.16.840.1.113883.6.69': 'NDC',
  '2.16.840.1.113883.4.9': 'UNII', '2.16.840.1.113883.3.26.1.5': 'NDF-RT', '2.16.840.1.113883.3.26.1.1': 'NCI Thesaurus', '2.16.840.1.113883.6.238': 'CDC Race and Ethnicity'
}));

/** Null when the element is absent. A concept without any code has `isNull` and may still have a display. */
export function readConcept(element: XmlElement | undefined, reading: Reading): Concept | null {
  if (element === undefined) return null;
  const own = plainCode(element);
  const translations = children(element, 'translation').map(plainCode).filter((code) => code.code !== null || code.display !== '');
  const original = meaningful(words(child(element, 'originalText'), reading));
  const coded = own.code === null ? translations.find((each) => each.code !== null) : own;
  const display = own.display || original || translations.find((each) => each.display !== '')?.display || '';
  return {
    code: coded?.code ?? null,
    system: coded?.system ?? null,
    systemName: coded?.systemName ?? null,
    display,
    translations: translations.filter((each) => each !== coded),
    isNull: coded === undefined
  };
}

/** A concept without its translations; null when it says nothing. */
export function readCoded(element: XmlElement | undefined, reading: Reading): Coded | null {
  const concept = readConcept(element, reading);
  if (concept === null || (concept.code === null && concept.display === '')) return null;
  return { code: concept.code, system: concept.system, systemName: concept.systemName, display: concept.display || nameInValueSet(concept.system, concept.code) || (concept.code as string) };
}

/** The words of a coded element, or ''. */
export const displayOf = (element: XmlElement | undefined, reading: Reading): string => readCoded(element, reading)?.display ?? '';

function plainCode(element: XmlElement): Coded {
  const system = meaningful(attribute(element, 'codeSystem') ?? '') || null;
  return {
    code: meaningful(attribute(element, 'code') ?? '') || null,
    system,
    systemName: SYSTEM_NAMES.get(system ?? '') ?? (meaningful(attribute(element, 'codeSystemName') ?? '') || null),
    display: meaningful((attribute(element, 'displayName') ?? '').replace(/\s+/g, ' '))
  };
}

const meaningful = (text: string): string => (PLACEHOLDER.test(text) ? '' : text);
