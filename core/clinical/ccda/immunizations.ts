// Immunization Activity 2.16.840.1.113883.10.20.22.4.52 (R1.1, R2.1), CCD 10.20.1.24, HITSP C83 3.88.11.83.13, IHE PCC 4.12;
// product .22.4.54; refusal reason .22.4.53. CVX is 2.16.840.1.113883.12.292.

import { at, attribute, child, hasTemplate, textOf } from '../xml-tree.ts';
import { displayOf } from './codes.ts';
import { readDosing } from './dosing.ts';
import { readProduct } from './medications.ts';
import { buildItem, commentOf, isNegated, isOver, nearest, performerOf, related, statedStatus, statesAbsence, statusCodeOf } from './statements.ts';
import { printQuantity, readValue } from './values.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

const REFUSAL_REASON = '2.16.840.1.113883.10.20.22.4.53';
const SERIES_TEMPLATES = ['2.16.840.1.113883.10.20.1.46', '2.16.840.1.113883.10.20.22.4.118'];

export function readImmunizations(statement: XmlElement, reading: Reading): Item[] {
  return nearest(statement, (each) => each.name === 'substanceAdministration').flatMap((each) => readImmunization(each, reading) ?? []);
}

function readImmunization(statement: XmlElement, reading: Reading): Item | null {
  const concept = readProduct(statement, reading);
  const product = at(statement, 'consumable', 'manufacturedProduct');
  const below = related(statement).map((each) => each.statement);
  const refusal = below.find((each) => hasTemplate(each, REFUSAL_REASON));
  const isRefused = isNegated(statement);
  const status = isRefused ? 'not given' : (statedStatus(statement, reading) ?? statusCodeOf(statement));
  return buildItem({
    kind: 'immunizations', statement, concept, period: readDosing(statement, reading).period, status,
    isActive: !isOver(status),
    isAbsence: statesAbsence(statement, concept),
    details: {
      dose: printQuantity(child(statement, 'doseQuantity'), reading),
      route: displayOf(child(statement, 'routeCode'), reading),
      bodySite: displayOf(child(statement, 'approachSiteCode'), reading),
      lotNumber: textOf(at(product, 'manufacturedMaterial', 'lotNumberText')),
      manufacturer: textOf(at(product, 'manufacturerOrganization', 'name')),
      doseNumber: readValue(child(below.find((each) => hasTemplate(each, ...SERIES_TEMPLATES)), 'value'), reading)?.text ?? attribute(child(statement, 'repeatNumber'), 'value'),
      reason: displayOf(child(refusal, 'code'), reading),
      performer: performerOf(statement),
      comment: commentOf(statement, reading)
    }
  }, reading);
}
