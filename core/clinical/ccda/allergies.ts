// Allergy Concern Act 2.16.840.1.113883.10.20.22.4.30 around Allergy Intolerance Observation .4.7 (R1.1, R2.1); CCD 10.20.1.27 around
// 10.20.1.18; IHE PCC 4.6. The substance stands in participant CSM (C-CDA, C32), in the value (IHE), or only in the narrative.

import { all, attribute, at, child, children, hasTemplate, textOf } from '../xml-tree.ts';
import { displayOf, readConcept } from './codes.ts';
import { words } from './reading.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, isComment, isNegated, isOver, isSeverity, isStatus, nearest, related, statedStatus, statesAbsence, statusCodeOf } from './statements.ts';
import type { Concept } from './codes.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

/** Reaction Observation: C-CDA .22.4.9, CCD 10.20.1.54, IHE PCC 4.5 under MFST. */
const REACTION_TEMPLATES = ['2.16.840.1.113883.10.20.22.4.9', '2.16.840.1.113883.10.20.1.54'];
/** Criticality Observation .22.4.145, LOINC 82606-5. */
const CRITICALITY_TEMPLATE = '2.16.840.1.113883.10.20.22.4.145';

/** Value set Allergy and Intolerance Type 2.16.840.1.113883.3.88.12.3221.6.2 and kin: says what sort of allergy, not to what. */
const ALLERGY_TYPES = new Set(['419199007', '416098002', '414285001', '420134006', '419511003', '418471000', '418038007', '59037007', '235719002', '232347008', '426232007', '424213003', '106190000', '782415009', '300916003', 'ALG', 'OINT', 'DALG', 'DINT', 'DNAINT', 'FALG', 'FINT', 'FNAINT', 'EALG', 'EINT', 'ENAINT', 'NAINT']);

export function readAllergies(statement: XmlElement, reading: Reading): Item[] {
  const observations = nearest(statement, isAllergy);
  const concern = statement.name === 'act' ? statement : undefined;
  return (observations.length > 0 ? observations : [statement]).flatMap((observation) => readAllergy(observation, concern, reading) ?? []);
}

const isAllergy = (statement: XmlElement): boolean => statement.name === 'observation' && !isStatus(statement) && !isSeverity(statement) && !isComment(statement) && !isReaction({ typeCode: '', statement });

function isReaction(below: { typeCode: string; statement: XmlElement }): boolean {
  return hasTemplate(below.statement, ...REACTION_TEMPLATES) || (below.typeCode === 'MFST' && !isSeverity(below.statement) && !isStatus(below.statement));
}

function readAllergy(observation: XmlElement, concern: XmlElement | undefined, reading: Reading): Item | null {
  const value = readConcept(child(observation, 'value'), reading);
  const isTypeOnly = value !== null && (value.code === null || ALLERGY_TYPES.has(value.code));
  const substance = readSubstance(observation, reading);
  const concept = substance ?? (isTypeOnly ? (value.isNull ? value : null) : value);
  const own = readPeriod(child(observation, 'effectiveTime'), reading);
  const around = readPeriod(child(concern, 'effectiveTime'), reading);
  const period = own.start === null && own.end === null ? around : own;
  const status = statedStatus(observation, reading) ?? (concern === undefined ? null : statedStatus(concern, reading)) ?? (period.end === null ? statusCodeOf(concern ?? observation) : 'resolved');
  const isAbsence = statesAbsence(observation, concept) || statesAbsence(observation, value);
  const item = buildItem({
    kind: 'allergies', statement: observation, concept,
    fallback: isTypeOnly ? words(at(observation, 'value', 'originalText'), reading) || words(child(observation, 'text'), reading) || (isAbsence ? 'Allergy' : value.display) : '',
    // `completed` is what many R1.1 products write on every concern; only a stated status ends an allergy.
    period, status, isActive: !isOver(status), isAbsence,
    details: {
      allergyType: typeOfAllergy(observation, value, reading),
      severity: severityOf(observation, reading),
      criticality: displayOf(child(related(observation).find((below) => hasTemplate(below.statement, CRITICALITY_TEMPLATE) || attribute(child(below.statement, 'code'), 'code') === '82606-5')?.statement, 'value'), reading),
      reactions: readReactions(observation, reading),
      comment: commentOf(observation, reading)
    }
  }, reading);
  if (item !== null && isNegated(observation) && !/^no\b/i.test(item.display)) item.display = /^allerg/i.test(item.display) ? 'No known allergies' : `No known allergy: ${item.display}`;
  return item;
}

/** In C-CDA the value is the type of allergy; in IHE and older products the observation's code is, and the value the substance. */
function typeOfAllergy(observation: XmlElement, value: Concept | null, reading: Reading): string {
  if (value?.code != null && ALLERGY_TYPES.has(value.code)) return attribute(child(observation, 'value'), 'displayName') ?? '';
  const code = readConcept(child(observation, 'code'), reading);
  return code === null || code.code === 'ASSERTION' ? '' : code.display;
}

function readSubstance(observation: XmlElement, reading: Reading): Concept | null {
  for (const participant of children(observation, 'participant')) {
    const entity = at(participant, 'participantRole', 'playingEntity');
    const concept = readConcept(child(entity, 'code'), reading);
    const name = textOf(child(entity, 'name'));
    if (concept !== null && (concept.display !== '' || concept.code !== null)) return { ...concept, display: concept.display || name };
    if (name !== '') return { code: null, system: null, systemName: null, display: name, translations: [], isNull: true };
  }
  return null;
}

function readReactions(observation: XmlElement, reading: Reading): { display: string; severity: string | null }[] {
  return related(observation).filter(isReaction).flatMap(({ statement }) => {
    const value = readConcept(child(statement, 'value'), reading);
    const display = value?.display || words(child(statement, 'text'), reading) || value?.code || '';
    return display === '' ? [] : [{ display, severity: severityOf(statement, reading) || null }];
  });
}

const severityOf = (statement: XmlElement, reading: Reading): string => {
  const severity = related(statement).find((below) => isSeverity(below.statement))?.statement;
  return displayOf(child(severity, 'value'), reading) || words(all(severity, 'text')[0], reading);
};
