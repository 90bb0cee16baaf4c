import { WorkspaceModel } from '../../db/model.ts';

/** One upload or command run. Counts are brought up to date while it runs. */
export class ImportBatch extends WorkspaceModel {
  static override tableName = 'import_batches';
  declare kind: 'ccda' | 'csv';
  declare status: 'mapping' | 'running' | 'done' | 'failed';
  declare started_by: string | null;
  declare starter_name: string;
  declare file_name: string | null;
  declare total: number;
  declare done: number;
  declare imported: number;
  declare unchanged: number;
  declare created: number;
  declare matched: number;
  declare pending: number;
  declare refused: number;
  declare created_at: Date;
  declare touched_at: Date;
}

/** What became of one file, or of one row (`file_name` is then `row 12`). */
export class ImportOutcome extends WorkspaceModel {
  static override tableName = 'import_outcomes';
  declare batch_id: string;
  declare position: number;
  declare file_name: string;
  declare outcome: 'created' | 'matched' | 'pending' | 'unchanged' | 'refused';
  declare code: string | null;
  declare reason: string | null;
  declare line: number | null;
  declare column_no: number | null;
  declare contact_id: string | null;
  declare document_id: string | null;
}

/** A spreadsheet as it came, base64 before sealing. */
export class ImportSource extends WorkspaceModel {
  static override tableName = 'import_sources';
  declare content: string;
  declare created_at: Date;
}
