import { INTERPRETATIONS } from '../ccda/results.ts';
import type { Item } from '../clinical-document.ts';
import { comment, concept, fixed, moment, performer, statementId, statusCode, templates, textReference, words } from './elements.ts';
import { named, negation, stateOf, type Written } from './entry.ts';
import { measured } from './quantities.ts';
import { el, type Xml } from './xml.ts';

/** Result Organizers (4.1), one for each panel and time, with their Result Observations (4.2). */
export function resultEntries(written: readonly Written[]): Xml[] {
  return grouped(written, ({ details, start }) => `${details.panel ?? ''}|${start}`).map((group) => {
    const { panel } = (group[0] as Written).item.details;
    const code = panel === undefined ? el('code', { nullFlavor: 'UNK' }) : concept('code', { code: null, system: null, systemName: null, display: panel });
    return organizer('BATTERY', '2.16.840.1.113883.10.20.22.4.1:2015-08-01', code, group, '2.16.840.1.113883.10.20.22.4.2:2015-08-01');
  });
}

/** Vital Signs Organizers (4.26), one for each time, with their observations (4.27). */
export function vitalSignEntries(written: readonly Written[]): Xml[] {
  const panel = fixed('translation', 'loinc', '74728-7', 'Vital signs, weight, height, head circumference, oxygen saturation and BMI panel');
  return grouped(written, ({ start }) => String(start)).map((group) => organizer('CLUSTER', '2.16.840.1.113883.10.20.22.4.26:2015-08-01', fixed('code', 'snomed', '46680005', 'Vital signs', panel), group, '2.16.840.1.113883.10.20.22.4.27:2014-06-09'));
}

function grouped(written: readonly Written[], keyOf: (item: Item) => string): Written[][] {
  return [...Map.groupBy(written, ({ item }) => keyOf(item)).values()];
}

function organizer(classCode: string, template: string, code: Xml, group: readonly Written[], observationTemplate: string): Xml {
  const { item } = group[0] as Written;
  return el('organizer', { classCode, moodCode: 'EVN' }, ...templates(template), statementId(), code, statusCode('completed'), moment(item.start, null),
    group.map((each) => el('component', {}, observation(each, observationTemplate))));
}

function observation({ item, rowId }: Written, template: string): Xml {
  const { details } = item;
  return el('observation', { classCode: 'OBS', moodCode: 'EVN', negationInd: negation(item) }, ...templates(template), statementId(item.instanceId), named('code', item), textReference(rowId), stateOf({ ...item, isActive: false }), moment(item.start, item.end),
    valueOf(item), (details.interpretation ?? '').split(', ').map(interpretation), words('targetSiteCode', details.bodySite), performer(details.performer), comment(details.comment),
    details.referenceRange === undefined ? null : el('referenceRange', {}, el('observationRange', {}, el('text', {}, details.referenceRange))));
}

/** A code where the value is one; a value is required, so that none is said to be unknown. */
export function valueOf({ details: { value, valueCode, unit = '' } }: Item): Xml {
  if (valueCode !== undefined) return concept('value', valueCode);
  return value === undefined ? el('value', { 'xsi:type': 'ST', nullFlavor: 'UNK' }) : measured(value, unit);
}

/** HL7 ObservationInterpretation (2.16.840.1.113883.5.83). */
const CODES = new Map([...INTERPRETATIONS].map(([code, word]) => [word, code]));

function interpretation(text: string): Xml | null {
  if (text === '') return null;
  const code = CODES.get(text) ?? null;
  return concept('interpretationCode', { code, system: code === null ? null : '2.16.840.1.113883.5.83', systemName: code === null ? null : 'ObservationInterpretation', display: text });
}
