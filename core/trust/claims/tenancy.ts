import { randomUUID } from 'node:crypto';
import { checkCatalog } from '../../db/coverage/check-catalog.ts';
import { probe } from '../../db/probe.ts';
import type { Tx } from '../../db/scope.ts';
import { claim, verdict } from '../claim.ts';
import { attempt } from '../attempt.ts';

const INSUFFICIENT_PRIVILEGE = '42501';
/** Also a refusal of sec.workspace(): this connection never entered one. */
const NEVER_ENTERED = '55000';
const PROBED_TABLES = ['app.contacts', 'app.documents', 'app.users', 'app.audit_entries', 'app.workspace_keys'] as const;

export const catalog = claim({
  id: 'TEN-1',
  title: 'The database keeps workspaces apart by itself',
  statement: 'Row-level security is enabled and forced on every workspace table, and no role, policy, grant, index, function or setting weakens it.',
  async prove({ app }) {
    const roles = { app: userOf(app.database.appUrl), jobs: userOf(app.database.jobsUrl) };
    const findings = await checkCatalog(app.database.appUrl, { roles });
    return verdict(findings.length === 0, { proved: 'The catalog check has no finding.', failing: `The catalog check has ${findings.length} finding${findings.length === 1 ? '' : 's'}.` }, {
      roles, findings: findings.slice(0, 20).map(({ rule, object, text }) => ({ rule, object, text })),
    });
  },
});

export const forgedContext = claim({
  id: 'TEN-2',
  title: 'A forged workspace context is refused',
  statement: 'Whoever can run SQL as the program, but has not the program’s key, reads no row: without a context, with an invented one, or with an invented token.',
  async prove({ app, workspaceId }) {
    const { appUrl } = app.database;
    const expiry = Date.now() + 60_000;
    const context = [{ sql: "select set_config('app.workspace_id', $1, true)", values: [workspaceId] }];
    const attacks: Record<string, () => ReturnType<typeof probe>> = {
      'a forged token': () => probe(appUrl, `select sec.enter('${workspaceId}|' || pg_backend_pid() || '|1|${expiry}|c1.${'0'.repeat(64)}')`),
      'the marks of a workspace entered': () => probe(appUrl, "select setval('sec.entered_at', (extract(epoch from now()) * 1000000)::bigint)"),
    };
    for (const table of PROBED_TABLES) {
      attacks[`${table} without a context`] = () => probe(appUrl, `select count(*) from ${table}`);
      attacks[`${table} with the context set by hand`] = () => probe(appUrl, `select count(*) from ${table}`, context);
    }
    const outcomes = await Promise.all(Object.entries(attacks).map(async ([attack, run]) => ({ attack, answer: await run() })));
    const through = outcomes.filter(({ answer }) => !('refused' in answer) || ![INSUFFICIENT_PRIVILEGE, NEVER_ENTERED].includes(answer.refused)).map(({ attack }) => attack);
    return verdict(through.length === 0, { proved: `${outcomes.length} of ${outcomes.length} forgeries were refused just now.`, failing: `${through.length} of ${outcomes.length} forgeries got through.` }, { tried: outcomes.length, through });
  },
});

export const otherWorkspaces = claim({
  id: 'TEN-3',
  title: 'This workspace sees and writes no other',
  statement: 'Bound to this workspace, no table shows a row of another, and a row cannot be written for another.',
  async prove({ app, scope }) {
    const { seen, tables } = await app.withWorkspace(scope, foreignRows);
    const foreign = randomUUID();
    const writes = await Promise.all([
      attempt(app, scope, (tx) => tx.knex('app.contacts').insert({ workspace_id: foreign, id: randomUUID() })),
      attempt(app, scope, (tx) => tx.knex('app.workspaces').insert({ workspace_id: foreign, name: 'probe', slug: 'probe' })),
    ]);
    const written = writes.filter((refused) => refused !== INSUFFICIENT_PRIVILEGE).length;
    return verdict(seen.length === 0 && written === 0, { proved: `${tables} tables show no foreign row, and ${writes.length} foreign writes were refused.`, failing: `Foreign rows in ${seen.length} tables; ${written} of ${writes.length} foreign writes were not refused as they must be.` }, { tables, seen, written });
  },
});

/** Tables that show rows of another workspace than the one entered. Below and above its id, rather than unequal: an index answers that at once. */
async function foreignRows(tx: Tx): Promise<{ tables: number; seen: string[] }> {
  const { rows } = (await tx.knex.raw(
    `select c.relname as name, (xpath('/row/n/text()', query_to_xml(format('select (exists (select from app.%1$I where workspace_id < %2$L) or exists (select from app.%1$I where workspace_id > %2$L))::int as n', c.relname, ?::text), false, true, '')))[1]::text::int as seen
     from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select') order by 1`,
    [tx.scope.workspaceId],
  )) as { rows: { name: string; seen: number }[] };
  return { tables: rows.length, seen: rows.filter((row) => row.seen > 0).map(({ name }) => name) };
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

export const TENANCY_CLAIMS = [catalog, forgedContext, otherWorkspaces] as const;
