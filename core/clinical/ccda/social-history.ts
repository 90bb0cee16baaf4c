// Social History Observation 2.16.840.1.113883.10.20.22.4.38, Smoking Status .4.78, Tobacco Use .4.85, Pregnancy 15.3.8, CCD 10.20.1.33;
// Birth Sex .4.200 (LOINC 76689-9), Sex .4.507 (46098-0), Gender Identity 2.16.840.1.113883.10.20.34.3.45 (76691-5).

import { attribute, child } from '../xml-tree.ts';
import { readCoded, readConcept } from './codes.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, conceptOf, nearest, statesAbsence, statusCodeOf } from './statements.ts';
import { nameInValueSet } from './value-sets.ts';
import { readValue } from './values.ts';
import { readSex } from './sex.ts';
import type { Item, Patient } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export function readSocialHistory(statement: XmlElement, reading: Reading): Item[] {
  return nearest(statement, (each) => each.name === 'observation').flatMap((each) => readObservation(each, reading) ?? []);
}

function readObservation(observation: XmlElement, reading: Reading): Item | null {
  const concept = conceptOf(observation, reading);
  const valueElement = child(observation, 'value');
  const value = readValue(valueElement, reading);
  // Smoking status came as code ASSERTION in R1.1: the value is then the whole statement.
  const isAssertion = concept?.code === 'ASSERTION' || concept === null;
  const period = readPeriod(child(observation, 'effectiveTime'), reading);
  // Asserted by a code: its own words, else the narrative's, come before the name we know for it.
  const asserted = isAssertion && value?.code ? readConcept(valueElement, reading) : null;
  const asked = isAssertion || concept === null ? null : { ...concept, display: concept.display || nameInValueSet(concept.system, concept.code) };
  return buildItem({
    kind: 'social_history', statement: observation,
    concept: asserted ?? asked,
    fallback: asserted === null ? value?.text ?? '' : '',
    period,
    status: statusCodeOf(observation),
    isActive: period.end === null || (reading.documentTime !== null && period.end >= reading.documentTime.slice(0, 10)),
    isAbsence: statesAbsence(observation, isAssertion ? null : concept),
    details: { value: value?.text, unit: value?.unit, valueCode: value?.code ?? undefined, comment: commentOf(observation, reading) }
  }, reading);
}

const BIRTH_SEX = '76689-9';
const SEX = '46098-0';
const GENDER_IDENTITY = '76691-5';

/** Birth sex and gender identity are observations of social history; sex is taken from one only where the header leaves it open. */
export function applyObservedSex(patient: Patient, statements: readonly XmlElement[], reading: Reading): void {
  for (const observation of statements.flatMap((statement) => nearest(statement, (each) => each.name === 'observation'))) {
    const code = attribute(child(observation, 'code'), 'code');
    const value = child(observation, 'value');
    if (code === GENDER_IDENTITY) patient.genderIdentity ??= readCoded(value, reading);
    if (code === BIRTH_SEX) patient.birthSex ??= readCoded(value, reading);
    if ((code === BIRTH_SEX || code === SEX) && patient.sex === null) {
      patient.sex = readSex(value, reading);
      if (patient.sex !== null) reading.repaired('sex.inferred', observation);
    }
  }
}
