// Administrative gender as coded by products: HL7 AdministrativeGender 2.16.840.1.113883.5.1, HL7 v2 table 0001, SNOMED CT,
// ISO 5218 and the NHS list, or words only. Gender identity is another matter and never decides this.

import { readConcept } from './codes.ts';
import type { Sex } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const SNOMED_SEX: ReadonlyMap<string, Sex> = new Map(Object.entries({ '248152002': 'female', '248153007': 'male', '32570681000036106': 'other', '772004004': 'other', '33791000087105': 'other' }));
const ISO_5218: ReadonlyMap<string, Sex> = new Map(Object.entries({ '1': 'male', '2': 'female' }));
const LETTER: ReadonlyMap<string, Sex> = new Map(Object.entries({ M: 'male', F: 'female', UN: 'other', O: 'other', OTH: 'other', I: 'other', A: 'other', X: 'other' }));
const WORDS: readonly (readonly [RegExp, Sex])[] = [
  [/^(?:female|woman|girl|femenino|mujer|f[ée]minin|femme|weiblich|feminino|femminile|vrouw)$/i, 'female'],
  [/^(?:male|man|boy|masculino|hombre|masculin|homme|männlich|maennlich|maschile|mannelijk)$/i, 'male'],
  [/^(?:undifferentiated|indeterminate|intersex|ambiguous|other|non-?binary|divers)$/i, 'other']
];

/** Null when the element is absent, null-flavored or says "unknown". */
export function readSex(element: XmlElement | undefined, reading: Reading): Sex | null {
  const concept = readConcept(element, reading);
  if (concept === null) return null;
  for (const coded of [concept, ...concept.translations]) {
    const sex = sexOfCode(coded.code) ?? sexOfWords(coded.display);
    if (sex !== null) return sex;
  }
  return null;
}

// U is left out: HL7 v2 means unknown by it, V3 does not have it.
function sexOfCode(code: string | null): Sex | null {
  if (code === null) return null;
  return SNOMED_SEX.get(code) ?? ISO_5218.get(code) ?? LETTER.get(code.toUpperCase()) ?? sexOfWords(code);
}

// Longer than any name of a sex; keeps the patterns away from long hostile text.
const WORDS_LENGTH_MAX = 60;

const sexOfWords = (text: string): Sex | null => text.length > WORDS_LENGTH_MAX ? null : WORDS.find(([pattern]) => pattern.test(text.replace(/ (?:sex|gender)?\s*\(.*\)$| sex$| gender$/i, '').trim()))?.[1] ?? null;
