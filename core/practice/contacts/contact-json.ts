import Joi from 'joi';
import { ADDRESS_USES, CHANNELS, POINT_USES, SEXES, STATUSES } from './contact-schema.ts';
import { keyOf, valueSchema } from './contact-property.ts';
import type { ContactGate } from './field-gate.ts';
import type { ContactSummary } from './contact-summary.ts';
import { nameOf, type ContactView } from './contact-view.ts';

/** A contact as the API writes it, and the schemas that say so. What is hidden from the reader is no key of it. */
export function contactJson(view: ContactView): object {
  return withoutHidden(view.hidden, {
    id: view.id, name: nameOf(view), givenName: view.givenName, middleName: view.middleName, familyName: view.familyName, namePrefix: view.namePrefix, nameSuffix: view.nameSuffix,
    preferredName: view.preferredName, birthDate: view.birthDate, sex: view.sex, genderIdentity: view.genderIdentity, pronouns: view.pronouns, language: view.language,
    maritalStatus: view.maritalStatus, race: view.race, ethnicity: view.ethnicity, deceasedOn: view.deceasedOn, notes: view.notes, preferredChannel: view.preferredChannel,
    tags: view.tags, status: view.status, ownerId: view.ownerId, phones: view.phones, emails: view.emails, addresses: view.addresses, identifiers: view.identifiers,
    ...(Object.keys(view.custom).length === 0 ? {} : { custom: view.custom }), mergedIntoId: view.mergedIntoId, access: view.access, version: view.version, createdAt: view.createdAt.toISOString(), updatedAt: view.updatedAt.toISOString(),
  });
}

/** The same for a file: what the reader may do with the record, and its version, belong to the program. */
export function exportedJson(view: ContactView): object {
  const { access: _access, version: _version, ...json } = contactJson(view) as { access: string; version: number };
  return json;
}

export function summaryJson({ hidden, ...summary }: ContactSummary): object {
  return withoutHidden(hidden, { ...summary, updatedAt: summary.updatedAt.toISOString() });
}

/** Keys of a line of a list that show another field's first value. */
const SHOWS: Readonly<Record<string, string>> = { phone: 'phones', email: 'emails' };

function withoutHidden(hidden: ReadonlySet<string>, json: object): object {
  return hidden.size === 0 ? json : Object.fromEntries(Object.entries(json).filter(([key]) => !hidden.has(SHOWS[key] ?? key)));
}

export const uuid = Joi.string().guid().required();
export const moment = Joi.string().isoDate().required();
export const textOrNull = Joi.string().allow(null).required();
const oneOf = (values: readonly string[]) => Joi.string().valid(...values).allow(null).required();
const list = (item: Joi.Schema) => Joi.array().items(item).required();
const point = Joi.object({ use: oneOf(POINT_USES), value: Joi.string().required() });

const NONE: ReadonlySet<string> = new Set();

const FIELDS = {
  id: uuid, name: Joi.string().required(), givenName: textOrNull, middleName: textOrNull, familyName: textOrNull, namePrefix: textOrNull, nameSuffix: textOrNull, preferredName: textOrNull,
  birthDate: textOrNull, sex: oneOf(SEXES), genderIdentity: textOrNull, pronouns: textOrNull, language: textOrNull, maritalStatus: textOrNull, race: textOrNull, ethnicity: textOrNull,
  deceasedOn: textOrNull, notes: textOrNull, preferredChannel: oneOf(CHANNELS), tags: list(Joi.string()), status: Joi.string().valid(...STATUSES).required(), ownerId: uuid.allow(null),
  phones: list(point), emails: list(point),
  addresses: list(Joi.object({ use: oneOf(ADDRESS_USES), lines: list(Joi.string()), city: textOrNull, state: textOrNull, postalCode: textOrNull, country: textOrNull })),
  identifiers: list(Joi.object({ system: Joi.string().required(), value: Joi.string().required() })),
  mergedIntoId: uuid.allow(null), access: Joi.string().valid('READ', 'WRITE').required(), version: Joi.number().integer().required(), createdAt: moment, updatedAt: moment,
};

/** The whole contact, and what of it one caller is shown. */
export const contactSchema = contactSchemaFor(null);
export function contactSchemaFor(gate: ContactGate | null): Joi.ObjectSchema {
  return schemaOf(gate, FIELDS);
}
export function exportedSchemaFor(gate: ContactGate | null): Joi.ObjectSchema {
  const { access: _access, version: _version, ...exported } = FIELDS;
  return schemaOf(gate, exported);
}

function schemaOf(gate: ContactGate | null, fields: Joi.SchemaMap): Joi.ObjectSchema {
  const custom = (gate?.properties ?? []).map((property): [string, Joi.Schema] => [keyOf(property), valueSchema(property).required()]);
  const keys = custom.length === 0 ? fields : { ...fields, custom: Joi.object(Object.fromEntries(custom)).required() };
  return Joi.object(withoutHidden(gate?.hidden ?? NONE, keys) as Joi.SchemaMap);
}

const SUMMARY = {
  id: uuid, name: Joi.string().required(), birthDate: textOrNull, sex: oneOf(SEXES), phone: textOrNull, email: textOrNull, status: Joi.string().valid(...STATUSES).required(),
  ownerId: uuid.allow(null), tags: list(Joi.string()), updatedAt: moment,
};

/** One page of anything. */
export const pageSchema = (item: Joi.Schema): Joi.ObjectSchema => Joi.object({ items: Joi.array().items(item).required(), nextCursor: textOrNull });
export const contactPageFor = (gate: ContactGate | null): Joi.ObjectSchema => pageSchema(Joi.object(withoutHidden(gate?.hidden ?? NONE, SUMMARY) as Joi.SchemaMap));
export const contactPageSchema = contactPageFor(null);
