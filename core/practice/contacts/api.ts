import Joi from 'joi';
import type { Tx } from '../../db/scope.ts';
import { apiRoute, type ApiAnswer, type ApiRoute, type Seen } from '../../http/api/api-route.ts';
import type { Page } from '../paging.ts';
import { cursor, id, limit, oneId } from '../schemas.ts';
import { contactJson, contactPageFor, contactPageSchema, contactSchema, contactSchemaFor, summaryJson } from './contact-json.ts';
import { changesFor, changesSchema, createFor, createSchema, STATUSES, tag, type ContactChanges } from './contact-schema.ts';
import type { ContactSummary } from './contact-summary.ts';
import type { ContactView } from './contact-view.ts';
import { contactGate, type ContactGate } from './field-gate.ts';
import { findContacts, type FindInput } from './find-contacts.ts';
import { LIST_ORDERS, listContacts, type ListInput } from './list-contacts.ts';
import { readSealedContact } from './read-contact.ts';
import { createContact, updateContact } from './write-contact.ts';

const filters = { status: Joi.string().valid(...STATUSES), ownerId: id, tag, cursor, limit };
const contact = { schema: contactSchema, name: 'Contact' };
const contacts = { schema: contactPageSchema, name: 'ContactPage' };
const LIST = { ...filters, order: Joi.string().valid(...LIST_ORDERS).default('changed') };
const FIND = { q: Joi.string().trim().min(1).max(100).required(), ...filters };
const CREATED = { 201: { description: 'The contact', ...contact } };

/** What of an operation a caller sees: no key for a field that is hidden from them. */
type Keys = (gate: ContactGate) => Omit<Seen, 'signature'>;
const MAX_GATES = 50;
export function seenBy(keys: Keys): (tx: Tx) => Promise<Seen> {
  const made = new Map<string, Seen>(); // schemas cost more than the query they describe
  return async (tx) => {
    const gate = await contactGate(tx);
    let seen = made.get(gate.signature);
    if (seen === undefined) {
      if (made.size >= MAX_GATES) made.clear();
      made.set(gate.signature, (seen = { ...keys(gate), signature: gate.signature }));
    }
    return seen;
  };
}
const oneShown: Keys = (gate) => ({ responses: { 200: { description: 'The contact; its version is the ETag', schema: contactSchemaFor(gate), name: 'Contact' } } });
const pageShown: Keys = (gate) => ({ responses: { 200: { description: 'One page', schema: contactPageFor(gate), name: 'ContactPage' } } });
export const shownFilters = <F extends object>(all: F, { hidden }: ContactGate) => Object.fromEntries(Object.entries(all).filter(([key]) => key !== 'tag' || !hidden.has('tags')));

export const CONTACT_API: readonly ApiRoute[] = [
  apiRoute({
    operation: 'listContacts', method: 'GET', path: '/contacts', tag: 'Contacts', capability: 'contact.read',
    summary: 'Contacts, last changed first',
    description: 'Names are stored sealed, so lists cannot be sorted by them. Merged contacts are left out unless `status=merged`. A contact that is changed moves to the front: whoever reads all pages asks for `order=made`, newest first, in which none is passed over.',
    query: Joi.object<ListInput>(LIST), asSeenIn: seenBy((gate) => ({ ...pageShown(gate), query: Joi.object(shownFilters(LIST, gate)) })),
    responses: { 200: { description: 'One page', ...contacts } },
    handler: async (tx, { query }) => pageAnswer(await listContacts(tx, query)),
  }),
  apiRoute({
    operation: 'searchContacts', method: 'POST', readOnly: true, path: '/contacts/search', tag: 'Contacts', capability: 'contact.read',
    summary: 'Find by name, phone, e-mail, birth date or identifier',
    description: 'Three letters of any part of the name, several words must all match; phones, dates and numbers in any usual form. POST, so that what was asked stays out of URLs.',
    body: Joi.object<FindInput>(FIND), asSeenIn: seenBy((gate) => ({ ...pageShown(gate), body: Joi.object(shownFilters(FIND, gate)) })),
    responses: { 200: { description: 'One page, best matches first', ...contacts } },
    handler: async (tx, { body }) => pageAnswer(await findContacts(tx, body)),
  }),
  apiRoute({
    operation: 'createContact', method: 'POST', path: '/contacts', tag: 'Contacts', capability: 'contact.write', idempotent: true,
    summary: 'A new contact', description: 'Owned by whoever makes it unless `ownerId` says otherwise, which takes `contact.assign`.',
    body: createSchema, asSeenIn: seenBy((gate) => ({ body: createFor(gate), responses: { 201: { ...CREATED[201], schema: contactSchemaFor(gate) } } })),
    responses: CREATED,
    handler: async (tx, { body }) => created(await createContact(tx, body)),
  }),
  apiRoute({
    operation: 'readContact', method: 'GET', path: '/contacts/{id}', tag: 'Contacts', capability: 'contact.read',
    summary: 'One contact, whole', params: oneId, asSeenIn: seenBy(oneShown),
    responses: { 200: { description: 'The contact; its version is the ETag', ...contact } },
    refusals: ['contact.not_found'],
    handler: async (tx, { params }) => { const open = await readSealedContact(tx, params.id); return () => contactAnswer(open()); },
  }),
  apiRoute({
    operation: 'updateContact', method: 'PATCH', path: '/contacts/{id}', tag: 'Contacts', capability: 'contact.write', ifMatch: true,
    summary: 'Change a contact', description: 'What is absent stays, `null` clears, a list replaces the list (RFC 7396). Takes `contact.read` as well, as the answer is the whole contact.',
    params: oneId, body: changesSchema, asSeenIn: seenBy((gate) => ({ ...oneShown(gate), body: changesFor(gate) })),
    responses: { 200: { description: 'The contact as it now is', ...contact } },
    refusals: ['contact.not_found', 'contact.read_only', 'contact.merged', 'contact.transition'],
    handler: async (tx, { params, version, body }) => contactAnswer(await updateContact(tx, { id: params.id, version, changes: body as ContactChanges })),
  }),
];

export function contactAnswer(view: ContactView): ApiAnswer {
  return { body: contactJson(view), version: view.version };
}

function created(view: ContactView): ApiAnswer {
  return { ...contactAnswer(view), status: 201, location: `/contacts/${view.id}` };
}

function pageAnswer(page: Page<ContactSummary>): ApiAnswer {
  return { body: { items: page.items.map(summaryJson), nextCursor: page.next } };
}
