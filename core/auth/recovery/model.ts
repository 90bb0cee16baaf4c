import { WorkspaceModel } from '../../db/model.ts';

export class RecoveryCode extends WorkspaceModel {
  static override tableName = 'recovery_codes';
  declare user_id: string;
  declare code_hash: Buffer;
  declare created_at: Date;
  declare used_at: Date | null;
}
