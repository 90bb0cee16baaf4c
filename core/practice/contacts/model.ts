import { WorkspaceModel } from '../../db/model.ts';
import { GatedModel } from './gated-model.ts';
import type { MovedDoubts } from './merge-doubts.ts';

/** Fields of the API that live in one column. */
export const CONTACT_COLUMNS = {
  givenName: 'given_name', middleName: 'middle_name', familyName: 'family_name', namePrefix: 'name_prefix', nameSuffix: 'name_suffix', preferredName: 'preferred_name',
  birthDate: 'birth_date', sex: 'sex', genderIdentity: 'gender_identity', pronouns: 'pronouns', language: 'language', maritalStatus: 'marital_status', race: 'race',
  ethnicity: 'ethnicity', deceasedOn: 'deceased_on', notes: 'notes', preferredChannel: 'preferred_channel', tags: 'tags', status: 'status', ownerId: 'owner_id',
} as const;
const FIELD_OF_COLUMN: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(CONTACT_COLUMNS).map(([field, column]) => [column, field]));

/** A patient. PHI columns (core/crypto/phi.ts) are plain here and sealed in PostgreSQL. */
export class Contact extends GatedModel {
  static override tableName = 'contacts';
  static override fieldOfColumn = () => FIELD_OF_COLUMN;
  declare owner_id: string | null;
  declare status: 'new' | 'active' | 'inactive' | 'deceased' | 'merged';
  declare preferred_channel: 'phone' | 'sms' | 'email' | 'portal' | 'mail' | null;
  /** What the practice calls the patient, newline between them: see contact-tags.ts. */
  declare tags: string | null;
  declare given_name: string | null;
  declare middle_name: string | null;
  declare family_name: string | null;
  declare name_prefix: string | null;
  declare name_suffix: string | null;
  declare preferred_name: string | null;
  /** `YYYY-MM-DD`; `YYYY-MM` or `YYYY` where a document knew no more. */
  declare birth_date: string | null;
  declare sex: string | null;
  declare gender_identity: string | null;
  declare pronouns: string | null;
  /** BCP 47. */
  declare language: string | null;
  declare marital_status: string | null;
  declare race: string | null;
  declare ethnicity: string | null;
  declare deceased_on: string | null;
  declare notes: string | null;
  declare merged_into_id: string | null;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}

/** A phone number or an e-mail address. */
export class ContactPoint extends GatedModel {
  static override tableName = 'contact_points';
  static override fieldOfColumn = ({ kind }: Readonly<Record<string, unknown>>) => ({ value: kind === 'phone' ? 'phones' : 'emails', use: kind === 'phone' ? 'phones' : 'emails' });
  declare contact_id: string;
  declare kind: 'phone' | 'email';
  declare use: 'home' | 'work' | 'mobile' | 'other' | null;
  /** 1 is tried first. */
  declare rank: number;
  declare value: string;
}

export class ContactAddress extends GatedModel {
  static override tableName = 'contact_addresses';
  static override fieldOfColumn = () => ({ use: 'addresses', lines: 'addresses', city: 'addresses', state: 'addresses', postal_code: 'addresses', country: 'addresses' });
  declare contact_id: string;
  declare use: 'home' | 'work' | 'temporary' | 'other' | null;
  /** Street lines, newline between them. */
  declare lines: string | null;
  declare city: string | null;
  declare state: string | null;
  declare postal_code: string | null;
  declare country: string | null;
}

/** A number that an assigning authority gave: `system` is its OID or URI. */
export class ContactIdentifier extends GatedModel {
  static override tableName = 'contact_identifiers';
  static override fieldOfColumn = () => ({ system: 'identifiers', value: 'identifiers' });
  declare contact_id: string;
  declare system: string;
  declare value: string;
}

/** What stands in a property of the workspace's own. */
export class ContactValue extends GatedModel {
  static override tableName = 'contact_values';
  static override fieldOfColumn = ({ property }: Readonly<Record<string, unknown>>) => ({ value: String(property) });
  declare contact_id: string;
  declare property: `custom.${string}`;
  /** As `writeValue` of contact-property.ts writes it. */
  declare value: string;
  declare is_indexed: boolean;
}

/** A colleague who may read, or read and write, a contact that is not theirs. */
export class ContactShare extends WorkspaceModel {
  static override tableName = 'contact_shares';
  declare contact_id: string;
  declare user_id: string;
  declare access: ShareAccess;
  declare shared_by: string | null;
  declare created_at: Date;
}
export type ShareAccess = 'READ' | 'WRITE';

/** Two records found to be one person's. `merged_id` keeps its own values and stands for the survivor until the merge is undone. */
export class ContactMerge extends WorkspaceModel {
  static override tableName = 'contact_merges';
  declare survivor_id: string;
  declare merged_id: string;
  declare moved: MovedRows;
  /** JSON of the survivor's values that the merge overwrote, by column. */
  declare survivor_before: string | null;
  declare merged_by: string | null;
  declare merged_at: Date;
  declare undone_at: Date | null;
}
/**
 * Table name → ids of the rows that went over; `widened`: shares of the survivor raised from READ to WRITE; `granted`: the share of whoever was the
 * owner of one of the two and is not of the survivor. Older merges have no doubts, or no grants.
 */
export type MovedRows = { readonly rows: Readonly<Record<string, readonly string[]>>; readonly widened: readonly string[]; readonly granted?: readonly string[]; readonly previousStatus: Contact['status']; readonly doubts?: MovedDoubts };
