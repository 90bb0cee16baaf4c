import type { Allergy } from './allergies.ts';
import { templates, textReference, type Row } from '../clinical/writer/elements.ts';
import { code, day, instant, interval } from './ccda-types.ts';
import type { Condition, Encounter, Medication, SmokingStatus } from './history.ts';
import type { Immunization } from './immunizations.ts';
import type { PracticeProfile } from './places.ts';
import type { Procedure } from './procedures.ts';
import type { Random } from './random.ts';
import { el, type Xml } from '../clinical/writer/xml.ts';

/** A clinical statement and the narrative row it refers to. */
export type Entry = { row: Row; xml: Xml };

const id = (random: Random): Xml => el('id', { root: random.uuid() });
const status = (value: 'active' | 'completed'): Xml => el('statusCode', { code: value });

/** Problem Concern Act (4.3) holding one Problem Observation (4.4). */
export function conditionEntry(random: Random, item: Condition, rowId: string): Entry {
  const isOpen = item.resolvedDate === null;
  return {
    row: { id: rowId, cells: [item.name, item.icd10, item.onsetDate, item.resolvedDate ?? ''] },
    xml: el('act', { classCode: 'ACT', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.3:2015-08-01'), id(random),
      code('code', 'actClass', 'CONC', 'Concern'), status(isOpen ? 'active' : 'completed'), interval(item.onsetDate, item.resolvedDate),
      el('entryRelationship', { typeCode: 'SUBJ' }, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
        ...templates('2.16.840.1.113883.10.20.22.4.4:2015-08-01'), id(random),
        code('code', 'snomed', '55607006', 'Problem', code('translation', 'loinc', '75326-9', 'Problem')),
        textReference(rowId), status('completed'), interval(item.onsetDate, item.resolvedDate),
        code('value', 'snomed', item.snomed, item.name, code('translation', 'icd10', item.icd10, item.name))))),
  };
}

/** Allergy Concern Act (4.30) holding Allergy Intolerance Observation (4.7) with Reaction (4.9) and Severity (4.8). */
export function allergyEntry(random: Random, item: Allergy, rowId: string): Entry {
  const { substance, kind, reaction, severity, onsetDate } = item;
  return {
    row: { id: rowId, cells: [substance.name, reaction.name, severity.name, onsetDate] },
    xml: el('act', { classCode: 'ACT', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.30:2015-08-01'), id(random),
      code('code', 'actClass', 'CONC', 'Concern'), status('active'), interval(onsetDate, null),
      el('entryRelationship', { typeCode: 'SUBJ' }, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
        ...templates('2.16.840.1.113883.10.20.22.4.7:2014-06-09'), id(random),
        code('code', 'actCode', 'ASSERTION', 'Assertion'), textReference(rowId), status('completed'), interval(onsetDate, null),
        code('value', kind.system, kind.code, kind.name),
        el('participant', { typeCode: 'CSM' }, el('participantRole', { classCode: 'MANU' },
          el('playingEntity', { classCode: 'MMAT' }, code('code', substance.system, substance.code, substance.name)))),
        el('entryRelationship', { typeCode: 'MFST', inversionInd: 'true' }, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
          ...templates('2.16.840.1.113883.10.20.22.4.9:2014-06-09'), id(random),
          code('code', 'actCode', 'ASSERTION', 'Assertion'), status('completed'), code('value', 'snomed', reaction.code, reaction.name),
          el('entryRelationship', { typeCode: 'SUBJ', inversionInd: 'true' }, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
            ...templates('2.16.840.1.113883.10.20.22.4.8:2014-06-09'),
            code('code', 'actCode', 'SEV', 'Severity'), status('completed'), code('value', 'snomed', severity.code, severity.name)))))))),
  };
}

const ROUTES = { oral: ['C38288', 'ORAL'], inhaled: ['C38216', 'RESPIRATORY (INHALATION)'], topical: ['C38304', 'TOPICAL'] } as const;

/** Medication Activity (4.16). */
export function medicationEntry(random: Random, item: Medication, rowId: string): Entry {
  const [routeCode, routeName] = ROUTES[item.route];
  return {
    row: { id: rowId, cells: [item.name, item.sig, item.startDate, item.endDate ?? ''] },
    xml: el('substanceAdministration', { classCode: 'SBADM', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.16:2014-06-09'), id(random), textReference(rowId),
      status(item.endDate ? 'completed' : 'active'),
      interval(item.startDate, item.endDate, { 'xsi:type': 'IVL_TS' }),
      item.everyHours === null ? null
        : el('effectiveTime', { 'xsi:type': 'PIVL_TS', institutionSpecified: 'true', operator: 'A' }, el('period', { value: String(item.everyHours), unit: 'h' })),
      code('routeCode', 'nci', routeCode, routeName),
      el('doseQuantity', { value: String(item.dose.value), unit: item.dose.unit }),
      el('consumable', {}, el('manufacturedProduct', { classCode: 'MANU' },
        ...templates('2.16.840.1.113883.10.20.22.4.23:2014-06-09'),
        el('manufacturedMaterial', {}, code('code', 'rxnorm', item.rxnorm, item.name))))),
  };
}

/** Immunization Activity (4.52). */
export function immunizationEntry(random: Random, item: Immunization, rowId: string): Entry {
  return {
    row: { id: rowId, cells: [item.name, item.date, item.lot] },
    xml: el('substanceAdministration', { classCode: 'SBADM', moodCode: 'EVN', negationInd: 'false' },
      ...templates('2.16.840.1.113883.10.20.22.4.52:2015-08-01'), id(random), textReference(rowId), status('completed'),
      el('effectiveTime', { value: day(item.date) }),
      el('consumable', {}, el('manufacturedProduct', { classCode: 'MANU' },
        ...templates('2.16.840.1.113883.10.20.22.4.54:2014-06-09'),
        el('manufacturedMaterial', {}, code('code', 'cvx', item.cvx, item.name), el('lotNumberText', {}, item.lot))))),
  };
}

/** Procedure Activity Procedure (4.14). */
export function procedureEntry(random: Random, item: Procedure, rowId: string): Entry {
  return {
    row: { id: rowId, cells: [item.name, item.date] },
    xml: el('procedure', { classCode: 'PROC', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.14:2014-06-09'), id(random),
      code('code', 'snomed', item.snomed, item.name), textReference(rowId), status('completed'), el('effectiveTime', { value: day(item.date) })),
  };
}

/** SNOMED CT rather than CPT, which is not free to ship. */
const VISIT_CODES = {
  checkup: ['185349003', 'Encounter for check up'],
  followup: ['390906007', 'Follow-up encounter'],
  problem: ['185345009', 'Encounter for symptom'],
} as const;

/** Encounter Activity (4.49), with its Encounter Diagnosis (4.80) where there is one. */
export function encounterEntry(profile: PracticeProfile, random: Random, item: Encounter, rowId: string): Entry {
  const { diagnosis } = item;
  const [kindCode, kindName] = VISIT_CODES[item.kind];
  return {
    row: { id: rowId, cells: [item.reason, item.date, diagnosis?.name ?? ''] },
    xml: el('encounter', { classCode: 'ENC', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.49:2015-08-01'), id(random),
      code('code', 'snomed', kindCode, kindName, el('originalText', {}, el('reference', { value: `#${rowId}` }))),
      textReference(rowId),
      el('effectiveTime', {}, el('low', { value: instant(item.startsAt) }), el('high', { value: instant(item.endsAt) })),
      el('performer', {}, el('assignedEntity', {}, el('id', { root: profile.oid, extension: item.practitionerId }))),
      diagnosis && el('entryRelationship', { typeCode: 'COMP' }, el('act', { classCode: 'ACT', moodCode: 'EVN' },
        ...templates('2.16.840.1.113883.10.20.22.4.80:2015-08-01'), code('code', 'loinc', '29308-4', 'Diagnosis'), status('active'),
        el('entryRelationship', { typeCode: 'SUBJ' }, el('observation', { classCode: 'OBS', moodCode: 'EVN' },
          ...templates('2.16.840.1.113883.10.20.22.4.4:2015-08-01'), id(random),
          code('code', 'snomed', '282291009', 'Diagnosis', code('translation', 'loinc', '29308-4', 'Diagnosis')), status('completed'),
          interval(diagnosis.onsetDate, diagnosis.resolvedDate), code('value', 'snomed', diagnosis.snomed, diagnosis.name)))))),
  };
}

const SMOKING = {
  never: ['266919005', 'Never smoked tobacco'],
  former: ['8517006', 'Ex-smoker'],
  daily: ['449868002', 'Smokes tobacco daily'],
} as const;

/** Smoking Status, Meaningful Use (4.78). */
export function smokingEntry(random: Random, item: { status: SmokingStatus; asOf: string }, rowId: string): Entry {
  const [value, name] = SMOKING[item.status];
  return {
    row: { id: rowId, cells: ['Tobacco smoking status', name, item.asOf] },
    xml: el('observation', { classCode: 'OBS', moodCode: 'EVN' },
      ...templates('2.16.840.1.113883.10.20.22.4.78:2014-06-09'), id(random),
      code('code', 'loinc', '72166-2', 'Tobacco smoking status NHIS'), textReference(rowId), status('completed'),
      el('effectiveTime', { value: day(item.asOf) }), code('value', 'snomed', value, name)),
  };
}
