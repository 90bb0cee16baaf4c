import { Fault, User, addDirectoryPerson, disablePerson, enableDirectoryPerson, renameDirectoryPerson } from '../../../core/plugin.ts';
import type { Tx } from '../../../core/plugin.ts';
import type { Settings } from '../settings.ts';
import type { Comparison } from './filter.ts';
import { filterSql } from './filter-sql.ts';
import type { Attributes } from './filter-sql.ts';
import { GroupMember, ScimUser } from './models.ts';
import type { Listed, Page } from './page.ts';
import { applyPatch } from './patch.ts';
import type { Operation, Resource } from './patch.ts';
import { followRoles } from './roles.ts';
import { ScimError } from './scim-error.ts';
import { readUser, userResource, versionOf } from './user-resource.ts';
import type { PersonRow } from './user-resource.ts';

export type ScimContext = { readonly tx: Tx; readonly settings: Settings; /** Address of the service, for locations. */ readonly at: string };
type Known = { readonly user: User; readonly row: ScimUser | undefined };

const ATTRIBUTES: Attributes = {
  'id': { sql: 'u.id::text', as: 'lower' }, 'externalid': { sql: 'x.external_id', as: 'exact' }, 'active': { sql: "(u.status <> 'disabled')", as: 'boolean' },
  'username': { sql: 'u.email', as: 'lower' }, 'emails': { sql: 'u.email', as: 'lower' }, 'emails.value': { sql: 'u.email', as: 'lower' }, 'emails.type': { sql: "'work'", as: 'lower' }, 'emails.primary': { sql: 'true', as: 'boolean' },
  'displayname': { sql: 'u.name', as: 'folded' }, 'name.formatted': { sql: 'u.name', as: 'folded' }, 'meta.resourcetype': { sql: "'user'", as: 'lower' },
};
type Row = PersonRow & { readonly external_id: string | null; readonly version: number | null; readonly changed_at: Date | null };

/** Every person of the workspace but those the directory removed: a directory has to find who is here before it adds anybody. */
export async function listUsers({ tx, at }: ScimContext, comparisons: readonly Comparison[], { startIndex, count }: Page): Promise<Listed> {
  const { sql, bindings } = filterSql(comparisons, ATTRIBUTES);
  const found = User.query(tx).alias('u').joinRaw('left join app.sso_scim_users x on x.workspace_id = u.workspace_id and x.user_id = u.id').whereRaw('x.is_removed is not true').whereRaw(sql, [...bindings]);
  const total = await found.clone().resultSize();
  const rows = (await found.select('u.id', 'u.email', 'u.name', 'u.status', 'u.created_at', 'u.updated_at', 'x.external_id', 'x.version', 'x.changed_at').orderBy('u.created_at').orderBy('u.id').limit(count).offset(startIndex - 1)) as unknown as Row[];
  return { total, resources: rows.map(({ external_id, version, changed_at, ...user }) => userResource(user, version === null || changed_at === null ? undefined : { external_id, version, changed_at }, at)) };
}

/** @throws ScimError 404 */
export async function readKnown(tx: Tx, id: string): Promise<Known> {
  const user = await User.query(tx).findById(id);
  const row = user && (await ScimUser.query(tx).findOne({ user_id: id }));
  if (user === undefined || row?.is_removed) throw new ScimError(404, 'There is no such user.');
  return { user, row };
}

/** Who was removed and comes again is the same person, with the same history. @throws ScimError uniqueness */
export async function createUser(context: ScimContext, body: unknown): Promise<Resource> {
  const { tx, settings, at } = context;
  const input = readUser(body);
  const before = await User.query(tx).findOne({ email: input.email });
  const row = before && (await ScimUser.query(tx).findOne({ user_id: before.id }));
  if (before !== undefined && row?.is_removed !== true) throw new ScimError(409, 'There is a user of this userName.', 'uniqueness');
  const id = before?.id ?? (await addDirectoryPerson(tx, { email: input.email, name: input.name, role: settings.defaultRole ?? 'READONLY' }));
  if (row === undefined) await ScimUser.query(tx).insert({ user_id: id, external_id: input.externalId, changed_at: new Date(tx.now) });
  else await ScimUser.query(tx).patch({ is_removed: false }).where({ id: row.id });
  await write(context, id, body);
  const known = await readKnown(tx, id);
  return userResource(known.user, known.row, at);
}

export async function replaceUser(context: ScimContext, id: string, body: unknown, ifMatch: string | null): Promise<Resource> {
  await checkVersion(context.tx, id, ifMatch);
  await write(context, id, body);
  const known = await readKnown(context.tx, id);
  return userResource(known.user, known.row, context.at);
}

export async function patchUser(context: ScimContext, id: string, operations: readonly Operation[], ifMatch: string | null): Promise<Resource> {
  await checkVersion(context.tx, id, ifMatch);
  const before = await readKnown(context.tx, id);
  const resource = userResource(before.user, before.row, context.at);
  // `name` is put together here; what the operations say of its parts counts, else what stands in displayName.
  return replaceUser(context, id, nameFromParts(resource, applyPatch({ ...resource, name: {} }, operations)), null);
}

function nameFromParts(before: Resource, after: Resource): Resource {
  const isNameGiven = Object.values((after['name'] ?? {}) as object).some(Boolean);
  return isNameGiven && after['displayName'] === before['displayName'] ? { ...after, displayName: null } : after;
}

/** Removing is disabling: what the person did stays on the record. Sessions end in the same transaction. */
export async function removeUser({ tx, settings }: ScimContext, id: string, ifMatch: string | null): Promise<void> {
  await checkVersion(tx, id, ifMatch);
  const { user, row } = await readKnown(tx, id);
  await setActive(tx, user, false, settings);
  await GroupMember.query(tx).delete().where({ user_id: id });
  if (row === undefined) await ScimUser.query(tx).insert({ user_id: id, external_id: null, is_removed: true, changed_at: new Date(tx.now) });
  else await ScimUser.query(tx).patch({ is_removed: true, version: row.version + 1, changed_at: new Date(tx.now) }).where({ id: row.id });
}

async function write({ tx, settings }: ScimContext, id: string, body: unknown): Promise<void> {
  const input = readUser(body);
  const { user, row } = await readKnown(tx, id);
  // They are known by their address: under another nobody could come when the directory fails.
  if (isBreakGlass(user, settings) && input.email !== user.email) throw new ScimError(400, 'The address of the break-glass administrator is not changed from here.', 'mutability');
  try {
    await renameDirectoryPerson(tx, id, input);
  } catch (error) {
    if (error instanceof Fault && error.code === 'person.exists') throw new ScimError(409, 'There is a user of this userName.', 'uniqueness');
    throw error;
  }
  await setActive(tx, user, input.isActive, settings);
  if (row === undefined) await ScimUser.query(tx).insert({ user_id: id, external_id: input.externalId, changed_at: new Date(tx.now) });
  else await ScimUser.query(tx).patch({ external_id: input.externalId, version: row.version + 1, changed_at: new Date(tx.now) }).where({ id: row.id });
  if (input.isActive) await followRoles(tx, [id], settings);
}

/** The way in for when the directory fails is not the directory's to close, nor the last administrator's. */
async function setActive(tx: Tx, user: User, isActive: boolean, settings: Settings): Promise<void> {
  if (isActive) return enableDirectoryPerson(tx, user.id);
  if (user.status === 'disabled') return;
  if (isBreakGlass(user, settings)) throw new ScimError(400, 'The break-glass administrator is not disabled from here.', 'mutability');
  try {
    await disablePerson(tx, user.id);
  } catch (error) {
    if (error instanceof Fault && error.code === 'person.last_admin') throw new ScimError(400, 'The last administrator is not disabled from here.', 'mutability');
    throw error;
  }
}

const isBreakGlass = ({ email }: User, { enforced, breakGlass }: Settings): boolean => enforced && email === breakGlass;

/** RFC 7644, 3.14. */
async function checkVersion(tx: Tx, id: string, ifMatch: string | null): Promise<void> {
  const { user, row } = await readKnown(tx, id);
  if (ifMatch !== null && ifMatch !== '*' && ifMatch !== versionOf(user, row)) throw new ScimError(412, 'The user has changed since.');
}
