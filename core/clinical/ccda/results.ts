// Result Organizer 2.16.840.1.113883.10.20.22.4.1 with Result Observation .4.2; Vital Signs Organizer .4.26 with Observation .4.27;
// CCD 10.20.1.32/.31 and .35; HITSP C83 .15/.14; IHE PCC 4.13. Products leave the organizer out, nest it, or put one in each entry.

import { at, child, children } from '../xml-tree.ts';
import { displayOf, readCoded } from './codes.ts';
import { words } from './reading.ts';
import { readPeriod } from './times.ts';
import { buildItem, commentOf, conceptOf, isComment, isOver, isStatus, performerOf, related, statesAbsence, statusCodeOf } from './statements.ts';
import { readValue } from './values.ts';
import type { Item, Period } from '../clinical-document.ts';
import type { Reading } from './reading.ts';
import type { XmlElement } from '../xml.ts';

type Panel = { display: string; period: Period };

export const readResults = (statement: XmlElement, reading: Reading): Item[] => readMeasurements('results', statement, { display: '', period: { start: null, end: null } }, reading);
export const readVitalSigns = (statement: XmlElement, reading: Reading): Item[] => readMeasurements('vital_signs', statement, { display: '', period: { start: null, end: null } }, reading);

function readMeasurements(kind: 'results' | 'vital_signs', statement: XmlElement, panel: Panel, reading: Reading): Item[] {
  if (statement.name === 'observation') return readObservation(kind, statement, panel, reading);
  const period = readPeriod(child(statement, 'effectiveTime'), reading);
  const inner: Panel = { display: displayOf(child(statement, 'code'), reading) || panel.display, period: period.start === null ? panel.period : period };
  return related(statement).flatMap((below) => (isComment(below.statement) || isStatus(below.statement) || below.statement.name === 'procedure' ? [] : readMeasurements(kind, below.statement, inner, reading)));
}

function readObservation(kind: 'results' | 'vital_signs', observation: XmlElement, panel: Panel, reading: Reading): Item[] {
  const concept = conceptOf(observation, reading);
  const own = readPeriod(child(observation, 'effectiveTime'), reading);
  const values = children(observation, 'value').flatMap((element) => readValue(element, reading) ?? []);
  const components = related(observation).filter((below) => below.typeCode === 'COMP' && child(below.statement, 'value') !== undefined && !isStatus(below.statement));
  const status = statusCodeOf(observation);
  const item = buildItem({
    kind, statement: observation, concept,
    period: own.start === null ? panel.period : own,
    status,
    isActive: !isOver(status),
    isAbsence: statesAbsence(observation, concept) || /^no (?:information|data|results?)\b/i.test(values[0]?.text ?? ''),
    details: {
      panel: kind === 'results' && panel.display !== concept?.display ? panel.display : '',
      value: values.map((value) => value.text).join('; ') || (components.length > 0 ? '' : valueInNarrative(observation, concept?.display, reading)),
      unit: values[0]?.unit ?? '',
      valueCode: values[0]?.code ?? undefined,
      interpretation: children(observation, 'interpretationCode').flatMap((element) => interpretationOf(element, reading)).join(', '),
      referenceRange: children(observation, 'referenceRange').map((range) => rangeOf(range, reading)).filter((text) => text !== '').join('; '),
      bodySite: displayOf(child(observation, 'targetSiteCode'), reading),
      performer: performerOf(observation),
      comment: commentOf(observation, reading)
    }
  }, reading);
  const below = components.flatMap((each) => readObservation(kind, each.statement, { display: concept?.display || panel.display, period: item === null ? panel.period : { start: item.start, end: item.end } }, reading));
  return item === null ? below : [item, ...below];
}

/** A result reported only as text beside its code. */
function valueInNarrative(observation: XmlElement, display: string | undefined, reading: Reading): string {
  const text = words(child(observation, 'text'), reading);
  return text === display ? '' : text;
}

/** HL7 ObservationInterpretation 2.16.840.1.113883.5.83. */
export const INTERPRETATIONS: ReadonlyMap<string, string> = new Map(Object.entries({
  N: 'normal', A: 'abnormal', AA: 'critically abnormal', H: 'high', HH: 'critically high', L: 'low', LL: 'critically low', HX: 'above high threshold', LX: 'below low threshold',
  S: 'susceptible', I: 'intermediate', R: 'resistant', POS: 'positive', NEG: 'negative', DET: 'detected', ND: 'not detected', IND: 'indeterminate', B: 'better', W: 'worse', U: 'up', D: 'down'
}));

function interpretationOf(element: XmlElement, reading: Reading): string[] {
  const code = readCoded(element, reading);
  return code === null ? [] : [INTERPRETATIONS.get(code.code ?? '') ?? code.display];
}

function rangeOf(range: XmlElement, reading: Reading): string {
  const observationRange = at(range, 'observationRange');
  const value = readValue(child(observationRange, 'value'), reading);
  return value === null ? words(child(observationRange, 'text'), reading) : `${value.text} ${value.unit}`.trim();
}
