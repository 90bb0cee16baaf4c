// One clinical document, bytes to values. A strict reading first; where the XML is broken, one tolerant reading of the same bytes.
// No input or output, no clock, no state: safe in a worker thread.

import { DOCUMENT_BYTES_MAX, DocumentRefusal, positionAt } from './document-refusal.ts';
import { decodeXml } from './xml-encoding.ts';
import { mendXml } from './xml-mend.ts';
import { parseXml } from './xml.ts';
import { find } from './xml-tree.ts';
import { readPatient } from './ccda/demographics.ts';
import { readHeader } from './ccda/header.ts';
import { createReading } from './ccda/reading.ts';
import { readBody } from './ccda/sections.ts';
import { applyObservedSex } from './ccda/social-history.ts';
import { readUnstructured } from './ccda/unstructured.ts';
import type { ReadPatient } from './ccda/demographics.ts';
import type { ClinicalDocument } from './clinical-document.ts';
import type { DocumentRefusalCode } from './document-refusal.ts';
import type { Repair } from './repairs.ts';
import type { Mended } from './xml-mend.ts';
import type { XmlDocument, XmlElement } from './xml.ts';

const HL7_NAMESPACE = 'urn:hl7-org:v3';
// SOAP and registry envelopes, export wrappers.
const WRAPPER_DEPTH_MAX = 6;
// A bare ampersand without a later semicolon runs to the end of the text, so it looks like a document cut off.
const MENDABLE = new Set<DocumentRefusalCode>(['document.not_well_formed', 'document.truncated']);

export type ReadOptions = { bytesMax?: number };

/**
 * Reads C-CDA R1.1 and R2.1, CCD/C32, C62 and plain CDA R2. Throws `DocumentRefusal`. A document without a usable name, birth date
 * or sex is returned with `missing`: it waits for a person.
 */
export function readDocument(bytes: Uint8Array, options: ReadOptions = {}): ClinicalDocument {
  if (bytes.length > (options.bytesMax ?? DOCUMENT_BYTES_MAX)) throw new DocumentRefusal('document.too_large');
  const decoded = decodeXml(bytes);
  const start = { line: 1, column: 1 };
  const { text, xml, repairs } = parseTolerantly(decoded.text);
  const reading = createReading(text, xml);
  for (const offset of xml.undeclaredPrefixes.values()) reading.repairs.add('prefix.undeclared', () => positionAt(text, offset));
  const root = clinicalRoot(xml, text);
  if (root !== xml.root) reading.repaired('wrapper.opened', root);
  if (!namesHl7(xml.root) && !namesHl7(root)) reading.repaired('namespace.missing', root);

  const header = readHeader(root, reading);
  reading.documentTime = header.effectiveTime;
  const found = readPatient(root, reading);
  const { sections, socialStatements } = readBody(root, reading);
  applyObservedSex(found.patient, socialStatements, reading);
  const unstructured = readUnstructured(root, header.title, reading);
  return {
    header,
    patient: found.patient,
    sections: [...sections, ...(unstructured?.sections ?? [])],
    attachments: unstructured?.attachments ?? [],
    missing: missingOf(found),
    repairs: [...decoded.repairs.map((code) => ({ code, count: 1, ...start })), ...repairs, ...reading.repairs.list()],
    warnings: reading.warnings.list()
  };
}

function parseTolerantly(text: string): { text: string; xml: XmlDocument; repairs: Repair[] } {
  try {
    return { text, xml: parseXml(text), repairs: [] };
  } catch (error) {
    if (!(error instanceof DocumentRefusal) || !MENDABLE.has(error.code)) throw error;
    const mended = mendXml(text);
    if (mended.repairs.length === 0) throw error;
    return mendedReading(text, mended);
  }
}

function mendedReading(text: string, mended: Mended): { text: string; xml: XmlDocument; repairs: Repair[] } {
  return { text: mended.text, xml: parseXml(mended.text, { positionOf: (offset) => positionAt(text, mended.originalOffset(offset)) }), repairs: mended.repairs };
}

function clinicalRoot(xml: XmlDocument, text: string): XmlElement {
  const root = xml.root.name === 'ClinicalDocument' ? xml.root : find(xml.root, 'ClinicalDocument', WRAPPER_DEPTH_MAX);
  if (root === undefined) throw new DocumentRefusal('document.not_cda', positionAt(text, xml.root.offset));
  return root;
}

const namesHl7 = (element: XmlElement): boolean => Object.entries(element.attributes).some(([name, value]) => name.startsWith('xmlns') && value.trim() === HL7_NAMESPACE);

function missingOf({ patient, isSeveral, birthDateNote }: ReadPatient): ClinicalDocument['missing'] {
  const missing: ClinicalDocument['missing'] = [];
  if (patient.name.given === '' && patient.name.family === '') missing.push({ field: 'name', reason: 'The document names no patient.' });
  if (patient.birthDate === null) missing.push({ field: 'birthDate', reason: birthDateNote === 'absent' ? 'The document gives no birth date.' : 'The birth date is written in a way that cannot be read without doubt.' });
  else if (patient.birthDate.length < 10) missing.push({ field: 'birthDate', reason: 'The birth date is given without its day.' });
  if (patient.sex === null) missing.push({ field: 'sex', reason: 'The document gives no sex.' });
  if (isSeveral) missing.push({ field: 'singlePatient', reason: 'The document names more than one patient.' });
  return missing;
}
