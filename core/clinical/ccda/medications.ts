// Medication Activity 2.16.840.1.113883.10.20.22.4.16 (R1.1, R2.1), CCD 10.20.1.24, HITSP C83 3.88.11.83.8, IHE PCC 4.7;
// product .22.4.23, CCD 10.20.1.53. Free text sig .22.4.147, instruction .22.4.20, indication .22.4.19.

import { all, attribute, child, children, hasTemplate, textOf } from '../xml-tree.ts';
import { displayOf, readConcept } from './codes.ts';
import { readDosing } from './dosing.ts';
import { refersToRow, words } from './reading.ts';
import { isBefore } from './times.ts';
import { buildItem, commentOf, isOver, nearest, related, statedStatus, statesAbsence, statusCodeOf } from './statements.ts';
import { printQuantity, readValue } from './values.ts';
import type { Concept } from './codes.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const FREE_TEXT_SIG = '2.16.840.1.113883.10.20.22.4.147';
const INSTRUCTION_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.20', '2.16.840.1.113883.10.20.1.49', '1.3.6.1.4.1.19376.1.5.3.1.4.3'];
const INDICATION_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.19', '2.16.840.1.113883.10.20.1.28'];

export function readMedications(statement: XmlElement, reading: Reading): Item[] {
  const given = nearest(statement, (each) => each.name === 'substanceAdministration');
  const supplied = given.length > 0 ? given : nearest(statement, (each) => each.name === 'supply');
  return supplied.flatMap((each) => readMedication(each, reading) ?? []);
}

function readMedication(statement: XmlElement, reading: Reading): Item | null {
  const concept = readProduct(statement, reading);
  const { period, frequency } = readDosing(statement, reading);
  const code = statusCodeOf(statement);
  const stated = statedStatus(statement, reading);
  const below = related(statement).map((each) => each.statement);
  const status = stated ?? code;
  return buildItem({
    kind: 'medications', statement, concept, period, status,
    isActive: !isOver(status) && !isFinished(statement, period.end, stated, reading),
    isAbsence: statesAbsence(statement, concept),
    details: {
      dose: printQuantity(child(statement, 'doseQuantity'), reading) || printQuantity(child(statement, 'rateQuantity'), reading),
      route: displayOf(child(statement, 'routeCode'), reading),
      form: displayOf(child(statement, 'administrationUnitCode'), reading),
      frequency,
      instructions: sigOf(statement, below, concept, reading),
      precondition: all(statement, 'precondition', 'criterion').map((criterion) => preconditionOf(criterion, reading)).filter((text) => text !== '').join(', '),
      reason: displayOf(child(below.find((each) => hasTemplate(each, ...INDICATION_TEMPLATES)), 'value'), reading),
      comment: commentOf(statement, reading)
    }
  }, reading);
}

/** Precondition for Substance Administration (.22.4.25): the value in R2.1, in older documents the code or words alone. */
const preconditionOf = (criterion: XmlElement, reading: Reading): string =>
  readValue(child(criterion, 'value'), reading)?.text || words(child(criterion, 'text'), reading) || (attribute(child(criterion, 'code'), 'code') === 'ASSERTION' ? '' : displayOf(child(criterion, 'code'), reading));

/** The drug: material or labeled drug, its code, else its name. */
export function readProduct(statement: XmlElement, reading: Reading): Concept | null {
  const products = [...all(statement, 'consumable', 'manufacturedProduct'), ...all(statement, 'product', 'manufacturedProduct')];
  for (const product of products) {
    const drug = child(product, 'manufacturedMaterial') ?? child(product, 'manufacturedLabeledDrug');
    const concept = readConcept(child(drug, 'code'), reading);
    const name = textOf(child(drug, 'name'));
    if (concept !== null && (concept.display !== '' || concept.code !== null)) return { ...concept, display: concept.display || name };
    if (name !== '') return { code: null, system: null, systemName: null, display: name, translations: [], isNull: true };
  }
  return null;
}

/**
 * An end before the document's own day is over. `completed` alone is not: C-CDA R1.1 fixed the status code to `completed` for every
 * administration; from R2.1 (template extension 2014-06-09 and later) it means finished.
 */
function isFinished(statement: XmlElement, end: string | null, stated: string | null, reading: Reading): boolean {
  if (end !== null && (reading.documentTime === null || isBefore(end, reading.documentTime))) return true;
  if (stated !== null) return stated === 'completed';
  return statusCodeOf(statement) === 'completed' && children(statement, 'templateId').some((id) => (attribute(id, 'extension') ?? '') >= '2014');
}

function sigOf(statement: XmlElement, below: readonly XmlElement[], concept: Concept | null, reading: Reading): string {
  const sig = below.find((each) => hasTemplate(each, FREE_TEXT_SIG));
  const instruction = below.find((each) => hasTemplate(each, ...INSTRUCTION_TEMPLATES));
  const text = child(statement, 'text');
  const candidates = [words(child(sig, 'text'), reading), words(child(instruction, 'text'), reading), refersToRow(text, reading) ? '' : words(text, reading)];
  // The statement's text often repeats the drug's name and nothing else.
  return candidates.find((text) => text !== '' && text !== concept?.display) ?? '';
}
