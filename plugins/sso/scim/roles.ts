import { Fault, User, changePerson } from '../../../core/plugin.ts';
import type { Tx } from '../../../core/plugin.ts';
import { roleFor } from '../settings.ts';
import type { Settings } from '../settings.ts';
import { Group, GroupMember } from './models.ts';

/** Names of the provisioned groups that somebody is in. */
export async function groupNamesOf(tx: Tx, userId: string): Promise<string[]> {
  const members = await GroupMember.query(tx).where({ user_id: userId });
  return members.length === 0 ? [] : (await Group.query(tx).whereIn('id', members.map((member) => member.group_id))).map((group) => group.display_name);
}

/** Roles after groups changed. The break-glass and the last administrator keep theirs; without a mapping, groups mean nothing here. */
export async function followRoles(tx: Tx, userIds: readonly string[], settings: Settings): Promise<void> {
  if (settings.roles.length === 0) return;
  for (const id of userIds) {
    const user = await User.query(tx).findById(id);
    const role = roleFor(settings, await groupNamesOf(tx, id));
    if (user === undefined || role === null || role === user.role || user.email === settings.breakGlass) continue;
    try {
      await changePerson(tx, id, { role, designations: user.designations });
    } catch (error) {
      if (!(error instanceof Fault && error.code === 'person.last_admin')) throw error;
    }
  }
}
