// Encounter Activity 2.16.840.1.113883.10.20.22.4.49 (R1.1, R2.1), CCD 10.20.1.21, IHE PCC 4.14; service location .22.4.32;
// encounter diagnosis .22.4.80 around a problem observation.

import { at, attribute, child, children, hasTemplate, textOf } from '../xml-tree.ts';
import { displayOf } from './codes.ts';
import { readProblems } from './problems.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, conceptOf, isComment, isOver, nearest, performerOf, related, statesAbsence, statusCodeOf } from './statements.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

/** What is said of it in words alone is a diagnosis too; of other problems below an encounter only coded ones are. */
const ENCOUNTER_DIAGNOSIS = '2.16.840.1.113883.10.20.22.4.80';

export function readEncounters(statement: XmlElement, reading: Reading): Item[] {
  const encounters = nearest(statement, (each) => each.name === 'encounter');
  return (encounters.length > 0 ? encounters : [statement]).flatMap((each) => readEncounter(each, reading) ?? []);
}

function readEncounter(statement: XmlElement, reading: Reading): Item | null {
  const concept = conceptOf(statement, reading);
  const status = statusCodeOf(statement);
  const location = locationOf(statement, reading);
  const diagnoses = related(statement)
    .filter((below) => below.statement.name !== 'procedure' && !isComment(below.statement))
    .flatMap((below) => readProblems(below.statement, reading).filter((item) => item.code !== null || hasTemplate(below.statement, ENCOUNTER_DIAGNOSIS)));
  return buildItem({
    kind: 'encounters', statement, concept,
    fallback: location === '' ? 'Encounter' : `Encounter at ${location}`,
    period: readPeriod(child(statement, 'effectiveTime'), reading),
    status,
    isActive: !isOver(status),
    isAbsence: statesAbsence(statement, concept),
    details: { location, performer: performerOf(statement), diagnoses: [...new Set(diagnoses.map((item) => item.display))], comment: commentOf(statement, reading) }
  }, reading);
}

function locationOf(statement: XmlElement, reading: Reading): string {
  for (const participant of children(statement, 'participant')) {
    if (attribute(participant, 'typeCode') !== 'LOC') continue;
    const role = child(participant, 'participantRole');
    const name = textOf(at(role, 'playingEntity', 'name')) || displayOf(child(role, 'code'), reading);
    if (name !== '') return name;
  }
  return '';
}
