import type { Address, Identifier, Patient, Telecom } from '../clinical-document.ts';
import { concept, fixed, isUid, templates, timestamp, words } from './elements.ts';
import { el, type Xml } from './xml.ts';

/** What of the patient is withheld from whoever the document is made for. */
export type Masked = 'givenName' | 'familyName' | 'birthDate' | 'sex' | 'maritalStatus' | 'race' | 'ethnicity' | 'identifiers' | 'addresses' | 'telecoms';

export type HeaderSource = {
  /** UUID of the document. */
  readonly id: string;
  /** ISO 8601 instant. */
  readonly writtenAt: string;
  /** The practice: custodian, and assigning authority of numbers whose own has no OID. `id` is a UUID. */
  readonly practice: { readonly id: string; readonly name: string };
  readonly patient: Patient;
  readonly masked: ReadonlySet<Masked>;
};

/** US Realm Header (2.16.840.1.113883.10.20.22.1.1:2015-08-01) of a CCD (…22.1.2), in the order the schema wants. */
export function writeHeader({ id, writtenAt, practice, patient, masked }: HeaderSource): Xml[] {
  const time = timestamp(writtenAt);
  const nowhere = [el('addr', { nullFlavor: 'NI' }), el('telecom', { nullFlavor: 'NI' })];
  const organization = (tag: string): Xml => el(tag, {}, el('id', { root: practice.id }), el('name', {}, practice.name), el('telecom', { nullFlavor: 'NI' }), el('addr', { nullFlavor: 'NI' }));
  const device = el('assignedAuthoringDevice', {}, el('manufacturerModelName', {}, 'Wardkeep'), el('softwareName', {}, 'Wardkeep'));
  return [
    el('realmCode', { code: 'US' }), el('typeId', { root: '2.16.840.1.113883.1.3', extension: 'POCD_HD000040' }),
    ...templates('2.16.840.1.113883.10.20.22.1.1:2015-08-01', '2.16.840.1.113883.10.20.22.1.2:2015-08-01'),
    el('id', { root: id }), fixed('code', 'loinc', '34133-9', 'Summarization of Episode Note'), el('title', {}, `${practice.name}: patient summary`), el('effectiveTime', { value: time }),
    el('confidentialityCode', { code: 'N', codeSystem: '2.16.840.1.113883.5.25' }), el('languageCode', { code: 'en-US' }),
    el('recordTarget', {}, patientRole(patient, masked, practice.id)),
    el('author', {}, el('time', { value: time }), el('assignedAuthor', {}, el('id', { root: practice.id }), ...nowhere, device, organization('representedOrganization'))),
    el('custodian', {}, el('assignedCustodian', {}, organization('representedCustodianOrganization'))),
    el('documentationOf', {}, el('serviceEvent', { classCode: 'PCPR' }, el('effectiveTime', {}, el('low', { nullFlavor: 'UNK' }), el('high', { value: time })))),
  ];
}

function patientRole(patient: Patient, masked: ReadonlySet<Masked>, practiceId: string): Xml {
  const { name } = patient;
  /** Elements the header demands say why they are empty: withheld (MSK), or not recorded. */
  const none = (field: Masked, otherwise: 'UNK' | 'NI') => ({ nullFlavor: masked.has(field) ? 'MSK' : otherwise });
  const orNone = (elements: readonly Xml[], tag: string, field: Masked): readonly Xml[] => (elements.length > 0 ? elements : [el(tag, none(field, 'NI'))]);
  const part = (tag: string, text: string, attributes: Record<string, string> = {}): Xml | null => (text === '' ? null : el(tag, attributes, text));
  const gender = GENDERS[patient.sex ?? ''];
  const [race, ...races] = patient.races;
  return el('patientRole', {},
    ...orNone(patient.identifiers.flatMap((identifier) => identifierOf(identifier, practiceId)), 'id', 'identifiers'),
    ...orNone(patient.addresses.map(addressOf), 'addr', 'addresses'), ...orNone(patient.telecoms.map(telecomOf), 'telecom', 'telecoms'),
    el('patient', {},
      el('name', { use: 'L' }, part('prefix', name.prefix), part('given', name.given) ?? el('given', none('givenName', 'UNK')), part('given', name.middle), part('given', name.nickname, { qualifier: 'CL' }),
        part('family', name.family) ?? el('family', none('familyName', 'UNK')), part('suffix', name.suffix)),
      gender === undefined ? el('administrativeGenderCode', none('sex', 'UNK')) : el('administrativeGenderCode', { code: gender[0], codeSystem: '2.16.840.1.113883.5.1', codeSystemName: 'AdministrativeGender', displayName: gender[1] }),
      el('birthTime', patient.birthDate === null ? none('birthDate', 'UNK') : { value: timestamp(patient.birthDate) }),
      patient.isDeceased ? el('sdtc:deceasedInd', { value: 'true' }) : null, patient.deceasedDate === null ? null : el('sdtc:deceasedTime', { value: timestamp(patient.deceasedDate) }),
      patient.maritalStatus === null ? (masked.has('maritalStatus') ? el('maritalStatusCode', { nullFlavor: 'MSK' }) : null) : knownOr(MARITAL, 'maritalStatusCode', patient.maritalStatus.display, '2.16.840.1.113883.5.2', 'MaritalStatus'),
      race === undefined ? el('raceCode', none('race', 'UNK')) : knownOr(RACES, 'raceCode', race.display, CDC, CDC_NAME), ...races.map(({ display }) => knownOr(RACES, 'sdtc:raceCode', display, CDC, CDC_NAME)),
      patient.ethnicities[0] === undefined ? el('ethnicGroupCode', none('ethnicity', 'UNK')) : knownOr(ETHNICITIES, 'ethnicGroupCode', patient.ethnicities[0].display, CDC, CDC_NAME),
      patient.languages.map((code, at) => el('languageCommunication', {}, el('languageCode', { code }), el('preferenceInd', { value: String(at === 0) })))));
}

const GENDERS: Readonly<Record<string, readonly [code: string, name: string]>> = { female: ['F', 'Female'], male: ['M', 'Male'], other: ['UN', 'Undifferentiated'] };
const CDC = '2.16.840.1.113883.6.238';
const CDC_NAME = 'CDC Race and Ethnicity';
/** Value sets Race Category Excluding Nulls, Ethnicity and Marital Status, by the words contacts have. */
const RACES = new Map(Object.entries({ white: '2106-3', 'black or african american': '2054-5', asian: '2028-9', 'american indian or alaska native': '1002-5', 'native hawaiian or other pacific islander': '2076-8', 'other race': '2131-1' }));
const ETHNICITIES = new Map(Object.entries({ 'hispanic or latino': '2135-2', 'not hispanic or latino': '2186-5' }));
const MARITAL = new Map(Object.entries({ married: 'M', 'never married': 'S', single: 'S', divorced: 'D', widowed: 'W', 'legally separated': 'L', separated: 'L', 'domestic partner': 'T', annulled: 'A' }));

function knownOr(codes: ReadonlyMap<string, string>, tag: string, display: string, system: string, systemName: string): Xml {
  const code = codes.get(display.toLowerCase());
  return code === undefined ? (words(tag, display) as Xml) : concept(tag, { code, system, systemName, display });
}

/** A number whose authority is known by name alone is given under the practice's id, with the name beside it. */
function identifierOf({ root, extension, authority }: Identifier, practiceId: string): Xml[] {
  if (extension === null) return root !== null && isUid(root) ? [el('id', { root })] : [];
  return [root !== null && isUid(root) ? el('id', { root, extension, assigningAuthorityName: authority }) : el('id', { root: practiceId, extension, assigningAuthorityName: authority ?? root })];
}

/** US Realm Address (5.2), which wants street and city: where there is none it says so. */
function addressOf({ use, lines, city, state, postalCode, country }: Address): Xml {
  const part = (tag: string, text: string): Xml | null => (text === '' ? null : el(tag, {}, text));
  const street = lines.map((line) => el('streetAddressLine', {}, line));
  return el('addr', { use }, street.length > 0 ? street : el('streetAddressLine', { nullFlavor: 'NI' }), part('city', city) ?? el('city', { nullFlavor: 'NI' }), part('state', state), part('postalCode', postalCode), part('country', country));
}

/** RFC 3966 separates digits visibly: no spaces. */
function telecomOf({ system, value, use }: Telecom): Xml {
  const target = system === 'email' ? `mailto:${value}` : system === 'url' ? value : `${system === 'fax' ? 'fax' : 'tel'}:${encodeURI(value.trim().replace(/\s+/g, '-'))}`;
  return el('telecom', { use, value: target });
}
