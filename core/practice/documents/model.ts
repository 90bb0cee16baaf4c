import { WorkspaceModel } from '../../db/model.ts';

/** An imported document; `parsed` is the reader's ClinicalDocument as JSON (without attachments' bytes), sealed like every PHI column. */
export class Document extends WorkspaceModel {
  static override tableName = 'documents';
  declare contact_id: string | null;
  declare kind: 'ccda' | 'pdf' | 'other';
  declare status: 'filed' | 'pending';
  declare pending_reason: string | null;
  declare title: string | null;
  declare file_name: string | null;
  declare media_type: string;
  declare bytes: number;
  declare sha256: Buffer;
  declare document_date: Date | null;
  declare parsed: string | null;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}

/** The original bytes, base64 before sealing, apart from the row that lists read. */
export class DocumentContent extends WorkspaceModel {
  static override tableName = 'document_contents';
  declare content: string;
}

/** "Could these two be the same person?", waiting for somebody to say. */
export class MatchReview extends WorkspaceModel {
  static override tableName = 'match_reviews';
  declare document_id: string;
  declare contact_id: string;
  declare candidate_id: string;
  declare reason: MatchDoubt;
  declare status: 'open' | 'same' | 'different';
  declare decided_by: string | null;
  declare decided_at: Date | null;
  declare created_at: Date;
}

export type MatchDoubt = 'identifier_shared' | 'demographics_differ' | 'identifiers_differ' | 'several_candidates';
