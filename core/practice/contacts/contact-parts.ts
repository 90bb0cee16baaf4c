import type { Tx } from '../../db/scope.ts';
import type { ContactChanges } from './contact-schema.ts';
import { ContactAddress, ContactIdentifier, ContactPoint } from './model.ts';

/**
 * A contact's phones, e-mails, addresses and identifiers are replaced list by list. Rows that stay as they are keep their ids, so that an
 * edit which touches one phone leaves the others' history (and a merge's undo) alone.
 */
export async function replaceParts(tx: Tx, contactId: string, changes: ContactChanges): Promise<void> {
  const where = { contact_id: contactId };
  const jobs: Promise<void>[] = [];
  for (const [kind, points] of [['phone', changes.phones], ['email', changes.emails]] as const) {
    if (points === undefined) continue;
    const wanted = points.map(({ use = null, value }, at) => ({ ...where, kind, use, value, rank: at + 1 }));
    jobs.push(replaceRows(tx, ContactPoint, { ...where, kind }, wanted, ({ use, value, rank }) => [use, value, rank]));
  }
  if (changes.addresses !== undefined) {
    const wanted = changes.addresses.map((address) => ({
      ...where, use: address.use ?? null, lines: address.lines?.join('\n') || null, city: address.city ?? null, state: address.state ?? null, postal_code: address.postalCode ?? null, country: address.country ?? null,
    }));
    jobs.push(replaceRows(tx, ContactAddress, where, wanted, ({ use, lines, city, state, postal_code, country }) => [use, lines, city, state, postal_code, country]));
  }
  if (changes.identifiers !== undefined) {
    jobs.push(replaceRows(tx, ContactIdentifier, where, changes.identifiers.map(({ system, value }) => ({ ...where, system, value })), ({ system, value }) => [system, value]));
  }
  await Promise.all(jobs);
}

type PartModel = typeof ContactPoint | typeof ContactAddress | typeof ContactIdentifier;

async function replaceRows<M extends PartModel, R extends object>(tx: Tx, model: M, where: object, wanted: readonly R[], key: (row: R) => readonly unknown[]): Promise<void> {
  const present = (await (model as typeof ContactPoint).query(tx).where(where)) as unknown as (R & { id: string })[];
  const keep = new Map(present.map((row) => [JSON.stringify(key(row)), row.id]));
  const missing = wanted.filter((row) => !keep.has(JSON.stringify(key(row))));
  const kept = new Set(wanted.map((row) => keep.get(JSON.stringify(key(row)))));
  const gone = present.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
  if (gone.length > 0) await (model as typeof ContactPoint).query(tx).whereIn('id', gone).delete();
  if (missing.length > 0) await (model as typeof ContactPoint).query(tx).insert(missing as never);
}
