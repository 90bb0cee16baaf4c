import { WorkspaceModel } from '../db/model.ts';
import type { Designation, Role } from '../db/scope.ts';

export type UserStatus = 'invited' | 'active' | 'disabled';

/** A person who works in a workspace. */
export class User extends WorkspaceModel {
  static override tableName = 'users';
  declare email: string;
  declare name: string;
  declare role: Role;
  declare designations: Designation[];
  declare status: UserStatus;
  declare time_zone: string | null;
  declare created_at: Date;
  declare updated_at: Date;

  static override get jsonAttributes(): string[] {
    return []; // `designations` is text[], not json
  }
}
