import { el, type Xml } from '../clinical/writer/xml.ts';

/** Code systems by their OIDs, and the names C-CDA writes beside them. */
const SYSTEMS = {
  snomed: ['2.16.840.1.113883.6.96', 'SNOMED CT'],
  loinc: ['2.16.840.1.113883.6.1', 'LOINC'],
  rxnorm: ['2.16.840.1.113883.6.88', 'RxNorm'],
  icd10: ['2.16.840.1.113883.6.90', 'ICD-10-CM'],
  cvx: ['2.16.840.1.113883.12.292', 'CVX'],
  nci: ['2.16.840.1.113883.3.26.1.1', 'NCI Thesaurus'],
  actClass: ['2.16.840.1.113883.5.6', 'HL7ActClass'],
  actCode: ['2.16.840.1.113883.5.4', 'ActCode'],
  gender: ['2.16.840.1.113883.5.1', 'AdministrativeGender'],
  confidentiality: ['2.16.840.1.113883.5.25', 'Confidentiality'],
  interpretation: ['2.16.840.1.113883.5.83', 'ObservationInterpretation'],
} as const;

export type CodeSystem = keyof typeof SYSTEMS;

/** A coded value (CE/CD). As `value` it carries its type (CD). */
export function code(tag: string, system: CodeSystem, value: string, name: string | null, ...children: (Xml | null)[]): Xml {
  const [oid, systemName] = SYSTEMS[system];
  const type = tag === 'value' ? { 'xsi:type': 'CD' } : {};
  return el(tag, { ...type, code: value, codeSystem: oid, codeSystemName: systemName, displayName: name }, ...children);
}

/** `YYYY-MM-DD` as an HL7 TS of day precision. */
export function day(date: string): string {
  return date.replaceAll('-', '');
}

/** An ISO instant in UTC as an HL7 TS with its offset. */
export function instant(iso: string): string {
  return `${iso.slice(0, 19).replace(/[-T:]/g, '')}+0000`;
}

/** From one day to another, or still going on. */
export function interval(low: string, high: string | null, attributes: Record<string, string> = {}): Xml {
  return el('effectiveTime', attributes, el('low', { value: day(low) }), high ? el('high', { value: day(high) }) : null);
}
