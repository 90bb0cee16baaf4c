import { authorize } from '../../access/authorize.ts';
import type { AuditEntry } from '../../audit/entry.ts';
import { ENTRY_COLUMNS, entryOf, type EntryRow } from '../../audit/entry-of.ts';
import { record } from '../../audit/record.ts';
import { readPage, type Place } from '../../audit/store/log-page.ts';
import { ServiceAccount } from '../../auth/service-accounts/model.ts';
import { User } from '../../auth/user.ts';
import type { Tx } from '../../db/scope.ts';
import { wantedBy, type Filters } from './filters.ts';

export type EntryPage = { readonly entries: readonly AuditEntry[]; readonly hasOlder: boolean; readonly hasNewer: boolean };
export type Choice = { readonly value: string; readonly label: string };

const PAGE = 50;

/** One page of the log, newest first, as signed. Looking is itself on the record. */
export async function listEntries(tx: Tx, filters: Filters, place: Place, timeZone: string): Promise<EntryPage> {
  authorize(tx, 'audit.read');
  const forward = place.after !== undefined;
  const rows = await readPage<EntryRow>(tx, ENTRY_COLUMNS, wantedBy(tx, filters, timeZone), place, PAGE + 1);
  const isMore = rows.length > PAGE;
  const entries = rows.slice(0, PAGE).map((row) => entryOf(row, tx.scope.workspaceId));
  if (forward) entries.reverse();
  record(tx, { action: 'audit.listed', detail: { count: entries.length, filters: Object.keys(filters).filter((name) => filters[name as keyof Filters] !== undefined) } });
  return { entries, hasOlder: forward || isMore, hasNewer: forward ? isMore : place.before !== undefined };
}

/** People and service accounts to filter by. */
export async function actorChoices(tx: Tx): Promise<Choice[]> {
  const [people, accounts] = await Promise.all([User.query(tx).select('id', 'name').orderBy('name'), ServiceAccount.query(tx).select('id', 'name').orderBy('name')]);
  return [...people, ...accounts].map(({ id, name }) => ({ value: id, label: name }));
}
