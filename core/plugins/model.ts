import { WorkspaceModel } from '../db/model.ts';
import type { Tier } from '../plugin.ts';

export class PluginSwitch extends WorkspaceModel {
  static override tableName = 'plugin_switches';
  declare plugin: string;
  declare is_on: boolean;
  /** JSON; sealed in the table. */
  declare settings: string;
  declare agreement_missing_since: Date | null;
  declare is_suspended: boolean;
  declare warned_until: Date | null;
  declare changed_at: Date;
}

export class ParkedJob extends WorkspaceModel {
  static override tableName = 'plugin_parked_jobs';
  declare plugin: string;
  declare job: string;
  declare input: Record<string, unknown>;
  declare parked_at: Date;
}

export class Entitlement extends WorkspaceModel {
  static override tableName = 'entitlements';
  declare tier: Tier;
  declare ends_at: Date | null;
  declare granted_at: Date;
}
