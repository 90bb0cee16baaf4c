import type { CcdSource } from './ccda.ts';
import { templates } from '../clinical/writer/elements.ts';
import { code, day, instant } from './ccda-types.ts';
import type { Address } from './places.ts';
import type { DemoPatient } from './practice.ts';
import type { Random } from './random.ts';
import { el, type Xml } from '../clinical/writer/xml.ts';

const NPI = '2.16.840.1.113883.4.6';
const PHONE_USE = { mobile: 'MC', home: 'HP', work: 'WP' } as const;

/** US Realm Header (2.16.840.1.113883.10.20.22.1.1:2015-08-01), in the order the schema wants. */
export function ccdaHeader(source: CcdSource, random: Random): Xml[] {
  const { patient, profile, author, writtenAt } = source;
  const time = instant(writtenAt);
  const person = el('assignedPerson', {}, el('name', {}, el('given', {}, author.given), el('family', {}, author.family)));
  const contact = [address(profile.address, 'WP'), el('telecom', { use: 'WP', value: `tel:${profile.phone}` })];
  // No NPI: every number that would pass its check digit may belong to somebody.
  const authorIds = [el('id', { root: NPI, nullFlavor: 'UNK' }), el('id', { root: profile.oid, extension: author.id })];
  const organization = (tag: string): Xml => el(tag, {}, el('id', { root: profile.oid }), el('name', {}, profile.name), contact[1] as Xml, contact[0] as Xml);
  const encounters = patient.history.encounters;
  const since = encounters[0]?.date ?? patient.registeredOn;
  return [
    el('realmCode', { code: 'US' }),
    el('typeId', { root: '2.16.840.1.113883.1.3', extension: 'POCD_HD000040' }),
    ...templates('2.16.840.1.113883.10.20.22.1.1:2015-08-01', '2.16.840.1.113883.10.20.22.1.2:2015-08-01'),
    el('id', { root: random.uuid() }),
    code('code', 'loinc', '34133-9', 'Summarization of Episode Note'),
    el('title', {}, `${profile.name}: Continuity of Care Document`),
    el('effectiveTime', { value: time }),
    code('confidentialityCode', 'confidentiality', 'N', 'normal'),
    el('languageCode', { code: 'en-US' }),
    el('recordTarget', {}, patientRole(patient, organization('providerOrganization'))),
    el('author', {}, el('time', { value: time }), el('assignedAuthor', {}, ...authorIds, ...contact, person, organization('representedOrganization'))),
    el('custodian', {}, el('assignedCustodian', {}, organization('representedCustodianOrganization'))),
    el('documentationOf', {}, el('serviceEvent', { classCode: 'PCPR' },
      el('effectiveTime', {}, el('low', { value: day(since) }), el('high', { value: time })),
      el('performer', { typeCode: 'PRF' }, el('assignedEntity', {}, ...authorIds, ...contact, person)))),
  ];
}

function patientRole(patient: DemoPatient, provider: Xml): Xml {
  const { name } = patient;
  const [sexCode, sexName] = patient.sex === 'female' ? (['F', 'Female'] as const) : (['M', 'Male'] as const);
  return el('patientRole', {},
    ...patient.identifiers.map((each) => el('id', { root: each.system, extension: each.value })),
    address(patient.address, 'HP'),
    ...patient.phones.map((phone) => el('telecom', { use: PHONE_USE[phone.use], value: `tel:${phone.value}` })),
    ...patient.emails.map((email) => el('telecom', { use: email.use === 'home' ? 'HP' : 'WP', value: `mailto:${email.value}` })),
    el('patient', {},
      el('name', { use: 'L' },
        el('given', {}, name.given),
        name.middle ? el('given', {}, name.middle) : null,
        name.preferred ? el('given', { qualifier: 'CL' }, name.preferred) : null,
        el('family', {}, name.family),
        name.suffix ? el('suffix', {}, name.suffix) : null),
      code('administrativeGenderCode', 'gender', sexCode, sexName),
      el('birthTime', { value: day(patient.birthDate) }),
      patient.deceasedDate ? el('sdtc:deceasedInd', { value: 'true' }) : null,
      patient.deceasedDate ? el('sdtc:deceasedTime', { value: day(patient.deceasedDate) }) : null,
      // Asked of every patient, recorded of none here: said so rather than invented.
      el('raceCode', { nullFlavor: 'UNK' }),
      el('ethnicGroupCode', { nullFlavor: 'UNK' }),
      el('languageCommunication', {}, el('languageCode', { code: patient.language }), el('preferenceInd', { value: 'true' }))),
    provider);
}

function address(value: Address, use: 'HP' | 'WP'): Xml {
  return el('addr', { use },
    el('streetAddressLine', {}, value.line1),
    value.line2 ? el('streetAddressLine', {}, value.line2) : null,
    el('city', {}, value.city),
    el('state', {}, value.state),
    el('postalCode', {}, value.postalCode),
    el('country', {}, value.country));
}
