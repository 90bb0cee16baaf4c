import type { Tx } from '../db/scope.ts';
import { fault } from '../errors.ts';

/** People of the workspace as others see them: enough to own, to be assigned or to be shared with. */
export type Colleague = { readonly id: string; readonly name: string; readonly role: string; readonly isActive: boolean };

/** By name; those who have left stay in the list for what they once did. */
export async function colleaguesOf(tx: Tx): Promise<Colleague[]> {
  const rows = (await tx.knex('users').select('id', 'name', 'role', 'status').orderBy('name')) as { id: string; name: string; role: string; status: string }[];
  return rows.map(({ id, name, role, status }) => ({ id, name, role, isActive: status === 'active' }));
}

/** @throws Fault request.invalid at `path` when nobody active has this id */
export async function requireColleague(tx: Tx, id: string, path: string): Promise<void> {
  const found: unknown = await tx.knex('users').where({ id, status: 'active' }).first('id');
  if (found === undefined) throw fault('request.invalid', { fields: [{ path, text: 'nobody here has this id' }] });
}
