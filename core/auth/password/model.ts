import { WorkspaceModel } from '../../db/model.ts';

export class Password extends WorkspaceModel {
  static override tableName = 'passwords';
  static override get idColumn(): string {
    return 'user_id';
  }
  declare user_id: string;
  declare hash: string;
  declare changed_at: Date;
  /** Wrong ones in a row, with those that are being looked at (check-password.ts). */
  declare failed_in_row: number;
  declare known_browsers_only_since: Date | null;
}
