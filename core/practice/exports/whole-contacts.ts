import type { Tx } from '../../db/scope.ts';
import { contactView, type ContactView } from '../contacts/contact-view.ts';
import { contactGate } from '../contacts/field-gate.ts';
import { ContactAddress, ContactIdentifier, ContactPoint, ContactValue } from '../contacts/model.ts';
import { visibleContacts } from '../contacts/visible-contacts.ts';

/** Contacts with all their parts, in the order of `ids`, in five statements however many they are; those the actor may not open are left out. */
export async function wholeContacts(tx: Tx, ids: readonly string[]): Promise<ContactView[]> {
  const gate = await contactGate(tx);
  const [rows, points, addresses, identifiers, values] = await Promise.all([
    visibleContacts(tx).whereIn('contacts.id', [...ids]).select('contacts.*'),
    ContactPoint.query(tx).whereIn('contact_id', [...ids]).orderBy('rank').orderBy('id'), ContactAddress.query(tx).whereIn('contact_id', [...ids]).orderBy('id'),
    ContactIdentifier.query(tx).whereIn('contact_id', [...ids]).orderBy('id'), gate.properties.length === 0 ? [] : ContactValue.query(tx).whereIn('contact_id', [...ids]),
  ]);
  const of = <P extends { contact_id: string }>(parts: readonly P[]) => { const groups = Map.groupBy(parts, ({ contact_id }) => contact_id); return (id: string): P[] => groups.get(id) ?? []; };
  const [pointsOf, addressesOf, identifiersOf, valuesOf] = [of(points), of(addresses), of(identifiers), of(values)];
  const views = new Map(rows.map((row) => [row.id, contactView(row, { points: pointsOf(row.id), addresses: addressesOf(row.id), identifiers: identifiersOf(row.id), values: valuesOf(row.id) }, 'READ', gate)]));
  return ids.flatMap((id) => views.get(id) ?? []);
}
