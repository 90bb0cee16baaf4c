import { authorize, can } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { holdChain } from '../../audit/seal.ts';
import type { Tx } from '../../db/scope.ts';
import { contactView, type ContactParts, type ContactView } from './contact-view.ts';
import { contactGate, gateOf } from './field-gate.ts';
import { ContactAddress, ContactIdentifier, ContactPoint, ContactValue, Contact, CONTACT_COLUMNS, type ShareAccess } from './model.ts';
import { shownVersion } from './shown-version.ts';
import { contactNotFound, ownOrShared, seesOwnOnly } from './visible-contacts.ts';

/** A contact's rows of other tables as JSON columns: the whole record is one statement, and one check of the workspace per table. */
const POINTS = `(select coalesce(json_agg(json_build_object('id', p.id, 'kind', p.kind, 'use', p.use, 'value', p.value) order by p.rank, p.id), '[]')
  from contact_points p where p.workspace_id = contacts.workspace_id and p.contact_id = contacts.id)`;
const ADDRESSES = `(select coalesce(json_agg(json_build_object('id', a.id, 'use', a.use, 'lines', a.lines, 'city', a.city, 'state', a.state, 'postal_code', a.postal_code, 'country', a.country) order by a.id), '[]')
  from contact_addresses a where a.workspace_id = contacts.workspace_id and a.contact_id = contacts.id)`;
const IDENTIFIERS = `(select coalesce(json_agg(json_build_object('id', i.id, 'system', i.system, 'value', i.value) order by i.id), '[]')
  from contact_identifiers i where i.workspace_id = contacts.workspace_id and i.contact_id = contacts.id)`;

const VALUES = `(select coalesce(json_agg(json_build_object('id', v.id, 'property', v.property, 'value', v.value)), '[]')
  from contact_values v where v.workspace_id = contacts.workspace_id and v.contact_id = contacts.id)`;

const MY_SHARE = '(select s.access from contact_shares s where s.workspace_id = contacts.workspace_id and s.contact_id = contacts.id and s.user_id = $2)';

const COLUMNS = ['id', ...Object.values(CONTACT_COLUMNS), 'merged_into_id', 'version', 'created_at', 'updated_at'].map((column) => `contacts.${column}`);

/** The most read of all statements, so its few texts are fixed. $1: the contact; $2: whose own and shared ones, where that decides. */
const statement = (part: { own: boolean; limited: boolean; values: boolean }): string => `select ${COLUMNS.join(', ')}, ${POINTS} as points, ${ADDRESSES} as addresses, ${IDENTIFIERS} as identifiers
  ${part.own ? `, ${MY_SHARE} as my_share` : ''}${part.values ? `, ${VALUES} as values` : ''}
  from contacts where contacts.id = $1${part.limited ? ` and ${ownOrShared('$2')}` : ''}`;
const STATEMENTS = new Map([true, false].flatMap((own) => [true, false].flatMap((limited) => [true, false].map((values) => [`${own} ${limited} ${values}`, statement({ own, limited, values })] as const))));

type WholeRow = Contact & { points: ContactPoint[]; addresses: ContactAddress[]; identifiers: ContactIdentifier[]; values?: ContactValue[]; my_share?: ShareAccess | null };

/**
 * The whole contact; one round trip beside the transaction's own. A merged contact is returned as it was, with `mergedIntoId`.
 * @throws Fault contact.not_found, for contacts of other workspaces and for those an AGENT has no part in alike
 */
export async function readContact(tx: Tx, id: string): Promise<ContactView> {
  return (await readSealedContact(tx, id))();
}

/** The same, opened when it is called, if only while the transaction commits. */
export async function readSealedContact(tx: Tx, id: string): Promise<() => ContactView> {
  const target = { type: 'contact', id };
  authorize(tx, 'contact.read', target);
  holdChain(tx);
  record(tx, { action: 'contact.read', target }); // if it is not there, nothing of this is committed
  return sealedContact(tx, id);
}

/** The same without an entry of its own, for actions that record what they did with it. `anywhere`: not among the visible alone. */
export async function wholeContact(tx: Tx, id: string, where: { readonly anywhere?: boolean } = {}): Promise<ContactView> {
  return (await sealedContact(tx, id, where))();
}

async function sealedContact(tx: Tx, id: string, { anywhere = false } = {}): Promise<() => ContactView> {
  const gate = await contactGate(tx);
  const own = seesOwnOnly(tx);
  const sql = STATEMENTS.get(`${own} ${own && !anywhere} ${gate.properties.length > 0}`) as string;
  const [row] = await tx.query<WholeRow>(sql, own ? [id, tx.scope.actor.id] : [id]);
  if (row === undefined) throw contactNotFound(id);
  return () => {
    Contact.openGated(tx, row);
    for (const point of row.points) ContactPoint.openGated(tx, point);
    for (const address of row.addresses) ContactAddress.openGated(tx, address);
    for (const value of row.values ?? []) ContactValue.openGated(tx, value);
    for (const identifier of row.identifiers) ContactIdentifier.openGated(tx, identifier);
    return shownVersion(tx, contactView(row, row, accessOf(tx, row), gate));
  };
}

/** What reading a contact just made would give: columns that were not given are empty. */
export function newContactView(tx: Tx, row: Partial<Contact>, parts: ContactParts): ContactView {
  const empty = Object.fromEntries(Object.values(CONTACT_COLUMNS).map((column) => [column, null]));
  const whole = { ...empty, merged_into_id: null, version: 1, ...row } as unknown as WholeRow;
  return shownVersion(tx, contactView(whole, parts, accessOf(tx, whole), gateOf(tx)));
}

function accessOf(tx: Tx, row: WholeRow): ShareAccess {
  if (!can(tx.scope.actor, 'contact.write') || row.status === 'merged') return 'READ';
  return !seesOwnOnly(tx) || row.owner_id === tx.scope.actor.id ? 'WRITE' : (row.my_share ?? 'READ');
}
