import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault, fault } from '../../errors.ts';
import { ask } from '../../hooks.ts';
import { credentialsOf, scopeOf } from '../../http/credentials.ts';
import { flash } from '../../http/flash.ts';
import { parse } from '../../http/refusals.ts';
import { formFields, type FormFields } from '../form-fields.ts';
import { cursor, id, oneId, PAGE_SIZE } from '../schemas.ts';
import { changesOfForm, changesTo, contactFormPage, fieldsOfContact, isContactField } from './contact-form.ts';
import { contactGate, type ContactGate } from './field-gate.ts';
import { contactFrame } from './contact-frame.ts';
import { changesFor, createFor, STATUSES, tag } from './contact-schema.ts';
import { contactListPage, isAboutInput, suggestContacts, type Search } from './list-page.ts';
import { wholeContact } from './read-contact.ts';
import { openSearch, sealSearch } from './sealed-search.ts';
import { readTimeline } from './timeline.ts';
import { timelineDays } from './timeline-page.ts';
import { createContact, updateContact } from './write-contact.ts';
import { writableContact } from './visible-contacts.ts';

const blank = Joi.any().valid('').empty('');
const searchForm = Joi.object<Search>({ q: Joi.string().trim().max(100).empty(''), status: Joi.string().valid(...STATUSES).empty(''), owner: id.empty(''), tag: tag.empty(''), cursor: cursor.empty(blank) });
const timelineQuery = Joi.object<{ cursor?: string }>({ cursor });

type Handler = (app: App, request: Request, h: ResponseToolkit) => Promise<ResponseObject>;

/** The first page of everybody. */
export const listPage: Handler = async (app, request, h) => h.page('contacts/list', await app.withWorkspace(scopeOf(request), async (tx) => ({ ...(await contactListPage(tx, {})), cards: await ask(tx, 'dashboardCard', {}) })));

/** Answers with an address of its own, so that the way back from a contact leads to what was found. */
export const search: Handler = async (app, request, h) => {
  const asked = parse(searchForm, request.payload ?? {});
  return h.redirect(Object.keys(asked).length === 0 ? '/contacts' : `/contacts/search?for=${sealSearch(app.formKey, scopeOf(request), asked)}`).code(303);
};

export const foundPage: Handler = async (app, request, h) => {
  const { for: sealed } = parse(Joi.object<{ for?: string }>({ for: Joi.string().max(2000) }), request.query);
  const asked = sealed === undefined ? null : openSearch(app.formKey, scopeOf(request), sealed);
  if (asked === null) return h.redirect('/contacts');
  return h.page('contacts/list', await app.withWorkspace(scopeOf(request), (tx) => contactListPage(tx, parse(searchForm, asked))));
};

/** JSON for the search box: see core/http/public/js/typeahead.js. */
export const suggest: Handler = async (app, request, h) => {
  const { q } = parse(Joi.object<{ q: string }>({ q: Joi.string().trim().max(100).allow('').required() }), request.payload);
  return h.response(q === '' ? [] : await app.withWorkspace(scopeOf(request), (tx) => suggestContacts(tx, q)));
};

export const timelinePage: Handler = async (app, request, h) => {
  const { params: { id: contactId }, query } = { params: parse(oneId, request.params), query: parse(timelineQuery, request.query) };
  const { workspace: { timeZone } } = credentialsOf(request);
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const { view: _view, names, ...frame } = await openedFrame(tx, contactId, 'timeline');
    const timeline = await readTimeline(tx, contactId, { cursor: query.cursor ?? null, limit: PAGE_SIZE });
    const here = `/contacts/${contactId}`;
    const panels = await ask(tx, 'contactPanel', { contactId });
    return { ...frame, panels, days: timelineDays(timeline, names, timeZone, tx.now), olderHref: timeline.older === null ? null : `${here}?cursor=${timeline.older}`, newestHref: query.cursor === undefined ? null : here };
  });
  return h.page('contacts/page', context);
};

/** The frame of a tab, with its entry in the record: a contact's page was opened. */
export async function openedFrame(tx: Parameters<typeof contactFrame>[0], contactId: string, tab: Parameters<typeof contactFrame>[2]): ReturnType<typeof contactFrame> {
  const target = { type: 'contact', id: contactId };
  authorize(tx, 'contact.read', target);
  const frame = await contactFrame(tx, contactId, tab);
  record(tx, { action: 'contact.read', target, detail: { tab } });
  return frame;
}

export const newPage: Handler = async (app, request, h) => {
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'contact.write');
    const { actor } = tx.scope;
    return contactFormPage(tx, { contact: null, fields: { ownerId: actor.kind === 'user' ? actor.id : null } });
  });
  return h.page('contacts/form', context);
};

export const create: Handler = async (app, request, h) => {
  const fields = formFields(request.payload);
  try {
    const { id: created } = await app.withWorkspace(scopeOf(request), async (tx) => {
      const gate = await sentFields(tx, fields);
      return createContact(tx, parse(createFor(gate), withoutNulls(changesOfForm(fields, gate))));
    });
    flash(h, 'success', 'Contact saved.');
    return h.redirect(`/contacts/${created}`).code(303);
  } catch (error) {
    if (!isAboutInput(error)) throw error;
    return h.page('contacts/form', await app.withWorkspace(scopeOf(request), (tx) => contactFormPage(tx, { contact: null, fields, refusal: named(error) }))).code(400);
  }
};

export const editPage: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const target = { type: 'contact', id: contactId };
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    authorize(tx, 'contact.write', target);
    await writableContact(tx, contactId);
    const contact = await wholeContact(tx, contactId);
    record(tx, { action: 'contact.read', target, detail: { tab: 'edit' } });
    return contactFormPage(tx, { contact, fields: fieldsOfContact(contact) });
  });
  return h.page('contacts/form', context);
};

export const update: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const fields = formFields(request.payload);
  try {
    await app.withWorkspace(scopeOf(request), async (tx) => {
      const gate = await sentFields(tx, fields);
      authorize(tx, 'contact.write', { type: 'contact', id: contactId });
      await writableContact(tx, contactId);
      const changes = changesTo(await wholeContact(tx, contactId), fields, gate);
      if (Object.keys(changes).length > 0) await updateContact(tx, { id: contactId, version: Number(fields['version'] ?? 0), changes: parse(changesFor(gate), changes) });
    });
    flash(h, 'success', 'Contact saved.');
    return h.redirect(`/contacts/${contactId}/details`).code(303);
  } catch (error) {
    const isStale = error instanceof Fault && error.code === 'request.stale';
    if (!isStale && !isAboutInput(error)) throw error;
    return showAgain(app, request, h, contactId, fields, isStale ? null : named(error));
  }
};

/** The form as it was sent, with what was wrong, or with what somebody else saved meanwhile. */
async function showAgain(app: App, request: Request, h: ResponseToolkit, contactId: string, fields: FormFields, refusal: Fault | null): Promise<ResponseObject> {
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const contact = await wholeContact(tx, contactId);
    record(tx, { action: 'contact.read', target: { type: 'contact', id: contactId }, detail: { tab: 'edit' } });
    if (refusal === null) return contactFormPage(tx, { contact, fields, theirs: contact });
    return { ...(await contactFormPage(tx, { contact, fields, refusal })), version: Number(fields['version'] ?? 0) };
  });
  return h.page('contacts/form', context).code(refusal === null ? 409 : 400);
}

/** @throws Fault request.invalid for a field that is none, or none that this person may send */
async function sentFields(tx: Tx, fields: FormFields): Promise<ContactGate> {
  const gate = await contactGate(tx);
  const unknown = Object.keys(fields).find((name) => !isContactField(name, gate));
  if (unknown !== undefined) throw fault('request.invalid', { fields: [{ path: unknown, text: 'is not allowed' }] });
  return gate;
}

/** A new contact has nothing to clear. */
function withoutNulls<T extends object>(changes: T): T {
  const kept = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null));
  return (kept['custom'] === undefined ? kept : { ...kept, custom: withoutNulls(kept['custom'] as object) }) as T;
}

/** A fault that names no field is shown at the one it is about. */
function named(error: unknown): Fault {
  const refusal = error as Fault;
  if (refusal.code === 'contact.transition') return fault('request.invalid', { fields: [{ path: 'status', text: refusal.message }] });
  return fault('request.invalid', { fields: refusal.fields.map(({ path, text }) => (path === '' ? { path: 'familyName', text: 'a contact has a name' } : { path, text })) });
}
