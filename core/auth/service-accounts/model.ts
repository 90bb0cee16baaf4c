import { WorkspaceModel } from '../../db/model.ts';
import type { Role } from '../../db/scope.ts';

export class ServiceAccount extends WorkspaceModel {
  static override tableName = 'service_accounts';
  declare name: string;
  declare role: Role;
  declare scopes: string[];
  declare token_prefix: string;
  declare token_hash: Buffer;
  declare created_by: string | null;
  declare created_at: Date;
  declare expires_at: Date;
  declare revoked_at: Date | null;
  declare last_used_at: Date | null;

  static override get jsonAttributes(): string[] {
    return []; // `scopes` is text[], not json
  }
}
