import { WorkspaceModel } from '../../../core/plugin.ts';
import type { PluginTable } from '../../../core/plugin.ts';

export class ScimUser extends WorkspaceModel {
  static override tableName = 'sso_scim_users';
  declare user_id: string;
  declare external_id: string | null;
  declare is_removed: boolean;
  declare version: number;
  declare changed_at: Date;
}

export class Group extends WorkspaceModel {
  static override tableName = 'sso_groups';
  declare display_name: string;
  declare external_id: string | null;
  declare version: number;
  declare made_at: Date;
  declare changed_at: Date;
}

export class GroupMember extends WorkspaceModel {
  static override tableName = 'sso_group_members';
  declare group_id: string;
  declare user_id: string;
}

export class ScimToken extends WorkspaceModel {
  static override tableName = 'sso_scim_tokens';
  declare token_hash: Buffer;
  declare made_at: Date;
  declare used_at: Date | null;
}

const DIRECTORY = "The directory's own key for a member of staff or a group of them.";

export const SCIM_TABLES: Readonly<Record<string, PluginTable>> = {
  sso_scim_users: { plain: { external_id: DIRECTORY }, unaudited: 'What it means for a person is recorded as person.created, changed, disabled or enabled.' },
  sso_groups: { plain: { display_name: 'Names a group of staff.', external_id: DIRECTORY } },
  sso_group_members: {},
  sso_scim_tokens: { plain: { token_hash: 'SHA-256 of a random token.' }, unaudited: 'The moment of last use; making one and voiding it are recorded.' },
};
