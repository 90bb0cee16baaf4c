import { WorkspaceModel } from '../../db/model.ts';

/** Something done for or with a contact. `due_on` (`YYYY-MM-DD`), `done_at` and `assigned_to` are a task's. */
export class Activity extends WorkspaceModel {
  static override tableName = 'activities';
  declare contact_id: string;
  declare kind: 'call' | 'note' | 'task' | 'letter';
  declare subject: string;
  declare body: string | null;
  declare due_on: string | null;
  declare done_at: Date | null;
  declare assigned_to: string | null;
  declare author_id: string | null;
  declare occurred_at: Date;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}
