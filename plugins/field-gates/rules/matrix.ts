import { createHash } from 'node:crypto';
import { GATEABLE_FIELDS, Joi, authorize, fault, nameOnRecord, contactGate, parse, record, User, type Role, type Tx } from '../../../core/plugin.ts';
import { ROLES } from '../answer.ts';
import { Property, Rule } from '../models.ts';

/** Who reads and who writes a field. */
export type Cell = { readonly readers: readonly Role[]; readonly writers: readonly Role[] };
export type Row = Cell & { readonly field: string; readonly label: string };
export type Change = { readonly field: string; readonly label: string; readonly from: Cell; readonly to: Cell };

/** Roles that may change contacts at all. */
export const WRITERS: readonly Role[] = ['ADMIN', 'MANAGER', 'AGENT'];
const OPEN: Cell = { readers: ROLES, writers: WRITERS };

/** Every field that can be gated, with the roles that read and write it. */
export async function readMatrix(tx: Tx): Promise<Row[]> {
  const [rules, properties] = await Promise.all([Rule.query(tx), Property.query(tx).where({ is_retired: false }).orderBy('name')]);
  const byField = new Map(rules.map((rule) => [rule.field, rule]));
  const fields = [...Object.entries(GATEABLE_FIELDS), ...properties.map(({ name, label }) => [`custom.${name}`, label] as const)];
  return fields.map(([field, label]) => {
    const { readers, writers } = byField.get(field) ?? OPEN;
    return { field, label, readers: ROLES.filter((role) => readers.includes(role)), writers: WRITERS.filter((role) => writers.includes(role)) };
  });
}

/** What a form of the whole matrix was filled from: whoever was overtaken must not open again what somebody else closed. */
export function fingerprintOf(rows: readonly Row[]): string {
  return createHash('sha256').update(JSON.stringify(rows.map(({ field, readers, writers }) => [field, readers, writers]))).digest('base64url');
}

const formSchema = Joi.object({ seen: Joi.string().max(64).required() }).pattern(/^(read|write)\.[A-Za-z]+(\.[a-z][a-z0-9_]*)?\.(ADMIN|MANAGER|AGENT|READONLY)$/, Joi.string().valid('yes'));

/**
 * What a posted matrix asks for: `read.birthDate.AGENT=yes` for each box that is ticked, `seen` the fingerprint of the one it was filled from.
 * @throws Fault request.invalid · request.stale · field-gates.rule.no_reader · field-gates.rule.blind_writer
 */
export function changesOf(rows: readonly Row[], form: unknown): Change[] {
  const { seen, ...ticked } = parse<{ seen: string } & Record<string, string>>(formSchema, form ?? {});
  if (seen !== fingerprintOf(rows)) throw fault('request.stale');
  const known = new Set(rows.map(({ field }) => field));
  const unknown = Object.keys(ticked).filter((name) => !known.has(name.split('.').slice(1, -1).join('.')));
  if (unknown.length > 0) throw fault('request.invalid', { fields: unknown.map((path) => ({ path, text: 'there is no such field' })) });
  return rows.flatMap(({ field, label, ...from }) => {
    const of = (what: 'read' | 'write', roles: readonly Role[]) => roles.filter((role) => ticked[`${what}.${field}.${role}`] === 'yes');
    const to: Cell = { readers: of('read', ROLES), writers: of('write', WRITERS) };
    if (to.readers.length === 0) throw fault('field-gates.rule.no_reader');
    if (to.writers.some((role) => !to.readers.includes(role))) throw fault('field-gates.rule.blind_writer');
    return isSame(from, to) ? [] : [{ field, label, from, to }];
  });
}

const isSame = (a: Cell, b: Cell): boolean => String(a.readers) === String(b.readers) && String(a.writers) === String(b.writers);

/** Active people of each role: whom a change is about. */
export async function peopleByRole(tx: Tx): Promise<Readonly<Record<Role, number>>> {
  const rows = (await User.query(tx).where({ status: 'active' }).select('role').count('* as people').groupBy('role')) as unknown as { role: Role; people: string }[];
  return Object.fromEntries(ROLES.map((role) => [role, Number(rows.find((row) => row.role === role)?.people ?? 0)])) as Record<Role, number>;
}

/** How many people a change takes a field from, and how many it gives it to. */
export type Effect = { readonly losesRead: number; readonly gainsRead: number; readonly losesWrite: number; readonly gainsWrite: number };

export function effectOf({ from, to }: Change, people: Readonly<Record<Role, number>>): Effect {
  const count = (before: readonly Role[], after: readonly Role[]) => before.filter((role) => !after.includes(role)).reduce((sum, role) => sum + people[role], 0);
  return { losesRead: count(from.readers, to.readers), gainsRead: count(to.readers, from.readers), losesWrite: count(from.writers, to.writers), gainsWrite: count(to.writers, from.writers) };
}

/** Writes the changes; each is an entry with both sides and the people it is about. */
export async function changeRules(tx: Tx, form: unknown): Promise<number> {
  authorize(tx, 'field-gates.rule.manage');
  await tx.knex.raw('select pg_advisory_xact_lock(hashtextextended(?, 4713))', [tx.scope.workspaceId]); // two matrices at once would mix
  const changes = changesOf(await readMatrix(tx), form);
  const [people, gate] = [await peopleByRole(tx), await contactGate(tx)];
  for (const change of changes) {
    const { field, from, to } = change;
    await Rule.query(tx).where({ field }).delete();
    if (!isSame(to, OPEN)) await Rule.query(tx).insert({ field, readers: [...to.readers], writers: [...to.writers], changed_at: new Date(tx.now) });
    const isGated = to.readers.length < ROLES.length || from.readers.length < ROLES.length;
    const name = isGated ? nameOnRecord(tx, { ...gate, shielded: new Set([field]) }, field) : field;
    record(tx, { action: 'field-gates.rule.changed', target: { type: 'contact_field', id: name }, detail: { field: name, changes: { readers: { from: [...from.readers], to: [...to.readers] }, writers: { from: [...from.writers], to: [...to.writers] } }, people: effectOf(change, people) } });
  }
  return changes.length;
}
