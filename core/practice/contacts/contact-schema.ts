import Joi from 'joi';
import { calendarDate, id } from '../schemas.ts';
import { keyOf, valueSchema, type CustomValues } from './contact-property.ts';
import { isWritable, type ContactGate } from './field-gate.ts';
import type { AddressView, ContactView, IdentifierView, PointView } from './contact-view.ts';

/** What a caller may send for a contact. `null` clears a field; a list that is given replaces the one that was. */
export type ContactChanges = Partial<Pick<ContactView,
  'givenName' | 'middleName' | 'familyName' | 'namePrefix' | 'nameSuffix' | 'preferredName' | 'birthDate' | 'sex' | 'genderIdentity' | 'pronouns' | 'language' |
  'maritalStatus' | 'race' | 'ethnicity' | 'deceasedOn' | 'notes' | 'preferredChannel' | 'tags' | 'ownerId'>> & {
  status?: LifecycleStatus;
  phones?: Optional<PointView, 'use'>[];
  emails?: Optional<PointView, 'use'>[];
  addresses?: Partial<AddressView>[];
  identifiers?: IdentifierView[];
  custom?: CustomValues;
};
type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;

export const LIFECYCLE = ['new', 'active', 'inactive', 'deceased'] as const;
export type LifecycleStatus = (typeof LIFECYCLE)[number];
export const STATUSES = [...LIFECYCLE, 'merged'] as const;
export const CHANNELS = ['phone', 'sms', 'email', 'portal', 'mail'] as const;
/** FHIR R4 AdministrativeGender. */
export const SEXES = ['female', 'male', 'other', 'unknown'] as const;
export const POINT_USES = ['home', 'work', 'mobile', 'other'] as const;
export const ADDRESS_USES = ['home', 'work', 'temporary', 'other'] as const;

const text = (max: number) => Joi.string().trim().min(1).max(max).allow(null);
const oneOf = (...values: readonly string[]) => Joi.string().valid(...values).allow(null);
export const tag = Joi.string().trim().max(40).pattern(/^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u).messages({ 'string.pattern.base': 'tags are letters, digits, spaces, dots, dashes' });

export const tagList = Joi.array().max(20).unique().items(tag);

const point = (value: Joi.StringSchema) => Joi.array().max(10).items(Joi.object({ use: oneOf(...POINT_USES), value: value.required() }));

const FIELDS = {
  givenName: text(100), middleName: text(100), familyName: text(100), namePrefix: text(40), nameSuffix: text(40), preferredName: text(100),
  birthDate: calendarDate({ partial: true }).allow(null), sex: oneOf(...SEXES), genderIdentity: text(60), pronouns: text(40),
  language: Joi.string().trim().max(35).pattern(/^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/).allow(null).messages({ 'string.pattern.base': 'language is a BCP 47 tag such as en or es-MX' }),
  maritalStatus: text(60), race: text(200), ethnicity: text(200), deceasedOn: calendarDate({ of: 'death' }).allow(null), notes: text(10_000),
  preferredChannel: oneOf(...CHANNELS), tags: tagList, status: Joi.string().valid(...LIFECYCLE), ownerId: id.allow(null),
  phones: point(Joi.string().trim().max(40).pattern(/\d{3}/).messages({ 'string.pattern.base': 'a phone number has at least three digits' })),
  emails: point(Joi.string().trim().max(254).email({ tlds: false }).messages({ 'string.email': 'write an e-mail address such as name@example.org' })),
  addresses: Joi.array().max(5).items(Joi.object({
    use: oneOf(...ADDRESS_USES), lines: Joi.array().max(4).items(Joi.string().trim().min(1).max(120)), city: text(100), state: text(60), postalCode: text(20), country: text(60),
  }).or('lines', 'city', 'state', 'postalCode', 'country')),
  identifiers: Joi.array().max(20).items(Joi.object({ system: Joi.string().trim().max(200).required(), value: Joi.string().trim().max(100).required() })),
};

/** What anybody may send, and what one caller may: no key for what is hidden from them or not theirs to write, one for each property of the workspace's own. */
export const changesSchema = Joi.object<ContactChanges>(FIELDS).min(1);
export const changesFor = (gate: ContactGate): Joi.ObjectSchema<ContactChanges> => Joi.object<ContactChanges>(fieldsFor(gate)).min(1);

/** A new contact has a name. */
export const createSchema = Joi.object<ContactChanges>(FIELDS).or('givenName', 'familyName');
export function createFor(gate: ContactGate): Joi.ObjectSchema<ContactChanges> {
  const names = ['givenName', 'familyName'].filter((field) => isWritable(gate, field));
  const schema = Joi.object<ContactChanges>(fieldsFor(gate));
  return names.length === 0 ? schema : schema.or(...names);
}

function fieldsFor(gate: ContactGate): Joi.PartialSchemaMap<ContactChanges> {
  const custom = gate.properties.map((property): [string, Joi.Schema] => [keyOf(property), isWritable(gate, property.name) ? valueSchema(property) : READ_ONLY]);
  return {
    ...Object.fromEntries(Object.entries(FIELDS).filter(([field]) => !gate.hidden.has(field)).map(([field, schema]) => [field, gate.readOnly.has(field) ? READ_ONLY : schema])),
    ...(custom.length === 0 ? {} : { custom: Joi.object(Object.fromEntries(custom)) }),
  };
}

const READ_ONLY = Joi.forbidden().messages({ 'any.unknown': '{{#label}} may be read by your role, not changed' });
