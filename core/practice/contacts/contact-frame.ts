import { can } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { colleaguesOf } from '../colleagues.ts';
import { nameOf, type ContactView } from './contact-view.ts';
import type { Contact } from './model.ts';
import { wholeContact } from './read-contact.ts';

/** Tabs of a contact's page. `documents` and `clinical` are served by core/practice/documents. */
export type ContactTab = 'timeline' | 'details' | 'clinical' | 'documents' | 'shares';

const TABS: readonly (readonly [ContactTab, label: string])[] = [['timeline', 'Timeline'], ['details', 'Details'], ['clinical', 'Clinical summary'], ['documents', 'Documents'], ['shares', 'Shares']];

/** What the template `contacts/page` needs around any tab. */
export type ContactFrame = {
  contact: { id: string; name: string; birthDate: string | null; sex: string | null; status: Contact['status']; statusTone: string; mrn: string | null; owner: string | null; tags: string[]; mergedInto: string | null };
  /** When this was read: a printed page says so. */
  madeAt: Date;
  alerts: { label: string; tone: string }[];
  tab: ContactTab;
  tabs: { href: string; label: string; current: boolean; count: null }[];
  can: { write: boolean; share: boolean; merge: boolean; book: boolean; export: boolean };
};

/**
 * The frame of a contact's page, and the contact it shows. Reads the contact; the caller records what the page was opened for.
 * @throws Fault contact.not_found
 */
export async function contactFrame(tx: Tx, id: string, tab: ContactTab): Promise<ContactFrame & { view: ContactView; names: ReadonlyMap<string, string> }> {
  const [view, colleagues] = await Promise.all([wholeContact(tx, id), colleaguesOf(tx)]);
  const names = new Map(colleagues.map((colleague) => [colleague.id, colleague.name]));
  const isOwnOrAll = can(tx.scope.actor, 'contact.all') || view.ownerId === tx.scope.actor.id;
  const isWritable = view.access === 'WRITE';
  return {
    contact: {
      id, name: nameOf(view), birthDate: wholeDay(view.birthDate), sex: view.sex, status: view.status, statusTone: STATUS_TONES[view.status],
      mrn: view.identifiers.find(({ system }) => /mrn|medical record/i.test(system))?.value ?? null,
      owner: view.ownerId === null ? null : (names.get(view.ownerId) ?? null), tags: view.tags, mergedInto: view.mergedIntoId,
    },
    madeAt: new Date(tx.now),
    alerts: [],
    tab,
    tabs: TABS.map(([name, label]) => ({ href: name === 'timeline' ? `/contacts/${id}` : `/contacts/${id}/${name}`, label, current: name === tab, count: null })),
    can: {
      write: isWritable, book: isWritable && can(tx.scope.actor, 'appointment.write'), share: isOwnOrAll && view.status !== 'merged' && can(tx.scope.actor, 'contact.share'), merge: can(tx.scope.actor, 'contact.merge'), export: can(tx.scope.actor, 'contact.export'),
    },
    view,
    names,
  };
}

export const STATUS_TONES: Readonly<Record<Contact['status'], string>> = { new: 'calm', active: 'good', inactive: '', deceased: '', merged: 'warn' };

/** Some documents know no more than the year; templates write days. */
export function wholeDay(date: string | null): string | null {
  return date !== null && date.length === 10 ? date : null;
}
