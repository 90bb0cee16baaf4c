import { WorkspaceModel } from '../../db/model.ts';

/** Something done, noted or to be done for a patient. `due_on` and `done_at` belong to tasks. */
export class Activity extends WorkspaceModel {
  static override tableName = 'activities';
  declare contact_id: string;
  declare kind: ActivityKind;
  declare subject: string;
  declare body: string | null;
  /** `YYYY-MM-DD` */
  declare due_on: string | null;
  declare done_at: Date | null;
  declare assigned_to: string | null;
  declare author_id: string | null;
  declare occurred_at: Date;
  declare version: number;
  declare created_at: Date;
  declare updated_at: Date;
}

export const ACTIVITY_KINDS = ['call', 'note', 'task', 'letter'] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];
