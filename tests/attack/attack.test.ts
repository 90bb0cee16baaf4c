import t from 'tap';
import { naiveTarget } from './naive-target.ts';
import { realTarget } from './real-target.ts';
import { outcomeOf, type Scenario } from './scenario.ts';
import { BORROWING_ATTACKS } from './scenarios/borrowing.ts';
import { CONTEXT_ATTACKS } from './scenarios/context.ts';
import { ORACLE_ATTACKS } from './scenarios/oracles.ts';
import { REACH_ATTACKS } from './scenarios/reach.ts';
import type { Target } from './target.ts';

/** Design invariant 2: whoever runs any SQL inside a request for one workspace neither sees nor changes another. */
const SCENARIOS: readonly Scenario[] = [...CONTEXT_ATTACKS, ...REACH_ATTACKS, ...ORACLE_ATTACKS, ...BORROWING_ATTACKS];

async function run(scenario: Scenario, target: Target): Promise<string | null> {
  const connection = await target.connect();
  const before = await target.census();
  try {
    const leak = scenario.onConnection !== undefined
      ? await scenario.onConnection(connection, target)
      : await connection.request(target.a, async (request) => {
          const seen = await scenario.inRequest?.({ ...request, connection }, target) ?? null;
          await request.sql('rollback'); // the next attack finds the same rows
          return seen;
        });
    return leak ?? ((await target.census()) === before ? null : 'rows of b have changed');
  } finally {
    await outcomeOf(connection.close());
  }
}

/** What the same attacks find where only the policies are there. One that drops out of this list no longer proves anything. */
const LEAKS_OF_ORDINARY_ROW_LEVEL_SECURITY = [
  'context forged by set_config', 'context forged by SET LOCAL in a savepoint', 'context forged outside a request',
  'captured context on another connection', 'captured context after its expiry', 'context used on after its expiry',
  'captured context used a second time', 'a context with its workspace exchanged', 'a second workspace in one transaction',
  'a second workspace after DISCARD SEQUENCES', 'a second workspace after clearing the setting', 'a second workspace by savepoint revert',
  'database_to_xml', 'every partition', 'every view', 'every materialised view', 'every system catalogue and view', 'writing to a partition',
  'TRUNCATE', 'a trigger on a table', 'large objects', 'unique oracle', 'primary-key oracle', 'ON CONFLICT count', 'foreign key to a foreign row',
  'EXPLAIN ANALYZE counts what the policy removed', 'EXPLAIN estimates', 'delete oracle', 'sequences', 'pg_stats', 'pg_stat_activity literals',
  'pg_locks', 'ending another session', 'session-level context, then nobody’s turn', 'cursor WITH HOLD', 'temporary table left behind',
  'temporary table in front of a real one', 'function in a temporary schema', 'the program’s prepared statement replaced', 'LISTEN left behind',
  'session-level lock left behind', 'session setting left behind: standard_conforming_strings', 'session setting left behind: datestyle',
  'session setting left behind: timezone', 'session setting left behind: search_path', 'session setting left behind: default_transaction_isolation',
  'session setting left behind: debug_print_plan', 'ALTER ROLE … SET on oneself',
];

t.test('the schema as migrated, through the program’s pool, gives nothing', async (t) => {
  const target = await realTarget(t);
  const connection = await target.connect();
  t.equal((await connection.request(target.a, ({ sql }) => sql('select * from app.contacts'))).length, 41, 'one’s own rows are there');
  await connection.close();
  for (const scenario of SCENARIOS) t.equal(await run(scenario, target), null, `${scenario.name} (${scenario.leak})`);
});

t.test('positive control: ordinary row-level security leaks', async (t) => {
  const target = await naiveTarget(t);
  const leaks: string[] = [];
  for (const scenario of SCENARIOS) {
    const leak = await run(scenario, target);
    if (leak === null) continue;
    leaks.push(scenario.name);
    t.comment(`${scenario.name}: ${leak}`);
  }
  t.same(leaks, LEAKS_OF_ORDINARY_ROW_LEVEL_SECURITY);
});
