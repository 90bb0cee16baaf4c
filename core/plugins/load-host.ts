import { canonicalize } from '../audit/canonical.ts';
import type { Config } from '../config.ts';
import { declarePhi } from '../crypto/phi.ts';
import { readPluginTables } from '../db/plugin-tables.ts';
import { firstParty } from './first-party.ts';
import { createHost, type PluginHost } from './host.ts';
import { loadFolder } from './load-folder.ts';
import { PluginError } from './plugin-error.ts';

/** The program's own plugins and the operator's, checked. @throws PluginError */
export async function loadHost({ pluginDir, pluginPublishers }: Pick<Config, 'pluginDir' | 'pluginPublishers'>): Promise<PluginHost> {
  return createHost([...firstParty(), ...(pluginDir === null ? [] : await loadFolder(pluginDir, pluginPublishers))]);
}

/**
 * Compares what is loaded with what the database was migrated for, and keeps the sealed columns of removed plugins known, so that key
 * rotation still reaches them.
 * @throws PluginError when the database does not know a loaded plugin as it is
 */
export async function checkRecorded(appUrl: string, { records }: PluginHost): Promise<void> {
  const recorded = new Map((await readPluginTables(appUrl)).map((record) => [record.name, record]));
  for (const { name, version, tables } of records) {
    const known = recorded.get(name);
    if (known === undefined || known.version !== version || canonicalize(known.tables) !== canonicalize(tables)) throw new PluginError(name, 'the database has not been migrated for this version of it. Run `npx wardkeep migrate`.');
    recorded.delete(name);
  }
  for (const { name, tables } of recorded.values()) declarePhi(name, Object.fromEntries(Object.entries(tables).flatMap(([table, { sealed }]) => (sealed.length === 0 ? [] : [[table, { columns: sealed }]]))));
}
