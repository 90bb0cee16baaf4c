import { randomUUID } from 'node:crypto';
import { checkCatalog } from '../../db/coverage/check-catalog.ts';
import type { Finding } from '../../db/coverage/rule.ts';
import { probe, type ProbeResult } from '../../db/probe.ts';
import { quoteName } from '../../db/quote-name.ts';
import type { Tx } from '../../db/scope.ts';
import { claim, verdict, type Subject } from '../claim.ts';
import { attempt } from '../attempt.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

const findings = new WeakMap<Subject, Promise<Finding[]>>();

/** What the catalog check finds; looked for once for all claims that ask. */
export function catalogFindings(subject: Subject): Promise<Finding[]> {
  const { database } = subject.app;
  const found = findings.get(subject) ?? checkCatalog(database.appUrl, { roles: { app: userOf(database.appUrl), jobs: userOf(database.jobsUrl) } });
  findings.set(subject, found);
  return found;
}

export const catalog = claim({
  id: 'TEN-1',
  title: 'The database keeps workspaces apart by itself',
  statement: 'Row-level security is enabled and forced on every workspace table, and no role, policy, grant, index, function or setting weakens it.',
  async prove(subject) {
    const found = await catalogFindings(subject);
    const { appUrl, jobsUrl } = subject.app.database;
    return verdict(found.length === 0, { proved: 'The catalog check has no finding.', failing: `The catalog check has ${found.length} finding${found.length === 1 ? '' : 's'}.` }, {
      roles: { app: userOf(appUrl), jobs: userOf(jobsUrl) }, findings: found.slice(0, 20).map(({ rule, object, text }) => ({ rule, object, text })),
    });
  },
});

/** Notes in `trust.seen` the workspace tables of which a row is seen. An empty one may be looked at without a question to sec.workspace(), which never entered (55000) or refuses (42501). */
const LOOK_AROUND = { values: [], sql: `do $$
  declare seen text[] := '{}'; is_seen boolean; name text;
  begin
    for name in select relname from pg_catalog.pg_class where relnamespace = 'app'::regnamespace and relkind in ('r', 'p') loop
      begin
        execute format('select exists (select from app.%I)', name) into is_seen;
        if is_seen then seen := seen || name; end if;
      exception when insufficient_privilege or object_not_in_prerequisite_state then null;
      end;
    end loop;
    perform set_config('trust.seen', seen::text, true);
  end $$` };
const SEEN = "select current_setting('trust.seen')::text[] as seen";

export const forgedContext = claim({
  id: 'TEN-2',
  title: 'A forged workspace context is refused',
  statement: 'Whoever can run SQL as the program, but has not the program’s key, reads no row of a workspace’s tables: without a context, with an invented one, or with an invented token.',
  async prove({ app, workspaceId }) {
    const { appUrl, jobsUrl } = app.database;
    const byHand = { sql: "select set_config('app.workspace_id', $1, true)", values: [workspaceId] };
    const token = `select sec.enter('${workspaceId}|' || pg_backend_pid() || '|1|${Date.now() + 60_000}|c1.${'0'.repeat(64)}')`;
    const attacks = [appUrl, jobsUrl].flatMap((url) => Object.entries({
      'without a context': async () => seenIn(await probe(url, SEEN, [LOOK_AROUND])),
      'with the context set by hand': async () => seenIn(await probe(url, SEEN, [byHand, LOOK_AROUND])),
      'with a forged token': async () => takenOf(await probe(url, token)),
      'with the marks of a workspace entered': async () => takenOf(await probe(url, "select setval('sec.entered_at', (extract(epoch from now()) * 1000000)::bigint)")),
    }).map(async ([attack, run]) => ({ role: userOf(url), attack, through: await run() })));
    const outcomes = await Promise.all(attacks);
    const through = outcomes.filter((outcome) => outcome.through.length > 0);
    return verdict(through.length === 0, { proved: `${outcomes.length} of ${outcomes.length} forgeries were refused or saw no row of any table, just now.`, failing: `${through.length} of ${outcomes.length} forgeries got through.` }, { tried: outcomes.length, through });
  },
});

/** Tables of which a row was seen. Not to have been able to look is no proof either. */
function seenIn(answer: ProbeResult): string[] {
  return 'rows' in answer ? (answer.rows[0] as { seen: string[] }).seen : [`no answer (${answer.refused})`];
}

function takenOf(answer: ProbeResult): string[] {
  return 'refused' in answer && answer.refused === INSUFFICIENT_PRIVILEGE ? [] : ['taken'];
}

export const otherWorkspaces = claim({
  id: 'TEN-3',
  title: 'This workspace sees and writes no other',
  statement: 'Bound to this workspace, no table shows a row of another, none takes a new row for another, and none lets go of a row to another.',
  async prove({ app, scope }) {
    const tables = await app.withWorkspace(scope, lookForForeignRows);
    const seen = tables.filter(({ foreign }) => foreign).map(({ name }) => name);
    const foreign = randomUUID();
    const taken: string[] = [];
    let tried = 0;
    for (const { name, own } of tables) {
      const table = `app.${quoteName(name)}`;
      // PostgreSQL asks the policy before the constraints: that the other columns are missing does not come into it. Nor may there be a WHERE: an
      // UPDATE that reads has to pass the policies for reading as well, which would hide that the others do not hold. The first row ends it.
      const writes = [`insert into ${table} (workspace_id) values ('${foreign}')`, ...(own ? [`update ${table} set workspace_id = '${foreign}'`] : [])];
      for (const write of writes) {
        tried += 1;
        if ((await attempt(app, scope, (tx) => tx.knex.raw(write))) !== INSUFFICIENT_PRIVILEGE) taken.push(name);
      }
    }
    return verdict(seen.length === 0 && taken.length === 0, { proved: `${tables.length} tables show no foreign row, and ${tried} of ${tried} foreign writes were refused.`, failing: `Foreign rows in ${seen.length} tables; ${taken.length} of ${tried} foreign writes were not refused as they must be.` }, { tables: tables.length, seen, tried, taken });
  },
});

type Look = { readonly name: string; /** It shows a row of this workspace, of another. */ readonly own: boolean; readonly foreign: boolean };

/** What each table shows. Below and above the workspace's id, rather than unequal: an index answers that at once. */
async function lookForForeignRows(tx: Tx): Promise<Look[]> {
  const { rows } = (await tx.knex.raw(
    `select c.relname as name, (xpath('/row/own/text()', x.shown))[1]::text::boolean as own, (xpath('/row/foreign/text()', x.shown))[1]::text::boolean as foreign
     from pg_class c cross join lateral (select query_to_xml(format('select exists (select from app.%1$I where workspace_id = %2$L) as own, exists (select from app.%1$I where workspace_id < %2$L) or exists (select from app.%1$I where workspace_id > %2$L) as foreign', c.relname, ?::text), false, true, '') as shown) x
     where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'select') order by 1`,
    [tx.scope.workspaceId],
  )) as { rows: Look[] };
  return rows;
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

export const TENANCY_CLAIMS = [catalog, forgedContext, otherWorkspaces] as const;
