import { Joi, User, record } from '../../../core/plugin.ts';
import type { Tx } from '../../../core/plugin.ts';
import type { Comparison } from './filter.ts';
import { filterSql } from './filter-sql.ts';
import type { Attributes } from './filter-sql.ts';
import { Group, GroupMember } from './models.ts';
import type { Listed, Page } from './page.ts';
import { applyPatch } from './patch.ts';
import type { Operation, Resource } from './patch.ts';
import { followRoles } from './roles.ts';
import { ScimError } from './scim-error.ts';
import type { ScimContext } from './users.ts';

export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';

type GroupInput = { readonly displayName: string; readonly externalId: string | null; readonly members: readonly string[] };

const resource = Joi.object({
  displayName: Joi.string().trim().min(1).max(200).required(), externalId: Joi.string().max(256).allow('', null),
  members: Joi.array().max(10_000).items(Joi.object({ value: Joi.string().uuid({ separator: '-', wrapper: false }).required() }).unknown()).allow(null),
}).unknown();

function readGroup(body: unknown): GroupInput {
  const { error, value } = resource.validate(body);
  if (error) throw new ScimError(400, `${String(error.details[0]?.path[0] ?? 'The group')} is missing or has the wrong form.`, 'invalidValue');
  const { displayName, externalId, members } = value as { displayName: string; externalId?: string; members?: { value: string }[] };
  return { displayName, externalId: externalId || null, members: [...new Set((members ?? []).map((member) => member.value))] };
}

export const groupVersion = (group: Group): string => `W/"${group.version}"`;

function groupResource(at: string, group: Group, members: readonly GroupMember[]): Resource {
  return {
    schemas: [GROUP_SCHEMA], id: group.id, ...(group.external_id ? { externalId: group.external_id } : {}), displayName: group.display_name,
    members: members.filter((member) => member.group_id === group.id).map(({ user_id: value }) => ({ value, $ref: `${at}/Users/${value}`, type: 'User' })),
    meta: { resourceType: 'Group', created: group.made_at.toISOString(), lastModified: group.changed_at.toISOString(), location: `${at}/Groups/${group.id}`, version: groupVersion(group) },
  };
}

const MEMBERS = { sql: 'm.user_id::text', as: 'lower', among: 'from app.sso_group_members m where m.workspace_id = sso_groups.workspace_id and m.group_id = sso_groups.id' } as const;
const ATTRIBUTES: Attributes = {
  'id': { sql: 'sso_groups.id::text', as: 'lower' }, 'externalid': { sql: 'external_id', as: 'exact' }, 'displayname': { sql: 'display_name', as: 'folded' },
  'members': MEMBERS, 'members.value': MEMBERS, 'meta.resourcetype': { sql: "'group'", as: 'lower' },
};

export async function listGroups({ tx, at }: ScimContext, comparisons: readonly Comparison[], { startIndex, count }: Page): Promise<Listed> {
  const { sql, bindings } = filterSql(comparisons, ATTRIBUTES);
  const found = Group.query(tx).whereRaw(sql, [...bindings]);
  const total = await found.clone().resultSize();
  const groups = await found.orderBy('made_at').orderBy('id').limit(count).offset(startIndex - 1);
  const members = await GroupMember.query(tx).whereIn('group_id', groups.map((group) => group.id)).orderBy('user_id');
  return { total, resources: groups.map((group) => groupResource(at, group, members)) };
}

async function findGroup(tx: Tx, id: string, ifMatch: string | null = null): Promise<Group> {
  const group = await Group.query(tx).findById(id).forUpdate();
  if (group === undefined) throw new ScimError(404, 'There is no such group.');
  if (ifMatch !== null && ifMatch !== '*' && ifMatch !== groupVersion(group)) throw new ScimError(412, 'The group has changed since.');
  return group;
}

export async function readGroupById(context: ScimContext, id: string): Promise<Resource> {
  const group = await findGroup(context.tx, id);
  return groupResource(context.at, group, await GroupMember.query(context.tx).where({ group_id: id }).orderBy('user_id'));
}

export async function createGroup(context: ScimContext, body: unknown): Promise<Resource> {
  const { tx } = context;
  const input = readGroup(body);
  await checkName(tx, input.displayName, null);
  const group = await Group.query(tx).insert({ display_name: input.displayName, external_id: input.externalId, version: 1, made_at: new Date(tx.now), changed_at: new Date(tx.now) });
  record(tx, { action: 'sso.group.made', target: { type: 'sso_group', id: group.id } });
  await setMembers(context, group.id, input.members);
  return readGroupById(context, group.id);
}

export async function replaceGroup(context: ScimContext, id: string, body: unknown, ifMatch: string | null): Promise<Resource> {
  const { tx } = context;
  const group = await findGroup(tx, id, ifMatch);
  const input = readGroup(body);
  await checkName(tx, input.displayName, id);
  await Group.query(tx).patch({ display_name: input.displayName, external_id: input.externalId, version: group.version + 1, changed_at: new Date(tx.now) }).where({ id });
  const changed = await setMembers(context, id, input.members);
  record(tx, { action: 'sso.group.changed', target: { type: 'sso_group', id }, detail: changed });
  return readGroupById(context, id);
}

export async function patchGroup(context: ScimContext, id: string, operations: readonly Operation[], ifMatch: string | null): Promise<Resource> {
  return replaceGroup(context, id, applyPatch(await readGroupById(context, id), operations), ifMatch);
}

export async function removeGroup(context: ScimContext, id: string, ifMatch: string | null): Promise<void> {
  const { tx } = context;
  await findGroup(tx, id, ifMatch);
  await setMembers(context, id, []);
  await Group.query(tx).deleteById(id);
  record(tx, { action: 'sso.group.removed', target: { type: 'sso_group', id } });
}

async function checkName(tx: Tx, displayName: string, own: string | null): Promise<void> {
  const other = await Group.query(tx).findOne({ display_name: displayName });
  if (other !== undefined && other.id !== own) throw new ScimError(409, 'There is a group of this name.', 'uniqueness');
}

/** Roles of everybody in or formerly in it are looked at again, as its name may have changed too. */
async function setMembers({ tx, settings }: ScimContext, groupId: string, wanted: readonly string[]): Promise<{ added: number; removed: number }> {
  const before = (await GroupMember.query(tx).where({ group_id: groupId })).map((member) => member.user_id);
  const added = wanted.filter((id) => !before.includes(id));
  const removed = before.filter((id) => !wanted.includes(id));
  if (added.length > 0 && (await User.query(tx).whereIn('id', added)).length !== added.length) throw new ScimError(400, 'A member is no user of this workspace.', 'invalidValue');
  if (removed.length > 0) await GroupMember.query(tx).delete().where({ group_id: groupId }).whereIn('user_id', removed);
  for (const userId of added) await GroupMember.query(tx).insert({ group_id: groupId, user_id: userId });
  await followRoles(tx, [...new Set([...before, ...wanted])], settings);
  return { added: added.length, removed: removed.length };
}
