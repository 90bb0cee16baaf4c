import type { Request, ResponseObject, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { scopeOf } from '../../http/credentials.ts';
import type { ContactProperty } from '../../hooks.ts';
import { formErrors } from '../../http/form-errors.ts';
import { formatDate } from '../../http/formats.ts';
import { flash } from '../../http/flash.ts';
import { parse } from '../../http/refusals.ts';
import { colleaguesOf } from '../colleagues.ts';
import { formFields } from '../form-fields.ts';
import { id, oneId } from '../schemas.ts';
import { keyOf, showValue } from './contact-property.ts';
import { contactGate } from './field-gate.ts';
import { CHANNEL_LABELS } from './contact-form.ts';
import { wholeDay } from './contact-frame.ts';
import type { ContactView } from './contact-view.ts';
import { takeBackDistinction, tellApart, type Pair } from './distinctions.ts';
import { listDistinctions, listDuplicates, listMerges } from './list-duplicates.ts';
import { languageName } from './language-name.ts';
import { isAboutInput } from './list-page.ts';
import { mergeContacts, undoMerge, type Takeable } from './merge-contacts.ts';
import { mergePage, type MergeOrigin } from './merge-page.ts';
import { openedFrame } from './routes.ts';
import { endShare, listShares, shareContact } from './shares.ts';
import type { Fault } from '../../errors.ts';

type Handler = (app: App, request: Request, h: ResponseToolkit) => Promise<ResponseObject>;
const oneShare = Joi.object<{ id: string; shareId: string }>({ id: id.required(), shareId: id.required() });

export const detailsPage: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const context = await app.withWorkspace(scopeOf(request), async (tx) => {
    const { view, names: _names, ...frame } = await openedFrame(tx, contactId, 'details');
    const merges = await listMerges(tx, contactId);
    const { properties } = await contactGate(tx);
    return { ...frame, person: [...personOf(view), ...customOf(view, properties)], details: detailsOf(view), merges: merges.map(({ id: mergeId, mergedId, mergedAt }) => ({ id: mergeId, mergedId, at: mergedAt })) };
  });
  return h.page('contacts/page', context);
};

function personOf(view: ContactView): { term: string; text: string }[] {
  const partial = view.birthDate !== null && wholeDay(view.birthDate) === null ? view.birthDate : null;
  const facts: [string, string | null][] = [
    ['Born', partial], ['Sex', view.sex], ['Gender', view.genderIdentity], ['Pronouns', view.pronouns], ['Called', view.preferredName], ['Language', view.language === null ? null : languageName(view.language)], ['Marital status', view.maritalStatus],
    ['Race', view.race], ['Ethnicity', view.ethnicity], ['Died', view.deceasedOn === null || wholeDay(view.deceasedOn) === null ? view.deceasedOn : formatDate(view.deceasedOn, 'UTC')],
  ];
  return facts.flatMap(([term, text]) => (text === null ? [] : [{ term, text }]));
}

function customOf({ custom }: ContactView, properties: readonly ContactProperty[]): { term: string; text: string }[] {
  return properties.flatMap((property) => {
    const value = custom[keyOf(property)] ?? null;
    return value === null ? [] : [{ term: property.label, text: showValue(property, value) }];
  });
}

function detailsOf(view: ContactView): object {
  return {
    isReachable: [view.phones, view.emails, view.addresses].some((list) => list.length > 0),
    birthDate: wholeDay(view.birthDate), preferredChannel: view.preferredChannel === null ? null : (CHANNEL_LABELS[view.preferredChannel] ?? view.preferredChannel), notes: view.notes, identifiers: view.identifiers,
    phones: view.phones.map((point) => ({ ...point, href: `tel:${point.value.replace(/[^\d+]/g, '')}` })), emails: view.emails.map((point) => ({ ...point, href: `mailto:${point.value}` })),
    addresses: view.addresses.map(({ use, lines, city, state, postalCode, country }) => ({ use, lines: [...lines, [city, [state, postalCode].filter(Boolean).join(' ')].filter(Boolean).join(', '), country].filter(Boolean) })),
  };
}

export const sharesPage: Handler = async (app, request, h) => h.page('contacts/page', await sharesContext(app, request, {}, null));

async function sharesContext(app: App, request: Request, form: object, refusal: Fault | null): Promise<object> {
  const { id: contactId } = parse(oneId, request.params);
  return app.withWorkspace(scopeOf(request), async (tx) => {
    const { view, names, ...frame } = await openedFrame(tx, contactId, 'shares');
    const [shares, colleagues] = [await listShares(tx, contactId), await colleaguesOf(tx)];
    return {
      ...frame, form: { person: null, level: 'READ', ...form }, errors: refusal === null ? {} : formErrors(refusal, (path) => (path === 'userId' ? 'person' : path)),
      shares: shares.map((share) => ({ id: share.id, person: names.get(share.userId) ?? 'Former colleague', level: share.access, by: share.sharedBy === null ? null : (names.get(share.sharedBy) ?? null), at: share.createdAt })),
      colleagues: colleagues.filter((one) => one.isActive && one.id !== view.ownerId).map(({ id: value, name: label }) => ({ value, label })),
    };
  });
}

const shareForm = Joi.object<{ userId: string; access: 'READ' | 'WRITE' }>({ userId: id.required().messages({ 'any.required': 'choose a colleague', 'string.base': 'choose a colleague' }), access: Joi.string().valid('READ', 'WRITE').required() });

export const share: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const { person = null, level = null, ...rest } = formFields(request.payload);
  try {
    await app.withWorkspace(scopeOf(request), (tx) => shareContact(tx, { contactId, ...parse(shareForm, { ...rest, userId: person, access: level }) }));
    flash(h, 'success', 'Shared.');
    return h.redirect(`/contacts/${contactId}/shares`).code(303);
  } catch (error) {
    if (!isAboutInput(error)) throw error;
    return h.page('contacts/page', await sharesContext(app, request, { person, level }, error)).code(400);
  }
};

const confirmed = Joi.object<{ confirmed?: 'yes' }>({ confirmed: Joi.string().valid('yes') });

export const unshare: Handler = async (app, request, h) => {
  const { id: contactId, shareId } = parse(oneShare, request.params);
  if (parse(confirmed, request.payload ?? {}).confirmed === undefined) {
    return h.page('pages/confirm', { title: 'End this share?', text: 'The colleague can no longer open this contact.', consequences: [], action: request.path, word: 'End the share', cancelHref: `/contacts/${contactId}/shares`, hidden: {} });
  }
  await app.withWorkspace(scopeOf(request), (tx) => endShare(tx, { contactId, shareId }));
  flash(h, 'success', 'The share has ended.');
  return h.redirect(`/contacts/${contactId}/shares`).code(303);
};

export const duplicatesPage: Handler = async (app, request, h) => {
  const { pairs, apart } = await app.withWorkspace(scopeOf(request), async (tx) => ({ pairs: await listDuplicates(tx), apart: await listDistinctions(tx) }));
  const side = ({ birthDate, ...rest }: (typeof pairs)[number]['first']) => ({ ...rest, birthDate: wholeDay(birthDate) });
  return h.page('contacts/duplicates', {
    trail: [{ href: '/contacts', label: 'Contacts' }],
    pairs: pairs.map(({ first, second, isLikely }) => ({ first: side(first), second: side(second), likely: isLikely })), apart: apart.map(({ first, second, decidedAt }) => ({ first: side(first), second: side(second), at: decidedAt })),
  });
};

const twoContacts = Joi.object<Pair>({ firstId: id.required(), secondId: id.required() });

export const separate: Handler = async (app, request, h) => {
  await app.withWorkspace(scopeOf(request), (tx) => tellApart(tx, parse(twoContacts, request.payload)));
  flash(h, 'success', 'Remembered as two people. The list below can take it back.');
  return h.redirect('/contacts/duplicates').code(303);
};

export const askAgain: Handler = async (app, request, h) => {
  await app.withWorkspace(scopeOf(request), (tx) => takeBackDistinction(tx, parse(twoContacts, request.payload)));
  flash(h, 'success', 'Forgotten: where the two look alike, they are proposed again.');
  return h.redirect('/contacts/duplicates').code(303);
};

export const comparePage: Handler = async (app, request, h) => {
  const { id: survivorId } = parse(oneId, request.params);
  const { with: mergedId, from } = parse(Joi.object<{ with: string; from: MergeOrigin }>({ with: id.required(), from: mergeOrigin }), request.query);
  return h.page('contacts/merge', await app.withWorkspace(scopeOf(request), (tx) => mergePage(tx, { survivorId, mergedId, from })));
};

const mergeOrigin = Joi.string().valid('duplicates', 'waiting').default('duplicates');
const mergeForm = Joi.object<{ mergedId: string; from: MergeOrigin; take: Takeable[] }>({ mergedId: id.required(), from: mergeOrigin, take: Joi.array().items(Joi.string().max(40)) }); // mergeContacts says which there are

export const merge: Handler = async (app, request, h) => {
  const { id: survivorId } = parse(oneId, request.params);
  const { mergedId = null, from: asked, ...choices } = formFields(request.payload);
  const take = Object.entries(choices).flatMap(([name, choice]) => (name.startsWith('take.') ? (choice === 'other' ? [name.slice('take.'.length)] : []) : [name]));
  const { from, ...input } = parse(mergeForm, { mergedId, from: asked ?? undefined, take });
  await app.withWorkspace(scopeOf(request), (tx) => mergeContacts(tx, { survivorId, ...input }));
  flash(h, 'success', 'Merged. The contact’s details tab can take it back.');
  return h.redirect(from === 'waiting' ? '/documents/waiting' : `/contacts/${survivorId}/details`).code(303);
};

export const undo: Handler = async (app, request, h) => {
  const { id: contactId } = parse(oneId, request.params);
  const { mergeId, confirmed: answer } = parse(Joi.object<{ mergeId: string; confirmed?: 'yes' }>({ mergeId: id.required(), confirmed: Joi.string().valid('yes') }), request.payload);
  if (answer === undefined) {
    return h.page('pages/confirm', { title: 'Take this merge back?', text: 'What came over returns to the other record.', consequences: ['What was written since stays with this contact.'], action: request.path, word: 'Undo the merge', cancelHref: `/contacts/${contactId}/details`, hidden: { mergeId } });
  }
  const { mergedId } = await app.withWorkspace(scopeOf(request), (tx) => undoMerge(tx, mergeId));
  flash(h, 'success', 'The merge is undone.');
  return h.redirect(`/contacts/${mergedId}`).code(303);
};
