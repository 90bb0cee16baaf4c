import { record } from '../../audit/record.ts';
import { User } from '../../auth/user.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import type { Role, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

/** People as another system's directory knows them (single sign-on, SCIM): active without a password of ours. */
export type DirectoryPerson = { readonly email: string; readonly name: string; readonly role: Role };

/** @throws Fault person.exists */
export async function addDirectoryPerson(tx: Tx, { email, name, role }: DirectoryPerson): Promise<string> {
  const normal = normalizeEmail(email);
  if ((await User.query(tx).findOne({ email: normal })) !== undefined) throw fault('person.exists');
  const user = await User.query(tx).insert({ email: normal, name, role, designations: [], status: 'active' });
  record(tx, { action: 'person.created', target: { type: 'user', id: user.id }, detail: { role, designations: [] } });
  return user.id;
}

/** Name and e-mail as the directory has them now. @throws Fault person.not_found · person.exists */
export async function renameDirectoryPerson(tx: Tx, id: string, { email, name }: Omit<DirectoryPerson, 'role'>): Promise<void> {
  const normal = normalizeEmail(email);
  const user = await User.query(tx).findById(id).forNoKeyUpdate();
  if (user === undefined) throw fault('person.not_found');
  if (user.email === normal && user.name === name) return;
  if ((await User.query(tx).findOne({ email: normal }).whereNot({ id })) !== undefined) throw fault('person.exists');
  await User.query(tx).patch({ email: normal, name, updated_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'person.changed', target: { type: 'user', id }, detail: { fields: [...(user.email === normal ? [] : ['email']), ...(user.name === name ? [] : ['name'])] } });
}

/** Back to work for who comes through the directory: no password is needed for that. @throws Fault person.not_found */
export async function enableDirectoryPerson(tx: Tx, id: string): Promise<void> {
  const user = await User.query(tx).findById(id).forNoKeyUpdate();
  if (user === undefined) throw fault('person.not_found');
  if (user.status === 'active') return;
  await User.query(tx).patch({ status: 'active', updated_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'person.enabled', target: { type: 'user', id } });
}
