import { WorkspaceModel } from '../../db/model.ts';
import type { FirstFactor } from '../session/method.ts';

export type ChallengePurpose = 'sign_in' | 'enrol';

export class MfaChallenge extends WorkspaceModel {
  static override tableName = 'mfa_challenges';
  declare user_id: string;
  declare purpose: ChallengePurpose;
  declare first_factor: FirstFactor;
  declare vouched_by: string | null;
  declare token_hash: Buffer;
  declare attempts: number;
  declare created_at: Date;
  declare expires_at: Date;
  declare consumed_at: Date | null;
}
