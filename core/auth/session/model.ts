import { WorkspaceModel } from '../../db/model.ts';

export type SessionEnd = 'signed_out' | 'ended' | 'password_changed' | 'factor_changed' | 'disabled' | 'replaced' | 'suspended';

export class Session extends WorkspaceModel {
  static override tableName = 'sessions';
  declare user_id: string;
  declare token_hash: Buffer;
  declare method: string;
  /** The plugin's own name (an id) for the provider's word that opened it; null for our own ways in. */
  declare vouched_by: string | null;
  declare ip: string | null;
  declare user_agent: string | null;
  declare created_at: Date;
  declare last_seen_at: Date;
  /** When the second factor was last confirmed. */
  declare assured_at: Date;
  declare ended_at: Date | null;
  declare ended_reason: SessionEnd | null;
}
