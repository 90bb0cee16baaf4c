import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { declareCapabilities } from '../access/capabilities.ts';
import { declarePhi } from '../crypto/phi.ts';
import type { MigrationFolder } from '../db/migrate.ts';
import type { PluginRecord } from '../db/plugin-tables.ts';
import type { Plugged } from '../db/scope.ts';
import { declareFaults } from '../errors.ts';
import type { Job } from '../jobs/job.ts';
import { declareClaims } from '../trust/claims.ts';
import { declareActions, type Plugin } from '../plugin.ts';
import { claimsWhereOn, hostClaims } from './claims.ts';
import { checkTogether } from './check-definition.ts';
import { pluginJobs } from './jobs.ts';
import { snakeName, type LoadedPlugin } from './loaded-plugin.ts';
import { plugInto } from './plugged.ts';

/** The loaded plugins and what the program takes from them. */
export type PluginHost = {
  readonly plugins: readonly LoadedPlugin[];
  readonly plugged: Plugged;
  /** To migrate after the core's, each with a history of its own. */
  readonly migrations: readonly MigrationFolder[];
  readonly records: readonly PluginRecord[];
  readonly jobs: readonly Job[];
};

/** Makes what plugins declare known to the program. @throws PluginError when two do not go together */
export function createHost(plugins: readonly LoadedPlugin[]): PluginHost {
  const sorted = [...plugins].sort((a, b) => (a.plugin.name < b.plugin.name ? -1 : 1));
  checkTogether(sorted.map(({ plugin }) => plugin));
  declareClaims('', sorted.length === 0 ? [] : hostClaims(sorted));
  for (const loaded of sorted) {
    const { plugin } = loaded;
    const { name, capabilities = {}, faults = {}, auditActions = [], tables = {} } = plugin;
    declareCapabilities(name, capabilities);
    declareFaults(name, faults);
    declareActions(name, auditActions);
    declareClaims(name, claimsWhereOn(sorted, loaded));
    declarePhi(name, Object.fromEntries(Object.entries(tables).flatMap(([table, { sealed = [], index }]) => (sealed.length === 0 ? [] : [[table, { columns: sealed, ...(index === undefined ? {} : { index }) }]]))));
  }
  return {
    plugins: sorted,
    plugged: plugInto(sorted),
    migrations: sorted.flatMap(({ plugin, folder }) => { const dir = join(folder, 'migrations'); return existsSync(dir) ? [{ dir, historyTable: `plugin_${snakeName(plugin.name)}` }] : []; }),
    records: sorted.map(({ plugin }) => recordOf(plugin)),
    jobs: pluginJobs(sorted),
  };
}

function recordOf({ name, version, tables = {} }: Plugin): PluginRecord {
  return { name, version, tables: Object.fromEntries(Object.entries(tables).map(([table, { sealed = [], plain = {}, unaudited = null }]) => [table, { sealed, plain, unaudited }])) };
}
