import { comment, fixed, interval, relationship, statementId, statusCode, templates, textReference, words } from './elements.ts';
import { named, negation, severity, statedStatus, type Written } from './entry.ts';
import { el, type Xml } from './xml.ts';

const OBSERVATION = { classCode: 'OBS', moodCode: 'EVN' } as const;

/** Problem Concern Act (4.3) around one Problem Observation (4.4). */
export function problemEntry({ item, rowId }: Written): Xml {
  const concern = item.isActive || item.isAbsence ? 'active' : 'completed';
  const implied = item.end === null ? concern : 'resolved';
  const observation = el('observation', { ...OBSERVATION, negationInd: negation(item) }, ...templates('2.16.840.1.113883.10.20.22.4.4:2015-08-01'), statementId(item.instanceId),
    fixed('code', 'snomed', '55607006', 'Problem', fixed('translation', 'loinc', '75326-9', 'Problem')), textReference(rowId), statusCode('completed'), interval(item.start, item.end),
    named('value', item), statedStatus(item, implied, '2.16.840.1.113883.10.20.22.4.6:2019-06-20'), severity(item.details.severity), comment(item.details.comment));
  return concernAct('2.16.840.1.113883.10.20.22.4.3:2015-08-01', concern, item.start, item.end, observation);
}

/** Allergy Concern Act (4.30) around Allergy Intolerance Observation (4.7) with its reactions (4.9). */
export function allergyEntry({ item, rowId }: Written): Xml {
  const { details } = item;
  const concern = item.isActive || item.isAbsence ? 'active' : 'completed';
  const implied = item.end === null ? concern : 'resolved';
  const substance = { ...item, display: item.display.replace(/^No known allergy: /, '') };
  const isNamed = !/^No known allergies$/i.test(item.display) || item.code !== null;
  // Of the type only the words are held; the code says the least that may be said.
  const value = fixed('value', 'snomed', '419199007', details.allergyType ?? '');
  const observation = el('observation', { ...OBSERVATION, negationInd: isNamed ? negation(item) : 'true' }, ...templates('2.16.840.1.113883.10.20.22.4.7:2014-06-09'), statementId(item.instanceId),
    fixed('code', 'actCode', 'ASSERTION', 'Assertion'), textReference(rowId), statusCode('completed'), interval(item.start, item.end), value,
    el('participant', { typeCode: 'CSM' }, el('participantRole', { classCode: 'MANU' }, el('playingEntity', { classCode: 'MMAT' }, isNamed ? named('code', substance) : el('code', { nullFlavor: 'NA' })))),
    statedStatus(item, implied, '2.16.840.1.113883.10.20.22.4.28'), ...(details.reactions ?? []).map(reaction), severity(details.severity), criticality(details.criticality), comment(details.comment));
  return concernAct('2.16.840.1.113883.10.20.22.4.30:2015-08-01', concern, item.start, item.end, observation);
}

/** The concern is open as long as what it is about is; then it has no end (R2.1, CONF:1198-9032, 1198-10085). */
function concernAct(template: string, status: 'active' | 'completed', start: string | null, end: string | null, observation: Xml): Xml {
  const time = interval(start, null);
  const closed = end === null ? el('effectiveTime', {}, el('low', { nullFlavor: 'UNK' }), el('high', { nullFlavor: 'UNK' })) : interval(start, end);
  return el('act', { classCode: 'ACT', moodCode: 'EVN' }, ...templates(template), statementId(), fixed('code', 'actClass', 'CONC', 'Concern'), statusCode(status), status === 'active' ? time : closed, relationship('SUBJ', observation));
}

function reaction({ display, severity: grade }: { display: string; severity: string | null }): Xml {
  return relationship('MFST', el('observation', { ...OBSERVATION }, ...templates('2.16.840.1.113883.10.20.22.4.9:2014-06-09'), statementId(), fixed('code', 'actCode', 'ASSERTION', 'Assertion'), statusCode('completed'),
    words('value', display), severity(grade)), 'true');
}

/** Criticality Observation (4.145). */
function criticality(text: string | undefined): Xml | null {
  if (!text) return null;
  return relationship('SUBJ', el('observation', { ...OBSERVATION }, ...templates('2.16.840.1.113883.10.20.22.4.145'), fixed('code', 'loinc', '82606-5', 'Allergy or intolerance criticality'), statusCode('completed'), words('value', text)), 'true');
}
