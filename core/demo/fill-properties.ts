import { record } from '../audit/record.ts';
import type { Tx } from '../db/scope.ts';
import type { ContactProperty } from '../hooks.ts';
import { writeValue } from '../practice/contacts/contact-property.ts';
import { contactGate } from '../practice/contacts/field-gate.ts';
import { Contact, ContactValue } from '../practice/contacts/model.ts';
import { Random } from './random.ts';

const DAY_MS = 24 * 3600_000;
const CONTACTS = 40;

/** Puts something into the properties that plugins added to contacts, where chance can: nobody knows here what a free text would say. */
export async function fillProperties(tx: Tx, slug: string): Promise<void> {
  const { properties } = await contactGate(tx);
  if (properties.length === 0) return;
  const contacts = await Contact.query(tx).select('id').whereIn('status', ['active', 'new']).orderBy('id', 'desc').limit(CONTACTS);
  const rows = contacts.flatMap(({ id }, at) => properties.flatMap((property) => {
    const value = valueFor(property, new Random(`wardkeep-demo-${slug}/${property.name}/${at}`), tx.now);
    return value === null ? [] : [{ contact_id: id, property: property.name, value: writeValue(value), is_indexed: property.isIndexed }];
  }));
  if (rows.length === 0) return;
  await ContactValue.query(tx).insert(rows);
  record(tx, { action: 'demo.loaded', detail: { properties: properties.length, values: rows.length } });
}

function valueFor({ type, choices }: ContactProperty, random: Random, now: number): string | number | boolean | null {
  switch (type) {
    case 'choice': return random.pick(choices);
    case 'boolean': return random.chance(0.2);
    case 'number': return random.int(1, 12);
    case 'date': return new Date(now + random.int(-90, 270) * DAY_MS).toISOString().slice(0, 10);
    case 'text': return null;
  }
}
