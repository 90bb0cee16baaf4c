import type { Config } from '../config.ts';
import { declarePhi } from '../crypto/phi.ts';
import { readPluginTables } from '../db/plugin-tables.ts';
import { firstParty } from './first-party.ts';
import { createHost, type PluginHost } from './host.ts';
import { PluginError } from './plugin-error.ts';

/** No plugins: for programs that serve none, and tests. */
export const EMPTY_HOST: PluginHost = createHost([]);

/** The program's own plugins and the operator's, checked. @throws PluginError */
export async function loadHost(_config: Config): Promise<PluginHost> {
  return createHost(firstParty());
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
    if (known === undefined || known.version !== version || !sameJson(known.tables, tables)) throw new PluginError(name, 'the database has not been migrated for this version of it. Run `npx wardkeep migrate`.');
    recorded.delete(name);
  }
  for (const { name, tables } of recorded.values()) declarePhi(name, Object.fromEntries(Object.entries(tables).flatMap(([table, { sealed }]) => (sealed.length === 0 ? [] : [[table, { columns: sealed }]]))));
}

/** jsonb does not keep the order of keys. */
function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(sorted)
    : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)).map(([key, each]) => [key, sorted(each)])) : value);
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}
