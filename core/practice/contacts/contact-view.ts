import { keyOf, readValue, type CustomValues } from './contact-property.ts';
import { readTags } from './contact-tags.ts';
import type { ContactGate } from './field-gate.ts';
import type { Contact, ContactAddress, ContactIdentifier, ContactPoint, ContactValue, ShareAccess } from './model.ts';

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
  /** Properties of the workspace's own that this reader sees, by the key below `custom`; null where nothing stands. */
  custom: CustomValues;
  mergedIntoId: string | null;
  /** What the reader may do with it. */
  access: ShareAccess;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** Names of fields that do not exist for this reader; they are empty here and left out of what is shown. */
  hidden: ReadonlySet<string>;
};

export type ContactParts = { points: readonly ContactPoint[]; addresses: readonly ContactAddress[]; identifiers: readonly ContactIdentifier[]; values?: readonly ContactValue[] };

export function contactView(row: Contact, parts: ContactParts, access: ShareAccess, { hidden, properties }: ContactGate): ContactView {
  // A row's hidden columns were taken out of it as it was read.
  const text = <C extends keyof Contact>(column: C): Contact[C] | null => row[column] ?? null;
  const list = <T>(field: string, make: () => T[]): T[] => (hidden.has(field) ? [] : make());
  const points = (kind: ContactPoint['kind']): PointView[] => parts.points.filter((point) => point.kind === kind).map(({ use, value }) => ({ use, value }));
  const stored = new Map((parts.values ?? []).map(({ property, value }) => [property as string, value]));
  const custom = Object.fromEntries(properties.map((property) => [keyOf(property), stored.has(property.name) ? readValue(property, stored.get(property.name) as string) : null]));
  return {
    id: row.id, givenName: text('given_name'), middleName: text('middle_name'), familyName: text('family_name'), namePrefix: text('name_prefix'), nameSuffix: text('name_suffix'),
    preferredName: text('preferred_name'), birthDate: text('birth_date'), sex: text('sex'), genderIdentity: text('gender_identity'), pronouns: text('pronouns'), language: text('language'),
    maritalStatus: text('marital_status'), race: text('race'), ethnicity: text('ethnicity'), deceasedOn: text('deceased_on'), notes: text('notes'), preferredChannel: text('preferred_channel'),
    tags: readTags(row.tags), status: row.status, ownerId: row.owner_id, phones: list('phones', () => points('phone')), emails: list('emails', () => points('email')),
    addresses: list('addresses', () => parts.addresses.map((address) => ({
      use: address.use, lines: address.lines?.split('\n') ?? [], city: address.city, state: address.state, postalCode: address.postal_code, country: address.country,
    }))),
    identifiers: list('identifiers', () => parts.identifiers.map(({ system, value }) => ({ system, value }))),
    custom, mergedIntoId: row.merged_into_id, access, version: row.version, createdAt: row.created_at, updatedAt: row.updated_at, hidden,
  };
}

type NamedRow = Partial<Record<'given_name' | 'middle_name' | 'family_name' | 'name_suffix' | 'preferred_name', string | null>>;

/** Of the parts that are there: a hidden one is not. "Rosalind (Rosie) M. Achterberg Jr." */
export function displayName(row: NamedRow): string {
  const given = row.given_name ?? null;
  const called = row.preferred_name ?? null;
  const preferred = called !== null && called !== given ? (given === null ? called : `(${called})`) : null;
  return [given, preferred, row.middle_name, row.family_name, row.name_suffix].filter(Boolean).join(' ') || 'Unnamed';
}

export function nameOf(view: ContactView): string {
  return displayName({ given_name: view.givenName, middle_name: view.middleName, family_name: view.familyName, name_suffix: view.nameSuffix, preferred_name: view.preferredName });
}
