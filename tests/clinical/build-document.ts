// Small clinical documents for tests, written as text so that each test shows the XML it is about.

import { readDocument } from '../../core/clinical/read-document.ts';
import type { ClinicalDocument, Item, Patient } from '../../core/clinical/clinical-document.ts';

export const PERSON = '<name use="L"><given>Ada</given><family>Lovell</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19561210"/>';

export function documentXml({ person = PERSON, role = '', body = '', header = '' }: { person?: string; role?: string; body?: string; header?: string }): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sdtc="urn:hl7-org:sdtc">
<id root="1.3.6.1.4.1.99999.1" extension="d-1"/><code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Summary of care</title><effectiveTime value="20200601120000-0500"/>${header}
<recordTarget><patientRole>${role}<patient>${person}</patient></patientRole></recordTarget>
<component><structuredBody>${body}</structuredBody></component>
</ClinicalDocument>`;
}

export const sectionXml = (loinc: string, entries: string, text = ''): string =>
  `<component><section><code code="${loinc}" codeSystem="2.16.840.1.113883.6.1"/><title>Section</title><text>${text}</text>${entries}</section></component>`;

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const readText = (text: string): ClinicalDocument => readDocument(bytesOf(text));
export const readPerson = (person: string, role = ''): Patient => readText(documentXml({ person, role })).patient;

/** The items of one section that holds these entries. */
export const readEntries = (loinc: string, entries: string, text = ''): Item[] => readText(documentXml({ body: sectionXml(loinc, entries, text) })).sections.flatMap((section) => section.items);

/** The code of the refusal that reading gives, with its place; fails the caller when there is none. */
export function refusalOf(read: () => unknown): { code: string; line: number; column: number; message: string } {
  try {
    read();
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      const refusal = error as Error & { code: string; line: number; column: number };
      return { code: refusal.code, line: refusal.line, column: refusal.column, message: refusal.message };
    }
    throw error;
  }
  throw new Error('The document was read, not refused.');
}
