import { randomBytes } from 'node:crypto';
import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { WorkspaceModel } from '../db/model.ts';
import { systemScope, type Tx } from '../db/scope.ts';
import type { DemoWorkspace } from '../demo/demo-workspace.ts';
import type { Plugin } from '../plugin.ts';

/** Rows in the plugin's tables, of one workspace. `texts`: what stands in their sealed columns, in the clear. */
export type PlantedRows = { readonly ids: readonly string[]; readonly texts: readonly string[]; /** Tables that took none, each with the name of the error. */ readonly refused: readonly string[] };

type Column = { readonly name: string; readonly type: string; readonly isRequired: boolean; readonly choices: readonly string[]; /** The table whose id it holds. */ readonly refersTo: string | null };

/**
 * Fills the plugin's tables: by its own `demo.seed` if it has one; where that left one empty and `invented` says so, by a row that fits the
 * catalog and means nothing, good enough for a workspace that nobody looks at from inside.
 */
export async function plantRows(app: App, plugin: Plugin, workspaceId: string, workspace: DemoWorkspace, invented: boolean): Promise<PlantedRows> {
  const scope = systemScope(workspaceId, 'conformance');
  await app.withWorkspace(scope, async (tx) => plugin.demo?.seed?.(tx, workspace));
  const tables = await app.withWorkspace(scope, (tx) => presentTables(tx, plugin));
  let left: readonly string[] = invented ? tables : [];
  const refused = new Map<string, string>();
  for (let before = -1; left.length !== before;) {
    before = left.length;
    const still: string[] = [];
    for (const table of left) {
      try {
        await app.withWorkspace(scope, (tx) => plantOne(tx, plugin, table, workspace));
      } catch (error) {
        still.push(table); // what it refers to may be planted by then; at last it is said
        refused.set(table, (error as Error).name);
      }
    }
    left = still;
  }
  const rows = await app.withWorkspace(scope, async (tx) => Promise.all(tables.map(async (table) => {
    const sealed = plugin.tables?.[table]?.sealed ?? [];
    const [row] = await modelOf(table).query(tx).orderBy('id').limit(1);
    return { id: row?.id, texts: sealed.flatMap((column) => { const value = (row as unknown as Record<string, unknown> | undefined)?.[column]; return typeof value === 'string' && value.length >= TELLING ? [value] : []; }) };
  })));
  return { ids: rows.flatMap(({ id }) => id ?? []), texts: rows.flatMap(({ texts }) => texts), refused: left.map((table) => `${table} (${refused.get(table)})`) };
}

/** A text shorter than this may stand on a page for reasons of its own. */
const TELLING = 12;

/** One line for each table, which changes with any of its rows. */
export async function fingerprint(app: App, plugin: Plugin, workspaceId: string): Promise<string[]> {
  return app.withWorkspace(systemScope(workspaceId, 'conformance'), async (tx) => Promise.all((await presentTables(tx, plugin)).map(async (table) => {
    const { rows } = (await tx.knex.raw(`select md5(coalesce(string_agg(t::text, '|' order by t.id), '')) as sum from app.?? t`, [table])) as { rows: { sum: string }[] };
    return `${table} ${rows[0]?.sum}`;
  })));
}

/** Those declared that a migration made; the others are a finding of their own. */
async function presentTables(tx: Tx, { tables = {} }: Plugin): Promise<string[]> {
  const { rows } = (await tx.knex.raw(`select name from unnest(?::text[]) name where to_regclass('app.' || quote_ident(name)) is not null`, [Object.keys(tables)])) as { rows: { name: string }[] };
  return rows.map(({ name }) => name);
}

async function plantOne(tx: Tx, plugin: Plugin, table: string, { people }: DemoWorkspace): Promise<void> {
  const { rows: [may] } = (await tx.knex.raw(`select has_table_privilege('app.' || quote_ident(?), 'insert') as insert`, [table])) as { rows: { insert: boolean }[] };
  if (may?.insert !== true || (await modelOf(table).query(tx).first()) !== undefined) return;
  const sealed = plugin.tables?.[table]?.sealed ?? [];
  const row: Record<string, unknown> = {};
  for (const column of await columnsOf(tx, table)) {
    if (column.name === 'id' && column.refersTo !== null) row['id'] = await referredId(tx, column.refersTo, people);
    if (column.name === 'id' || column.name === 'workspace_id') continue;
    if (sealed.includes(column.name)) row[column.name] = `planted-${randomBytes(8).toString('hex')}`;
    else if (column.isRequired) row[column.name] = column.refersTo === null ? valueFor(column) : await referredId(tx, column.refersTo, people);
  }
  await modelOf(table).query(tx).insert(row);
  record(tx, { action: 'plugin.tested', target: { type: 'plugin', id: plugin.name } });
}

async function referredId(tx: Tx, table: string, people: DemoWorkspace['people']): Promise<string | null> {
  if (table === 'users') return people[0]?.id ?? null;
  return ((await tx.knex(`app.${table}`).where({ workspace_id: tx.scope.workspaceId }).first('id')) as { id: string } | undefined)?.id ?? null;
}

function valueFor({ type, choices }: Column): unknown {
  if (type.endsWith('[]')) return [];
  if (choices.length > 0) return choices[0];
  if (type.startsWith('timestamp')) return new Date();
  if (/^(small|big)?int|^numeric|^double/.test(type)) return 1;
  switch (type) {
    case 'uuid': return uuidv7();
    case 'boolean': return false;
    case 'date': return new Date().toISOString().slice(0, 10);
    case 'bytea': return randomBytes(32);
    case 'jsonb': return '{}';
    default: return `planted ${randomBytes(8).toString('hex')}`;
  }
}

/** Columns without a default, with what foreign keys and `check (x in (…))` say of them. */
async function columnsOf(tx: Tx, table: string): Promise<Column[]> {
  const { rows } = (await tx.knex.raw(`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "isRequired",
      (select f.confrelid::regclass::text from pg_constraint f where f.conrelid = a.attrelid and f.contype = 'f' and a.attnum = any (f.conkey) and (cardinality(f.conkey) > 1 or a.attname <> 'workspace_id') limit 1) as target,
      (select pg_get_constraintdef(c.oid) from pg_constraint c where c.conrelid = a.attrelid and c.contype = 'c' and c.conkey = array[a.attnum] limit 1) as rule
    from pg_attribute a where a.attrelid = ('app.' || quote_ident(?))::regclass and a.attnum > 0 and not a.attisdropped and (not a.atthasdef or a.attname in ('id', 'workspace_id')) order by a.attnum`, [table])) as { rows: { name: string; type: string; isRequired: boolean; target: string | null; rule: string | null }[] };
  return rows.map(({ name, type, isRequired, target, rule }) => ({ name, type, isRequired, refersTo: target === null || name === 'workspace_id' ? null : target.replace(/^app\./, ''), choices: [...(rule ?? '').matchAll(/'([^']+)'::text/g)].map(([, choice]) => choice as string) }));
}

/** The door's own sealing and opening, for a table that only its plugin has a model of. */
function modelOf(table: string): typeof WorkspaceModel {
  return class extends WorkspaceModel {
    static override tableName = table;
    static override get jsonAttributes(): string[] {
      return []; // arrays stay arrays, JSON is given as text
    }
  };
}
