// Procedure Activity Procedure 2.16.840.1.113883.10.20.22.4.14, Observation .4.13, Act .4.12 (R1.1, R2.1); CCD 10.20.1.29; IHE PCC 4.19.

import { all, at, child, children, textOf } from '../xml-tree.ts';
import { displayOf } from './codes.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, conceptOf, isNegated, isOver, performerOf, statesAbsence, statusCodeOf } from './statements.ts';
import type { Item } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

export function readProcedures(statement: XmlElement, reading: Reading): Item[] {
  const concept = conceptOf(statement, reading);
  const status = isNegated(statement) ? 'not done' : statusCodeOf(statement);
  const devices = children(statement, 'participant').map((participant) => displayOf(at(participant, 'participantRole', 'playingDevice', 'code'), reading));
  const item = buildItem({
    kind: 'procedures', statement, concept,
    period: readPeriod(child(statement, 'effectiveTime'), reading),
    status,
    isActive: !isOver(status),
    isAbsence: statesAbsence(statement, concept),
    details: {
      bodySite: all(statement, 'targetSiteCode').map((site) => displayOf(site, reading)).filter((text) => text !== '').join(', '),
      performer: performerOf(statement),
      location: children(statement, 'participant').map((participant) => textOf(at(participant, 'participantRole', 'playingEntity', 'name'))).find((name) => name !== ''),
      device: devices.find((device) => device !== ''),
      comment: commentOf(statement, reading)
    }
  }, reading);
  return item === null ? [] : [item];
}
