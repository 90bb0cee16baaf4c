import { WorkspaceModel } from '../../db/model.ts';

export class Password extends WorkspaceModel {
  static override tableName = 'passwords';
  static override get idColumn(): string {
    return 'user_id';
  }
  declare user_id: string;
  declare hash: string;
  declare changed_at: Date;
}
