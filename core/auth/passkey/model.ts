import { WorkspaceModel } from '../../db/model.ts';

/** A WebAuthn credential (W3C Web Authentication Level 3 §4). */
export class Passkey extends WorkspaceModel {
  static override tableName = 'passkeys';
  declare user_id: string;
  /** base64url, as WebAuthn names it. */
  declare credential_id: string;
  /** COSE_Key bytes. */
  declare public_key: Buffer;
  declare sign_count: number;
  declare name: string;
  declare transports: string[];
  declare aaguid: string | null;
  /** The BE and BS flags: may it leave its device, has it (§6.1.3). */
  declare is_syncable: boolean;
  declare is_backed_up: boolean;
  declare created_at: Date;
  declare last_used_at: Date | null;
}

/** A challenge good for one ceremony (§13.4.3). */
export class PasskeyChallenge extends WorkspaceModel {
  static override tableName = 'passkey_challenges';
  static override get idColumn(): string {
    return 'challenge_hash';
  }
  declare challenge_hash: Buffer;
  declare purpose: PasskeyPurpose;
  declare binding: string | null;
  declare expires_at: Date;
  declare consumed_at: Date | null;
}

export type PasskeyPurpose = 'register' | 'sign_in' | 'second_factor' | 'step_up';
