import type { Coded, Item } from '../clinical-document.ts';
import { comment, concept, fixed, interval, moment, performer, relationship, statementId, statusCode, templates, textReference, words } from './elements.ts';
import { named, negation, participant, stateOf, type Written } from './entry.ts';
import { valueOf } from './measurements.ts';
import { el, type Xml } from './xml.ts';

/** Procedure Activity Procedure (4.14). */
export function procedureEntry({ item, rowId }: Written): Xml {
  const { details } = item;
  const isDone = item.status !== 'not done';
  return el('procedure', { classCode: 'PROC', moodCode: 'EVN', negationInd: isDone ? negation(item) : 'true' }, ...templates('2.16.840.1.113883.10.20.22.4.14:2014-06-09'), statementId(item.instanceId), named('code', item), textReference(rowId),
    isDone ? stateOf({ ...item, isActive: false }) : statusCode('completed'), moment(item.start, item.end), words('targetSiteCode', details.bodySite), performer(details.performer),
    details.device === undefined ? null : participant('DEV', 'MANU', el('playingDevice', {}, words('code', details.device))), location(details.location), comment(details.comment));
}

/** Encounter Activity (4.49) with its diagnoses (4.80); `codeOf` finds the code of a diagnosis that is held by its words. */
export function encounterEntry({ item, rowId }: Written, codeOf: (display: string) => Coded | undefined): Xml {
  const { details } = item;
  return el('encounter', { classCode: 'ENC', moodCode: 'EVN', negationInd: negation(item) }, ...templates('2.16.840.1.113883.10.20.22.4.49:2015-08-01'), statementId(item.instanceId), named('code', item), textReference(rowId),
    item.status === null ? null : stateOf({ ...item, isActive: false }), moment(item.start, item.end), performer(details.performer), location(details.location),
    (details.diagnoses ?? []).map((display) => diagnosis(codeOf(display) ?? { code: null, system: null, systemName: null, display }, item)), comment(details.comment));
}

function diagnosis(coded: Coded, { start }: Item): Xml {
  return relationship('COMP', el('act', { classCode: 'ACT', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.80:2015-08-01'), fixed('code', 'loinc', '29308-4', 'Diagnosis'), statusCode('active'),
    relationship('SUBJ', el('observation', { classCode: 'OBS', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.4:2015-08-01'), statementId(),
      fixed('code', 'snomed', '282291009', 'Diagnosis', fixed('translation', 'loinc', '29308-4', 'Diagnosis')), statusCode('completed'), interval(start, null), concept('value', coded)))));
}

/** Service Delivery Location (4.32). */
function location(name: string | undefined): Xml | null {
  if (!name) return null;
  return participant('LOC', 'SDLOC', ...templates('2.16.840.1.113883.10.20.22.4.32'), el('code', { nullFlavor: 'UNK' }), el('playingEntity', { classCode: 'PLC' }, el('name', {}, name)));
}

const SMOKING = '72166-2';

/** Social History Observation (4.38), for tobacco Smoking Status (4.78). */
export function socialEntry({ item, rowId }: Written): Xml {
  const template = item.code === SMOKING ? '2.16.840.1.113883.10.20.22.4.78:2014-06-09' : '2.16.840.1.113883.10.20.22.4.38:2015-08-01';
  return el('observation', { classCode: 'OBS', moodCode: 'EVN', negationInd: negation(item) }, ...templates(template), statementId(item.instanceId), named('code', item), textReference(rowId), stateOf({ ...item, isActive: false }), moment(item.start, item.end), valueOf(item), comment(item.details.comment));
}
