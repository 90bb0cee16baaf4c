import { raw } from 'objection';
import type { Tx } from '../../db/scope.ts';
import { readTags } from './contact-tags.ts';
import { displayName } from './contact-view.ts';
import { gateOf } from './field-gate.ts';
import { ContactPoint, type Contact } from './model.ts';

/** A line of a list: as much of the record as tells one patient from another, and no more is decrypted. */
export type ContactSummary = {
  id: string;
  name: string;
  birthDate: string | null;
  sex: string | null;
  phone: string | null;
  email: string | null;
  status: Contact['status'];
  ownerId: string | null;
  tags: string[];
  updatedAt: Date;
  /** As in ContactView. */
  hidden: ReadonlySet<string>;
};

/** Both kinds by one look at the table: each look costs a check of the workspace. */
const POINTS = `(select json_agg(json_build_object('id', p.id, 'kind', p.kind, 'rank', p.rank, 'value', p.value)) from contact_points p where p.workspace_id = contacts.workspace_id and p.contact_id = contacts.id)`;

const OWN_COLUMNS = ['id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name', 'birth_date', 'sex', 'status', 'owner_id', 'tags', 'updated_at'].map((column) => `contacts.${column}`);
/** For statements that are composed, and for fixed ones. */
export const SUMMARY_COLUMNS = [...OWN_COLUMNS, raw(POINTS).as('points')];
export const SUMMARY = [...OWN_COLUMNS, `${POINTS} as points`];

type SummaryRow = Contact & { points: ContactPoint[] | null };

/** `row` was selected with SUMMARY_COLUMNS. */
export function contactSummary(tx: Tx, row: Contact): ContactSummary {
  const { points } = row as SummaryRow;
  const first = (kind: ContactPoint['kind']): string | null => {
    const [point] = (points ?? []).filter((each) => each.kind === kind).sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
    if (point === undefined) return null;
    ContactPoint.openGated(tx, point);
    return point.value ?? null;
  };
  return {
    id: row.id, name: displayName(row), birthDate: row.birth_date ?? null, sex: row.sex ?? null, phone: first('phone'), email: first('email'),
    status: row.status, ownerId: row.owner_id, tags: readTags(row.tags), updatedAt: row.updated_at, hidden: gateOf(tx).hidden,
  };
}
