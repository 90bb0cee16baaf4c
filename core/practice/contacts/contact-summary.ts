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

/**
 * Phones and e-mails as they are stored, `rank id kind value` each: by one look at the table, since each look costs a check of the workspace, and as
 * text, which PostgreSQL makes and we take apart in half the time of JSON. None of the four holds a space or a comma: values are sealed. The limit is
 * none, which the planner cannot know: it reckons with few rows, and walks the index instead of gathering a bitmap for each contact.
 */
const POINTS = `array_to_string(array(select p.rank || ' ' || p.id || ' ' || p.kind || ' ' || p.value from contact_points p where p.contact_id = contacts.id limit (select null::bigint)), ',')`;

const OWN_COLUMNS = ['id', 'given_name', 'middle_name', 'family_name', 'name_suffix', 'preferred_name', 'birth_date', 'sex', 'status', 'owner_id', 'tags', 'updated_at'].map((column) => `contacts.${column}`);
/** For statements that are composed, and for fixed ones. */
export const SUMMARY_COLUMNS = [...OWN_COLUMNS, raw(POINTS).as('points')];
export const SUMMARY = [...OWN_COLUMNS, `${POINTS} as points`];

type SummaryRow = Contact & { points: string };

/** `row` was selected with SUMMARY_COLUMNS. */
export function contactSummary(tx: Tx, row: Contact): ContactSummary {
  const points = readPoints((row as SummaryRow).points);
  const first = (kind: ContactPoint['kind']): string | null => {
    const [point] = points.filter((each) => each.kind === kind).sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1));
    if (point === undefined) return null;
    ContactPoint.openGated(tx, point);
    return point.value ?? null;
  };
  return {
    id: row.id, name: displayName(row), birthDate: row.birth_date ?? null, sex: row.sex ?? null, phone: first('phone'), email: first('email'),
    status: row.status, ownerId: row.owner_id, tags: readTags(row.tags), updatedAt: row.updated_at, hidden: gateOf(tx).hidden,
  };
}

function readPoints(points: string): (Pick<ContactPoint, 'rank' | 'id' | 'kind'> & { value?: string })[] {
  if (points === '') return [];
  return points.split(',').map((point) => {
    const [rank, id, kind, value] = point.split(' ') as [string, string, ContactPoint['kind'], string];
    return { rank: Number(rank), id, kind, value };
  });
}
