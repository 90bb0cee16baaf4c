import type { ClinicalDocument, Item, Patient } from '../../clinical/clinical-document.ts';
import { fault } from '../../errors.ts';
import type { GateableField } from '../contacts/field-gate.ts';

/**
 * Field gates on documents. A clinical document names its patient, so its header is shown as far as the same fields of the contact are; what
 * its sections tell is clinical and not a field of contacts, but for the statements below.
 */
type Has = (field: GateableField) => boolean;

/** LOINC codes of social history that state a field of the contact: sex, birth sex, gender identity, pronouns, language, occupation is none. */
const STATED: Readonly<Record<string, GateableField>> = { '46098-0': 'sex', '76689-9': 'sex', '76691-5': 'genderIdentity', '90778-2': 'pronouns', '54899-0': 'language', '45404-1': 'maritalStatus' };
/** Fields that the original of a clinical document carries or may carry in its header. */
const IN_HEADER: readonly GateableField[] = [
  'givenName', 'middleName', 'familyName', 'namePrefix', 'nameSuffix', 'preferredName', 'birthDate', 'sex', 'genderIdentity', 'pronouns', 'language', 'maritalStatus', 'race', 'ethnicity', 'deceasedOn',
  'phones', 'emails', 'addresses', 'identifiers',
];

/** The patient without what `has` denies: nothing stands where the document says something. */
export function patientWith(patient: Patient, has: Has): Patient {
  const { name } = patient;
  const part = (field: GateableField, text: string) => (has(field) ? text : '');
  const names = { ...name, prefix: part('namePrefix', name.prefix), given: part('givenName', name.given), middle: part('middleName', name.middle), family: part('familyName', name.family), suffix: part('nameSuffix', name.suffix), nickname: part('preferredName', name.nickname) };
  const isNamedWhole = (['givenName', 'middleName', 'familyName', 'preferredName', 'namePrefix', 'nameSuffix'] as const).every(has);
  return {
    ...patient, name: names, otherNames: isNamedWhole ? patient.otherNames : [], birthDate: has('birthDate') ? patient.birthDate : null,
    ...(has('sex') ? {} : { sex: null, administrativeGender: null, birthSex: null }), genderIdentity: has('genderIdentity') ? patient.genderIdentity : null,
    identifiers: has('identifiers') ? patient.identifiers : [], addresses: has('addresses') ? patient.addresses : [],
    telecoms: patient.telecoms.filter(({ system }) => has(system === 'email' ? 'emails' : 'phones')), languages: has('language') ? patient.languages : [],
    maritalStatus: has('maritalStatus') ? patient.maritalStatus : null, races: has('race') ? patient.races : [], ethnicities: has('ethnicity') ? patient.ethnicities : [],
    ...(has('deceasedOn') ? {} : { isDeceased: false, deceasedDate: null }),
  };
}

/** The document as somebody sees it from whom these fields are hidden. */
export function documentWithout(document: ClinicalDocument, hidden: ReadonlySet<string>): ClinicalDocument {
  if (hidden.size === 0) return document;
  const saysHidden = Object.values(STATED).some((field) => hidden.has(field));
  return {
    ...document,
    patient: patientWith(document.patient, (field) => !hidden.has(field)),
    missing: document.missing.filter(({ field }) => !hidden.has(field) && !(field === 'name' && (hidden.has('givenName') || hidden.has('familyName')))),
    // The narrative of a section with such statements says them again, in words.
    sections: document.sections.map((section) => ({ ...section, items: section.items.filter((item) => !states(item, hidden)), narrativeHtml: saysHidden && section.kind === 'social_history' ? '' : section.narrativeHtml })),
  };
}

function states({ code, translations }: Item, hidden: ReadonlySet<string>): boolean {
  return [code, ...translations.map((each) => each.code)].some((each) => each !== null && STATED[each] !== undefined && hidden.has(STATED[each]));
}

/** An original is given byte for byte or not at all. @throws Fault access.denied */
export function refuseOriginal(hidden: ReadonlySet<string>, id: string): void {
  if (IN_HEADER.some((field) => hidden.has(field))) throw fault('access.denied', { refused: { action: 'document.read_refused', target: { type: 'document', id }, detail: {} } });
}
