import type { Request, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { scopeOf } from '../../http/credentials.ts';
import { parse } from '../../http/refusals.ts';
import { wholeDay } from '../contacts/contact-frame.ts';
import { findContacts } from '../contacts/find-contacts.ts';
import { openSearch, sealSearch } from '../contacts/sealed-search.ts';
import { oneId } from '../schemas.ts';
import { readWaitingDocument } from './reviews.ts';

/** Whose a waiting document is, looked up among those who are here. What is searched for is in bodies, in the address only sealed. */
const FOUND_MAX = 20;
const searchForm = Joi.object<{ q?: string }>({ q: Joi.string().trim().max(100).empty('') });

export async function searchContact(app: App, request: Request, h: ResponseToolkit) {
  const { id } = parse(oneId, request.params);
  const { q } = parse(searchForm, request.payload);
  const scope = scopeOf(request);
  await app.withWorkspace(scope, (tx) => readWaitingDocument(tx, id));
  return h.redirect(`/documents/${id}/contact${q === undefined ? '' : `?for=${sealSearch(app.formKey, scope, { q })}`}`).code(303);
}

export async function chooseContactPage(app: App, request: Request, h: ResponseToolkit) {
  const { id } = parse(oneId, request.params);
  const { for: sealed } = parse(Joi.object<{ for?: string }>({ for: Joi.string().max(2000) }), request.query);
  const scope = scopeOf(request);
  const { q } = parse(searchForm, (sealed === undefined ? null : openSearch(app.formKey, scope, sealed)) ?? {});
  const context = await app.withWorkspace(scope, async (tx) => {
    const document = await readWaitingDocument(tx, id);
    const found = q === undefined ? null : await findContacts(tx, { q, limit: FOUND_MAX });
    const contacts = found?.items.map(({ id: contactId, name, birthDate, sex, phone, email }) => ({ id: contactId, name, birthDate: wholeDay(birthDate), sex, phone, email })) ?? [];
    const { givenName, familyName, birthDate, sex } = document.suggested;
    return { document, patient: { name: [givenName, familyName].filter(Boolean).join(' '), birthDate: wholeDay(birthDate), sex }, q: q ?? null, contacts, hasMore: (found?.next ?? null) !== null };
  });
  return h.page('documents/choose', context);
}
