import type pg from 'pg';
import { withClient } from './single-connection.ts';

/** What a plugin says of one table of its own; the catalog check, key rotation and the retirement of keys go by it. */
export type PluginTableRecord = { readonly sealed: readonly string[]; readonly plain: Readonly<Record<string, string>>; readonly unaudited: string | null };
export type PluginRecord = { readonly name: string; readonly version: string; readonly tables: Readonly<Record<string, PluginTableRecord>> };

/** Writes down what the loaded plugins declare; as the owner, in the step that migrates. Those removed since stay as they were. */
export async function recordPluginTables(ownerUrl: string, plugins: readonly PluginRecord[]): Promise<void> {
  await withClient(ownerUrl, (client) => client.query(
    `insert into sys.plugins (name, version, tables) select * from jsonb_to_recordset($1::jsonb) as p(name text, version text, tables jsonb)
     on conflict (name) do update set version = excluded.version, tables = excluded.tables, recorded_at = now()`,
    [JSON.stringify(plugins)],
  ));
}

/** What was written down of every plugin this database has had, loaded now or not. */
export async function readPluginTables(url: string): Promise<PluginRecord[]> {
  return withClient(url, pluginTablesOn);
}

export async function pluginTablesOn(client: pg.ClientBase): Promise<PluginRecord[]> {
  return (await client.query<PluginRecord>('select name, version, tables from sys.plugins order by name')).rows;
}
