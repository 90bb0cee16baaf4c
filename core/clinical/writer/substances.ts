import { comment, fixed, interval, moment, performer, relationship, statementId, statusCode, templates, textReference, words } from './elements.ts';
import { named, negation, saidByCode, statedStatus, stateOf, type Written } from './entry.ts';
import { rhythms } from './dosing.ts';
import { dose } from './quantities.ts';
import { el, type Xml } from './xml.ts';

const product = (template: string, code: Xml, ...more: readonly (Xml | null)[]): Xml => el('manufacturedProduct', { classCode: 'MANU' }, ...templates(template), el('manufacturedMaterial', {}, code, more[0] ?? null), more[1] ?? null);

/** Medication Activity (4.16); what is to be done, in words, as Medication Free Text Sig (4.147). */
export function medicationEntry({ item, rowId }: Written): Xml {
  const { details } = item;
  // R1.1 called every administration completed; here that means finished.
  const current = item.isActive && item.status === 'completed' ? { ...item, status: 'active' } : item;
  return el('substanceAdministration', { classCode: 'SBADM', moodCode: 'EVN', negationInd: negation(item) },
    ...templates('2.16.840.1.113883.10.20.22.4.16:2014-06-09'), statementId(item.instanceId), textReference(rowId), stateOf(current),
    interval(item.start, item.end, { 'xsi:type': 'IVL_TS' }), rhythms(details.frequency ?? ''), words('routeCode', details.route), details.dose === undefined ? null : dose(details.dose), words('administrationUnitCode', details.form),
    el('consumable', {}, product('2.16.840.1.113883.10.20.22.4.23:2014-06-09', named('code', item))),
    freeTextSig(details.instructions), indication(details.reason), statedStatus(current, saidByCode(current)), comment(details.comment), precondition(details.precondition));
}

/** Precondition for Substance Administration (4.25). */
function precondition(text: string | undefined): Xml | null {
  if (!text) return null;
  return el('precondition', { typeCode: 'PRCN' }, el('criterion', {}, ...templates('2.16.840.1.113883.10.20.22.4.25:2014-06-09'), fixed('code', 'actCode', 'ASSERTION', 'Assertion'), words('value', text)));
}

function freeTextSig(text: string | undefined): Xml | null {
  if (!text) return null;
  return relationship('COMP', el('substanceAdministration', { classCode: 'SBADM', moodCode: 'INT' }, ...templates('2.16.840.1.113883.10.20.22.4.147'),
    el('code', { code: '76662-6', codeSystem: '2.16.840.1.113883.6.1', displayName: 'Instructions Medication' }), el('text', {}, text), el('consumable', {}, el('manufacturedProduct', {}, el('manufacturedLabeledDrug', { nullFlavor: 'NA' })))));
}

/** Indication (4.19). */
function indication(text: string | undefined): Xml | null {
  if (!text) return null;
  return relationship('RSON', el('observation', { classCode: 'OBS', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.19:2014-06-09'), statementId(),
    el('code', { code: '404684003', codeSystem: '2.16.840.1.113883.6.96', displayName: 'Finding' }), statusCode('completed'), words('value', text)));
}

/** Immunization Activity (4.52), or that it was not given and why (4.53). */
export function immunizationEntry({ item, rowId }: Written): Xml {
  const { details } = item;
  const repeat = /^\d{1,3}$/.test(details.doseNumber ?? '') ? el('repeatNumber', { value: details.doseNumber as string }) : null;
  const maker = details.manufacturer === undefined ? null : el('manufacturerOrganization', {}, el('name', {}, details.manufacturer));
  const isGiven = item.status !== 'not given';
  return el('substanceAdministration', { classCode: 'SBADM', moodCode: 'EVN', negationInd: isGiven ? (negation(item) ?? 'false') : 'true' },
    ...templates('2.16.840.1.113883.10.20.22.4.52:2015-08-01'), statementId(item.instanceId), textReference(rowId), isGiven ? stateOf(item) : statusCode('completed'), item.end === null ? moment(item.start, null) : interval(item.start, item.end, { 'xsi:type': 'IVL_TS' }), repeat,
    words('routeCode', details.route), words('approachSiteCode', details.bodySite), details.dose === undefined ? null : dose(details.dose),
    el('consumable', {}, product('2.16.840.1.113883.10.20.22.4.54:2014-06-09', named('code', item), details.lotNumber === undefined ? null : el('lotNumberText', {}, details.lotNumber), maker)),
    performer(details.performer), refusalReason(details.reason), isGiven ? statedStatus(item, saidByCode(item) ?? (item.isActive ? 'active' : 'completed')) : null, comment(details.comment));
}

function refusalReason(text: string | undefined): Xml | null {
  if (!text) return null;
  return relationship('RSON', el('observation', { classCode: 'OBS', moodCode: 'EVN' }, ...templates('2.16.840.1.113883.10.20.22.4.53'), statementId(), words('code', text), statusCode('completed')));
}
