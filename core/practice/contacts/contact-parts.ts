import { quoteName } from '../../db/quote-name.ts';
import { insertRows } from '../../db/model.ts';
import type { Tx } from '../../db/scope.ts';
import type { ContactChanges } from './contact-schema.ts';
import { keyOf, writeValue } from './contact-property.ts';
import type { ContactParts } from './contact-view.ts';
import { gateOf, type ContactGate } from './field-gate.ts';
import { UNGATED } from './gated-model.ts';
import { ContactAddress, ContactIdentifier, ContactPoint, ContactValue } from './model.ts';

/** The rows a contact's lists make, list by list; what is not given is not there. `key` tells rows that stay as they are. */
function partLists(contactId: string, changes: ContactChanges, { properties }: ContactGate): PartList[] {
  const where = { contact_id: contactId };
  const lists: PartList[] = [];
  for (const [kind, points] of [['phone', changes.phones], ['email', changes.emails]] as const) {
    const rows = points?.map(({ use = null, value }, at) => ({ ...where, kind, use, value, rank: at + 1 }));
    if (rows !== undefined) lists.push({ model: ContactPoint, where: { ...where, kind }, rows, key: ['use', 'value'] });
  }
  const addresses = changes.addresses?.map(({ use = null, lines, city = null, state = null, postalCode = null, country = null }) => ({ ...where, use, lines: lines?.join('\n') || null, city, state, postal_code: postalCode, country }));
  if (addresses !== undefined) lists.push({ model: ContactAddress, where, rows: addresses, key: ['use', 'lines', 'city', 'state', 'postal_code', 'country'] });
  const identifiers = changes.identifiers?.map(({ system, value }) => ({ ...where, system, value }));
  if (identifiers !== undefined) lists.push({ model: ContactIdentifier, where, rows: identifiers, key: ['system', 'value'] });
  for (const property of properties) {
    const value = changes.custom?.[keyOf(property)];
    if (value === undefined) continue;
    const at = { ...where, property: property.name };
    lists.push({ model: ContactValue, where: at, rows: value === null ? [] : [{ ...at, value: writeValue(value), is_indexed: property.isIndexed }], key: ['value'] });
  }
  return lists;
}

type PartModel = typeof ContactPoint | typeof ContactAddress | typeof ContactIdentifier | typeof ContactValue;
type PartList = { model: PartModel; where: object; rows: readonly object[]; key: readonly string[] };

/** A new contact's phones, e-mails, addresses and identifiers; sent behind the contact itself. */
export function insertParts(tx: Tx, contactId: string, given: ContactChanges): { readonly parts: ContactParts; readonly inserted: Promise<unknown> } {
  const lists = partLists(contactId, given, gateOf(tx));
  const inserted = Promise.all(lists.map(({ model, rows }) => insertRows(tx, model as typeof ContactPoint, rows as Partial<ContactPoint>[])));
  inserted.catch(() => undefined); // whoever asked for the rows waits for it behind what else they do
  const rowsOf = (model: PartModel) => lists.filter((list) => list.model === model).flatMap(({ rows }) => rows);
  return {
    parts: { points: rowsOf(ContactPoint) as ContactPoint[], addresses: rowsOf(ContactAddress) as ContactAddress[], identifiers: rowsOf(ContactIdentifier) as ContactIdentifier[], values: rowsOf(ContactValue) as ContactValue[] },
    inserted,
  };
}

/**
 * A contact's phones, e-mails, addresses and identifiers are replaced list by list. Rows that stay as they are keep their ids, so that an
 * edit which touches one phone leaves the others' history (and a merge's undo) alone.
 */
export async function replaceParts(tx: Tx, contactId: string, changes: ContactChanges): Promise<void> {
  await Promise.all(partLists(contactId, changes, gateOf(tx)).map((list) => replaceRows(tx, list)));
}

async function replaceRows(tx: Tx, { model, where, rows: wanted, key }: PartList): Promise<void> {
  const keyOf = (row: object): string => JSON.stringify(key.map((column) => (row as Record<string, unknown>)[column]));
  const present = await (model as typeof ContactPoint).query(tx).context(UNGATED).where(where);
  const left = Map.groupBy(present, keyOf);
  const missing: object[] = [];
  for (const row of wanted) {
    const same = left.get(keyOf(row))?.shift();
    if (same === undefined) missing.push(row);
    else if ('rank' in row && same.rank !== row.rank) await tx.query(`update ${quoteName(model.tableName)} set rank = $1 where id = $2`, [row.rank, same.id]);
  }
  const gone = [...left.values()].flat().map(({ id }) => id);
  // A fixed statement like the insert behind it: one that is built first would be sent after it, and meet what it was to make room for.
  const removed = gone.length > 0 ? tx.query(`delete from ${quoteName(model.tableName)} where id = any($1)`, [gone]) : undefined;
  await Promise.all([removed, insertRows(tx, model as typeof ContactPoint, missing as Partial<ContactPoint>[])]);
}
