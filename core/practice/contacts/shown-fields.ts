import type { Tx } from '../../db/scope.ts';
import { contactJson } from './contact-json.ts';
import { Contact } from './model.ts';
import { wholeContact } from './read-contact.ts';

/**
 * For proving a gate: the names of the fields that the actor is shown of the contact that was made last, read as every page reads it.
 * `null`: there is no contact yet. Values are dropped here.
 */
export async function shownFields(tx: Tx): Promise<readonly string[] | null> {
  const newest = await Contact.query(tx).orderBy('id', 'desc').select('id').first();
  if (newest === undefined) return null;
  const { custom = {}, ...own } = contactJson(await wholeContact(tx, newest.id, { anywhere: true })) as Record<string, object | undefined>;
  return [...Object.keys(own), ...Object.keys(custom).map((key) => `custom.${key}`)];
}
