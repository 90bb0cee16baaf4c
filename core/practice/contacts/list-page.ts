import { can } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { Fault } from '../../errors.ts';
import { formatDate } from '../../http/formats.ts';
import { colleaguesOf } from '../colleagues.ts';
import type { Page } from '../paging.ts';
import { PAGE_SIZE } from '../schemas.ts';
import { STATUS_TONES, wholeDay } from './contact-frame.ts';
import { STATUSES } from './contact-schema.ts';
import type { ContactSummary } from './contact-summary.ts';
import { contactGate } from './field-gate.ts';
import { findContacts } from './find-contacts.ts';
import { listContacts } from './list-contacts.ts';
import { ContactValue, type Contact } from './model.ts';
import { readValue, showValue } from './contact-property.ts';

export type Search = { q?: string | undefined; status?: Contact['status'] | undefined; owner?: string | undefined; tag?: string | undefined; cursor?: string | undefined };

/** What the search box says it finds by. */
const FINDABLE = [['phones', 'phone'], ['emails', 'e-mail'], ['birthDate', 'date of birth']] as const;

/** Context of the template `contacts/list`: everybody, or whom the search finds. */
export async function contactListPage(tx: Tx, { q, status, owner, tag, cursor }: Search): Promise<object> {
  const filters = { status: status ?? null, ownerId: owner ?? null, tag: tag ?? null, cursor: cursor ?? null, limit: PAGE_SIZE };
  const page = q === undefined ? await listContacts(tx, filters) : await findContacts(tx, { ...filters, q });
  const [colleagues, own] = [await colleaguesOf(tx), await listedValues(tx, page.items)];
  const names = new Map(colleagues.map(({ id, name }) => [id, name]));
  const { actor } = tx.scope;
  const { hidden } = await contactGate(tx);
  const ways = FINDABLE.filter(([field]) => !hidden.has(field)).map(([, word]) => word);
  return {
    shows: { tags: !hidden.has('tags'), birthDate: !hidden.has('birthDate') }, hint: ['Three letters of a name', ...ways].join(', ').replace(/, ([^,]+)$/, ' or $1'),
    contacts: page.items.map((item) => ({ ...item, own: own.get(item.id) ?? [], birthDate: wholeDay(item.birthDate), statusTone: STATUS_TONES[item.status], owner: item.ownerId === null ? null : (names.get(item.ownerId) ?? null) })),
    search: { q: q ?? null, status: status ?? null, owner: owner ?? null, tag: tag ?? null }, errors: {},
    statuses: STATUSES.map((value) => ({ value, label: value })), owners: colleagues.map(({ id, name }) => ({ value: id, label: name })),
    cursor: cursorOf(page), can: { create: can(actor, 'contact.write'), import: can(actor, 'document.import'), merge: can(actor, 'contact.merge'), export: can(actor, 'contact.export') },
  };
}

/** Properties of the workspace's own that stand in lists, of those that the reader sees: a statement more only where there are some. */
async function listedValues(tx: Tx, contacts: readonly ContactSummary[]): Promise<ReadonlyMap<string, { label: string; text: string }[]>> {
  const listed = (await contactGate(tx)).properties.filter(({ isListed }) => isListed === true);
  if (listed.length === 0 || contacts.length === 0) return new Map();
  const rows = await ContactValue.query(tx).whereIn('contact_id', contacts.map(({ id }) => id)).whereIn('property', listed.map(({ name }) => name));
  const linesOf = (values: readonly ContactValue[]) => listed.flatMap((property) => values.filter(({ property: name }) => name === property.name).map(({ value }) => ({ label: property.label, text: showValue(property, readValue(property, value)) })));
  return new Map([...Map.groupBy(rows, ({ contact_id }) => contact_id)].map(([id, values]) => [id, linesOf(values)]));
}

function cursorOf({ next, previous }: Page<ContactSummary>): object {
  return { next, previous };
}

const SUGGESTIONS = 8;

/** Lines under the search box while somebody types. A field hidden from them is not even named. */
export async function suggestContacts(tx: Tx, q: string): Promise<object[]> {
  const { items } = await findContacts(tx, { q, limit: SUGGESTIONS });
  const { hidden } = await contactGate(tx);
  return items.map(({ id, name, birthDate, phone, email }) => ({ id, href: `/contacts/${id}`, name, ...(hidden.has('birthDate') ? {} : { birthDate: birthDate === null || wholeDay(birthDate) === null ? (birthDate ?? '') : formatDate(birthDate, 'UTC') }), detail: phone ?? email ?? '' }));
}

/** True for a refusal that a form answers by showing itself again. */
export function isAboutInput(error: unknown): error is Fault {
  return error instanceof Fault && (error.code === 'request.invalid' || error.code === 'contact.transition');
}
