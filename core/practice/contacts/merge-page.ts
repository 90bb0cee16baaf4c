import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import type { Tx } from '../../db/scope.ts';
import { colleaguesOf } from '../colleagues.ts';
import { contactGate, isWritable } from './field-gate.ts';
import { wholeDay } from './contact-frame.ts';
import { nameOf, type ContactView } from './contact-view.ts';
import { TAKEABLE, type Takeable } from './merge-contacts.ts';
import { wholeContact } from './read-contact.ts';

/** What a role that sees it is told of what goes over. */
const MOVES = [['phones', 'Phones'], ['emails', 'e-mails'], ['addresses', 'addresses'], ['identifiers', 'numbers']] as const;

const LABELS: Readonly<Record<Takeable, string>> = {
  givenName: 'Given name', middleName: 'Middle name', familyName: 'Family name', namePrefix: 'Prefix', nameSuffix: 'Suffix', preferredName: 'Called', birthDate: 'Date of birth', sex: 'Sex',
  genderIdentity: 'Gender', pronouns: 'Pronouns', language: 'Language', maritalStatus: 'Marital status', race: 'Race', ethnicity: 'Ethnicity', deceasedOn: 'Date of death', notes: 'Notes',
  preferredChannel: 'Preferred channel', ownerId: 'Owner', tags: 'Tags', status: 'Status',
};

/** Where a comparison was asked for, and where it leads back to. */
export type MergeOrigin = 'duplicates' | 'waiting';
const ORIGINS: Readonly<Record<MergeOrigin, { href: string; trail: { href: string; label: string }[] }>> = {
  duplicates: { href: '/contacts/duplicates', trail: [{ href: '/contacts', label: 'Contacts' }, { href: '/contacts/duplicates', label: 'Duplicates' }] },
  waiting: { href: '/documents/waiting', trail: [{ href: '/documents/waiting', label: 'Waiting for a person' }] },
};

/** Both records side by side, before a merge. Where only the other one knows something, its value is proposed. */
export async function mergePage(tx: Tx, { survivorId, mergedId, from }: { survivorId: string; mergedId: string; from: MergeOrigin }): Promise<object> {
  authorize(tx, 'contact.merge', { type: 'contact', id: survivorId });
  const [survivor, merged, colleagues] = await Promise.all([wholeContact(tx, survivorId), wholeContact(tx, mergedId), colleaguesOf(tx)]);
  const names = new Map(colleagues.map(({ id, name }) => [id, name]));
  const shown = (view: ContactView, field: Takeable): string | null => (field === 'ownerId' ? (names.get(view.ownerId ?? '') ?? null) : (view[field] as string | null));
  const gate = await contactGate(tx);
  const parts = MOVES.filter(([field]) => !gate.hidden.has(field)).map(([, word]) => word).join(', ');
  record(tx, { action: 'contact.compared', target: { type: 'contact', id: survivorId }, detail: { otherId: mergedId } });
  return {
    from, back: ORIGINS[from].href, trail: ORIGINS[from].trail, survivorId, mergedId, sides: [sideOf('Stays', survivor), sideOf('Becomes part of it', merged)],
    rows: TAKEABLE.filter((field) => isWritable(gate, field) && survivor[field] !== merged[field]).map((field) => ({ field, label: LABELS[field], own: shown(survivor, field), other: shown(merged, field), takes: survivor[field] === null })),
    moves: ['Activities, appointments and documents.', ...(parts === '' ? [] : [`${parts.charAt(0).toUpperCase()}${parts.slice(1)}: those this contact does not have yet.`]), 'Shares: whoever could open one can open the result.', `${gate.hidden.has('tags') ? '' : 'Tags are joined. '}All of it returns when the merge is undone.`],
  };
}

/** What tells two records of one name apart. */
function sideOf(role: string, view: ContactView): object {
  return { role, id: view.id, name: nameOf(view), birthDate: wholeDay(view.birthDate), sex: view.sex, status: view.status, createdAt: view.createdAt };
}
