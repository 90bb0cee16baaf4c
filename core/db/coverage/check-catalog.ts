import type pg from 'pg';
import { phiTables } from '../../crypto/phi.ts';
import type { RuntimeRoles } from '../migrate.ts';
import { pluginTablesOn, type PluginTableRecord } from '../plugin-tables.ts';
import { withClient } from '../single-connection.ts';
import * as expected from './expected.ts';
import { PLAIN_COLUMNS } from './plain-columns.ts';
import { COMMON, type Finding, type Rule } from './rule.ts';
import { RULES } from './rules/index.ts';
import { shippedFunctions } from './shipped-functions.ts';

export type CatalogOptions = { readonly roles: RuntimeRoles };

/**
 * Reads the system catalogs and says everything that would let one workspace see another, or a run-time role do more than it must (design
 * invariant 2). Needs no privilege: it runs as a run-time role, at boot, in `doctor` and in CI. An empty list is a sound schema.
 */
export async function checkCatalog(url: string, options: CatalogOptions): Promise<Finding[]> {
  return withClient(url, (client) => checkCatalogOn(client, options));
}

/** The same on a connection of one's own, which may be in a transaction; it is left with another search_path. */
export async function checkCatalogOn(client: pg.ClientBase, { roles }: CatalogOptions): Promise<Finding[]> {
  await client.query('set search_path = pg_catalog; set jit = off'); // names come out with their schema; compiling would take longer than running
  const { rows } = await client.query<{ rule: number; object: string; text: string }>(QUERY, [[roles.app, roles.jobs], JSON.stringify(lists(roles, await pluginTablesOn(client)))]);
  return rows.map(({ rule, object, text }) => {
    const { name, remedy } = RULES[rule] as Rule;
    return { rule: name, object, text, remedy };
  });
}

/** All rules in one statement: what they have in common is read once. */
const QUERY = COMMON + RULES.map(({ find }, at) => `select ${at} as rule, f.object::text, f.text from (${find}) f`).join('\nunion all\n');

/** The database is not one that keeps workspaces apart; the program does not start on it. */
export class CatalogError extends Error {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    super(`The database would not keep workspaces apart (${findings.length} finding${findings.length === 1 ? '' : 's'}):\n${findings.map(({ rule, object, text, remedy }) => `  - ${object} ${text} [${rule}]\n    ${remedy}`).join('\n')}`);
    this.name = 'CatalogError';
    this.findings = findings;
  }
}

/** @throws CatalogError listing every finding */
export async function assertCatalog(url: string, options: CatalogOptions): Promise<void> {
  const findings = await checkCatalog(url, options);
  if (findings.length > 0) throw new CatalogError(findings);
}

/** The lists of expected.ts in the flat form the rules compare against. */
function lists(roles: RuntimeRoles, plugins: readonly { readonly tables: Readonly<Record<string, PluginTableRecord>> }[]): Record<string, unknown> {
  const plugged = plugins.flatMap(({ tables }) => Object.entries(tables));
  const { SCHEMAS, SYSTEM_TABLES, SYSTEM_DOORS, APP_GRANTS, JOBS_GRANTS } = expected;
  const sys = Object.entries(SYSTEM_TABLES);
  const exact = {
    app: { ...inSchema('sys', Object.fromEntries(sys.map(([table, { app }]) => [table, app]))), ...inSchema('app', APP_GRANTS) },
    jobs: { ...inSchema('sys', Object.fromEntries(sys.map(([table, { jobs }]) => [table, jobs]))), ...inSchema('app', JOBS_GRANTS) },
  };
  return {
    ours: expected.OURS,
    schemas: Object.keys(SCHEMAS),
    usage: Object.entries(SCHEMAS).flatMap(([schema, users]) => users.map((user) => `${schema}:${roles[user]}`)),
    systemTables: [...Object.keys(SYSTEM_TABLES).map((table) => `sys.${table}`), 'sec.context_keys'],
    exactlyGranted: Object.keys(exact.app),
    exactGrants: (['app', 'jobs'] as const).flatMap((role) => Object.entries(exact[role]).flatMap(([table, privileges]) => privileges.map((privilege) => `${table}:${roles[role]}:${privilege}`))),
    doors: Object.entries(SYSTEM_DOORS).flatMap(([table, commands]) => commands.map((command) => `${table}:${command}`)),
    securityDefiners: expected.SECURITY_DEFINERS,
    executable: expected.EXECUTABLE,
    withdrawnFunctions: expected.WITHDRAWN_FUNCTIONS,
    appendOnly: expected.APPEND_ONLY,
    withoutAuditTrigger: [...Object.keys(expected.WITHOUT_AUDIT_TRIGGER), ...plugged.flatMap(([table, { unaudited }]) => (unaudited === null ? [] : `app.${table}`))],
    unauditedColumns: Object.keys(expected.UNAUDITED_COLUMNS),
    triggers: expected.TRIGGERS,
    extensions: expected.EXTENSIONS,
    languages: expected.LANGUAGES,
    roleSettings: expected.ROLE_SETTINGS,
    settings: expected.SETTINGS,
    functions: shippedFunctions(roles),
    // The core's own declarations come last: no plugin says anything of them.
    phi: Object.fromEntries([...plugged.map(([table, { sealed }]) => [table, sealed] as const), ...phiTables().map(([table, { columns }]) => [table, columns] as const)]),
    plain: Object.fromEntries([...plugged.map(([table, { plain }]) => [table, plain] as const), ...Object.entries(PLAIN_COLUMNS)].map(([table, columns]) => [table, Object.keys(columns)])),
  };
}

const inSchema = <T>(schema: string, tables: Readonly<Record<string, T>>): Record<string, T> => Object.fromEntries(Object.entries(tables).map(([table, value]) => [`${schema}.${table}`, value]));
