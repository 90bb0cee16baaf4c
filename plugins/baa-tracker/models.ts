import { WorkspaceModel } from '../../core/plugin.ts';
import type { Status } from './agreements/states.ts';
import type { Day } from './calendar-days.ts';
import type { AgreementKind, AttestationKind, Change, DataElement, DocumentKind, Outcome, PhiClass } from './vocabulary.ts';

/** Whoever gets, or might get, patients' data; one of them may be the installation's operator. */
export class Subprocessor extends WorkspaceModel {
  static override tableName = 'baa_tracker_subprocessors';
  static override get jsonAttributes(): string[] {
    return []; // `data_elements` is text[]
  }
  declare name: string;
  declare service: string;
  declare purpose: string;
  declare phi_class: PhiClass;
  declare data_elements: DataElement[];
  declare location: string;
  declare contact_name: string | null;
  declare contact_email: string | null;
  declare contact_phone: string | null;
  declare notes: string | null;
  declare is_operator: boolean;
  declare in_use: boolean;
  declare owner_id: string | null;
  declare next_review_on: Day;
  declare version: number;
  declare updated_at: Date;
}

export class Attestation extends WorkspaceModel {
  static override tableName = 'baa_tracker_attestations';
  declare subprocessor_id: string;
  declare kind: AttestationKind;
  declare issuer: string;
  declare issued_on: Day;
  declare expires_on: Day | null;
  declare recorded_by: string;
  declare recorded_at: Date;
}

export class Agreement extends WorkspaceModel {
  static override tableName = 'baa_tracker_agreements';
  declare subprocessor_id: string;
  declare kind: AgreementKind;
  declare title: string;
  declare status: Status;
  declare our_party: string;
  declare their_party: string;
  declare our_signatory: string | null;
  declare their_signatory: string | null;
  declare effective_on: Day;
  declare expires_on: Day | null;
  /** Null: it ends by itself. */
  declare renewal_months: number | null;
  declare notice_days: number;
  declare breach_notice_hours: number | null;
  declare security_incident_hours: number | null;
  declare access_request_days: number | null;
  declare data_return_days: number | null;
  declare terms: string | null;
  declare owner_id: string;
  declare supersedes_id: string | null;
  declare ended_on: Day | null;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}

export class Transition extends WorkspaceModel {
  static override tableName = 'baa_tracker_transitions';
  declare agreement_id: string;
  declare number: number;
  declare from_status: Status | null;
  declare to_status: Status;
  declare by_id: string | null;
  declare by_name: string;
  declare at: Date;
  declare note: string | null;
}

export class AgreementDocument extends WorkspaceModel {
  static override tableName = 'baa_tracker_documents';
  declare agreement_id: string;
  declare number: number;
  declare kind: DocumentKind;
  declare file_name: string;
  declare bytes: number;
  declare sha256: Buffer;
  declare uploaded_by: string;
  declare uploader_name: string;
  declare uploaded_at: Date;
}

/** A document's bytes, base64, sealed; its row has the document's id. */
export class DocumentContent extends WorkspaceModel {
  static override tableName = 'baa_tracker_contents';
  declare content: string;
}

export class Reminder extends WorkspaceModel {
  static override tableName = 'baa_tracker_reminders';
  static override get jsonAttributes(): string[] {
    return []; // `told` is uuid[]
  }
  declare agreement_id: string;
  declare decide_by: Day;
  declare days_before: number;
  declare told: string[];
  declare is_escalated: boolean;
  declare made_at: Date;
  declare acknowledged_by: string | null;
  declare acknowledger_name: string | null;
  declare acknowledged_at: Date | null;
}

/** Of a review or an attestation. */
export class DueReminder extends WorkspaceModel {
  static override tableName = 'baa_tracker_due_reminders';
  static override get jsonAttributes(): string[] {
    return []; // `told` is uuid[]
  }
  declare subprocessor_id: string;
  declare kind: 'review' | 'attestation';
  declare attestation_id: string | null;
  declare due_on: Day;
  declare days_before: number;
  declare told: string[];
  declare made_at: Date;
}

export class Notice extends WorkspaceModel {
  static override tableName = 'baa_tracker_notices';
  declare subprocessor_id: string;
  declare change: Change;
  declare description: string;
  declare received_on: Day;
  declare effective_on: Day;
  declare status: 'open' | 'acknowledged' | 'objected';
  declare recorded_by: string;
  declare recorder_name: string;
  declare decided_by: string | null;
  declare decider_name: string | null;
  declare decided_at: Date | null;
  declare decision_note: string | null;
}

export class Review extends WorkspaceModel {
  static override tableName = 'baa_tracker_reviews';
  declare subprocessor_id: string;
  declare outcome: Outcome;
  declare findings: string;
  declare signed_by: string;
  declare signer_name: string;
  declare signed_at: Date;
  declare next_review_on: Day;
}
