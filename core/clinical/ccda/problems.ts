// Problem Concern Act 2.16.840.1.113883.10.20.22.4.3 around Problem Observation .4.4 (R1.1, R2.1); CCD 10.20.1.27 around 10.20.1.28;
// IHE PCC 4.5; Hospital Admission .4.34, Discharge Diagnosis .4.33, Preoperative .4.65 and Postprocedure Diagnosis .4.51 around the same.

import { child } from '../xml-tree.ts';
import { displayOf, readConcept } from './codes.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, conceptOf, isComment, isOver, isSeverity, isStatus, nearest, related, statedStatus, statesAbsence, statusCodeOf } from './statements.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export function readProblems(statement: XmlElement, reading: Reading): Item[] {
  const observations = nearest(statement, isProblem);
  const concern = statement.name === 'act' ? statement : undefined;
  if (observations.length === 0) return readBareAct(statement, reading);
  return observations.flatMap((observation) => readProblem(observation, concern, reading) ?? []);
}

const isProblem = (statement: XmlElement): boolean =>
  statement.name === 'observation' && child(statement, 'value') !== undefined && !isStatus(statement) && !isSeverity(statement) && !isComment(statement);

function readProblem(observation: XmlElement, concern: XmlElement | undefined, reading: Reading): Item | null {
  const concept = readConcept(child(observation, 'value'), reading);
  const own = readPeriod(child(observation, 'effectiveTime'), reading);
  const around = readPeriod(child(concern, 'effectiveTime'), reading);
  // The concern's time is when it was tracked; it stands in only for a problem without any time of its own.
  const period = own.start === null && own.end === null ? around : own;
  const status = statedStatus(observation, reading) ?? (concern === undefined ? null : statedStatus(concern, reading)) ?? impliedStatus(period.end, concern);
  const severity = related(observation).find((below) => isSeverity(below.statement))?.statement;
  return buildItem({
    kind: 'problems', statement: observation, concept, period, status,
    isActive: !isOver(status) && status !== 'completed',
    isAbsence: statesAbsence(observation, concept),
    details: { severity: displayOf(child(severity, 'value'), reading), comment: commentOf(observation, reading) }
  }, reading);
}

/** C-CDA R2.1, Problem Concern Act: an end means resolved; else the concern's own state. */
function impliedStatus(end: string | null, concern: XmlElement | undefined): string | null {
  if (end !== null) return 'resolved';
  return concern === undefined ? null : statusCodeOf(concern);
}

/** A diagnosis given as the act's own code or words, without an observation. */
function readBareAct(statement: XmlElement, reading: Reading): Item[] {
  const period = readPeriod(child(statement, 'effectiveTime'), reading);
  const status = statedStatus(statement, reading) ?? impliedStatus(period.end, statement);
  const code = conceptOf(statement, reading);
  // The act's code says what kind of act it is (CONC, a LOINC section code); only SNOMED CT or ICD name a problem.
  const concept = code !== null && /^2\.16\.840\.1\.113883\.6\.(?:96|90|103|3)$/.test(code.system ?? '') ? code : null;
  const item = buildItem({ kind: 'problems', statement, concept, period, status, isActive: !isOver(status) && status !== 'completed', isAbsence: statesAbsence(statement, concept) }, reading);
  return item === null ? [] : [item];
}
