import type { Contact, ContactAddress, ContactIdentifier, ContactPoint, ShareAccess } from './model.ts';

/** What actions hand out: plain values in the words of the API, moments as Dates. */
export type PointView = { use: ContactPoint['use']; value: string };
export type AddressView = { use: ContactAddress['use']; lines: string[]; city: string | null; state: string | null; postalCode: string | null; country: string | null };
export type IdentifierView = { system: string; value: string };

export type ContactView = {
  id: string;
  givenName: string | null;
  middleName: string | null;
  familyName: string | null;
  namePrefix: string | null;
  nameSuffix: string | null;
  preferredName: string | null;
  birthDate: string | null;
  sex: string | null;
  genderIdentity: string | null;
  pronouns: string | null;
  language: string | null;
  maritalStatus: string | null;
  race: string | null;
  ethnicity: string | null;
  deceasedOn: string | null;
  notes: string | null;
  preferredChannel: Contact['preferred_channel'];
  tags: string[];
  status: Contact['status'];
  ownerId: string | null;
  phones: PointView[];
  emails: PointView[];
  addresses: AddressView[];
  identifiers: IdentifierView[];
  mergedIntoId: string | null;
  /** What the reader may do with it. */
  access: ShareAccess;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/** Fields that live in one column, by their names in the API. */
export const CONTACT_COLUMNS = {
  givenName: 'given_name', middleName: 'middle_name', familyName: 'family_name', namePrefix: 'name_prefix', nameSuffix: 'name_suffix', preferredName: 'preferred_name',
  birthDate: 'birth_date', sex: 'sex', genderIdentity: 'gender_identity', pronouns: 'pronouns', language: 'language', maritalStatus: 'marital_status', race: 'race',
  ethnicity: 'ethnicity', deceasedOn: 'deceased_on', notes: 'notes', preferredChannel: 'preferred_channel', tags: 'tags', status: 'status', ownerId: 'owner_id',
} as const satisfies Partial<Record<keyof ContactView, keyof Contact>>;

export type ContactParts = { points: readonly ContactPoint[]; addresses: readonly ContactAddress[]; identifiers: readonly ContactIdentifier[] };

export function contactView(row: Contact, parts: ContactParts, access: ShareAccess): ContactView {
  const points = (kind: ContactPoint['kind']): PointView[] => parts.points.filter((point) => point.kind === kind).map(({ use, value }) => ({ use, value }));
  return {
    id: row.id, givenName: row.given_name, middleName: row.middle_name, familyName: row.family_name, namePrefix: row.name_prefix, nameSuffix: row.name_suffix,
    preferredName: row.preferred_name, birthDate: row.birth_date, sex: row.sex, genderIdentity: row.gender_identity, pronouns: row.pronouns, language: row.language,
    maritalStatus: row.marital_status, race: row.race, ethnicity: row.ethnicity, deceasedOn: row.deceased_on, notes: row.notes, preferredChannel: row.preferred_channel,
    tags: row.tags, status: row.status, ownerId: row.owner_id, phones: points('phone'), emails: points('email'),
    addresses: parts.addresses.map((address) => ({
      use: address.use, lines: address.lines?.split('\n') ?? [], city: address.city, state: address.state, postalCode: address.postal_code, country: address.country,
    })),
    identifiers: parts.identifiers.map(({ system, value }) => ({ system, value })),
    mergedIntoId: row.merged_into_id, access, version: row.version, createdAt: row.created_at, updatedAt: row.updated_at,
  };
}

type NamedRow = { given_name: string | null; middle_name?: string | null; family_name: string | null; name_suffix?: string | null; preferred_name: string | null };

/** "Rosalind (Rosie) M. Achterberg Jr." */
export function displayName(row: NamedRow): string {
  const preferred = row.preferred_name !== null && row.preferred_name !== row.given_name ? (row.given_name === null ? row.preferred_name : `(${row.preferred_name})`) : null;
  return [row.given_name, preferred, row.middle_name, row.family_name, row.name_suffix].filter(Boolean).join(' ') || 'Unnamed';
}

export function nameOf(view: ContactView): string {
  return displayName({ given_name: view.givenName, middle_name: view.middleName, family_name: view.familyName, name_suffix: view.nameSuffix, preferred_name: view.preferredName });
}
