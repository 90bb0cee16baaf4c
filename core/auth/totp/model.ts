import { WorkspaceModel } from '../../db/model.ts';

/** `secret` is sealed by the registry (core/crypto/phi.ts), so key rotation reaches it. */
export class TotpFactor extends WorkspaceModel {
  static override tableName = 'totp_factors';
  declare user_id: string;
  /** Base 32, RFC 4648. */
  declare secret: string;
  declare last_step: number | null;
  declare failed_in_row: number;
  declare created_at: Date;
}
