import type { Address, Coded, Identifier, Patient, Sex, Telecom } from '../../clinical/clinical-document.ts';
import type { Masked } from '../../clinical/writer/header.ts';
import type { AddressView, ContactView, IdentifierView, PointView } from '../contacts/contact-view.ts';

/** A contact as the patient of a clinical document. What is hidden from the reader is not in the view, so it is not here either. */
export function patientOfContact(view: ContactView): Patient {
  const { hidden } = view;
  return {
    name: { prefix: view.namePrefix ?? '', given: view.givenName ?? '', middle: view.middleName ?? '', family: view.familyName ?? '', suffix: view.nameSuffix ?? '', nickname: view.preferredName ?? '', use: 'L' },
    otherNames: [], birthDate: view.birthDate, sex: SEXES.find((sex) => sex === view.sex) ?? null, administrativeGender: null, birthSex: null, genderIdentity: inWords(view.genderIdentity)[0] ?? null,
    identifiers: view.identifiers.map(identifierOf), addresses: view.addresses.map(addressOf),
    telecoms: [...view.phones.map((point) => telecomOf('phone', point)), ...view.emails.map((point) => telecomOf('email', point))],
    languages: view.language === null ? [] : [view.language], maritalStatus: inWords(view.maritalStatus)[0] ?? null, religion: null, races: inWords(...(view.race?.split(', ') ?? [])), ethnicities: inWords(view.ethnicity),
    isDeceased: !hidden.has('deceasedOn') && view.status === 'deceased', deceasedDate: view.deceasedOn, guardians: [],
  };
}

/** Elements the US Realm Header demands, by the field that fills them. */
const DEMANDED: readonly (readonly [field: string, Masked])[] = [
  ['givenName', 'givenName'], ['familyName', 'familyName'], ['birthDate', 'birthDate'], ['sex', 'sex'], ['maritalStatus', 'maritalStatus'], ['race', 'race'], ['ethnicity', 'ethnicity'], ['identifiers', 'identifiers'],
  ['addresses', 'addresses'], ['phones', 'telecoms'], ['emails', 'telecoms'],
];

/** What is withheld and must be said to be (nullFlavor MSK): whether something stands there is not told. */
export const maskedFor = ({ hidden }: ContactView): ReadonlySet<Masked> => new Set(DEMANDED.filter(([field]) => hidden.has(field)).map(([, masked]) => masked));

const SEXES: readonly Sex[] = ['female', 'male', 'other'];
const inWords = (...texts: readonly (string | null)[]): Coded[] => texts.flatMap((display) => (display === null ? [] : [{ code: null, system: null, systemName: null, display }]));

/** `urn:oid:` and `urn:uuid:` are other spellings of a root; any other system is the name of whoever gave the number. */
function identifierOf({ system, value }: IdentifierView): Identifier {
  const root = system.replace(/^urn:(?:oid|uuid):/, '');
  return { root, extension: value, authority: null, kind: 'local', isMatchable: true };
}

/** HL7 PostalAddressUse and TelecommunicationAddressUse. */
const ADDRESS_USES = { home: 'HP', work: 'WP', temporary: 'TMP', other: null } as const;
const POINT_USES = { home: 'HP', work: 'WP', mobile: 'MC', other: null } as const;

function addressOf({ use, lines, city, state, postalCode, country }: AddressView): Address {
  return { use: use === null ? null : ADDRESS_USES[use], lines, city: city ?? '', state: state ?? '', postalCode: postalCode ?? '', country: country ?? '' };
}

function telecomOf(system: Telecom['system'], { use, value }: PointView): Telecom {
  return { system, value, use: use === null ? null : POINT_USES[use] };
}
