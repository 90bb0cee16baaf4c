import { randomUUID } from 'node:crypto';
import t from 'tap';
import { systemScope } from '../../core/db/scope.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, sessionCookie } from '../support/people.ts';
import { rows } from '../support/rows.ts';

// Design invariant 5: a way in, a second factor or a key does not change without an entry, whoever sends the statement.

const { app, database } = await openTestApp(t);
const { admin, workspaceId } = await createPeople(app, 'willow');
await sessionCookie(app, admin);
await rows(database, `insert into app.service_accounts (workspace_id, id, name, role, scopes, token_prefix, token_hash, expires_at) values ($1, $2, 'Robot', 'AGENT', '{}', 'wk_', sha256(''), now())`, [workspaceId, randomUUID()]);
const run = (statement: string) => app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => tx.query(statement));

const HASH = "sha256('loot')";
const ACTS = [
  `insert into app.sessions (workspace_id, id, user_id, token_hash, method) values ('${workspaceId}', '${randomUUID()}', '${admin.id}', ${HASH}, 'password+totp')`,
  `update app.sessions set token_hash = ${HASH}`,
  'update app.sessions set assured_at = now()',
  'update app.sessions set ended_at = null',
  'delete from app.sessions',
  'delete from app.totp_factors',
  `update app.totp_factors set secret = 'v1.x'`,
  `insert into app.workspace_keys (workspace_id, kind, version, wrapped, status) values ('${workspaceId}', 'data', 99, 'v1.x', 'decrypt')`,
  `update app.workspace_keys set status = 'retired'`,
  'update app.service_accounts set created_at = now()',
];
const NO_ACTS = [
  'update app.sessions set last_seen_at = now()', 'update app.totp_factors set last_step = 1, failed_in_row = 0', 'update app.workspace_keys set encryptions = encryptions + 1', 'update app.service_accounts set last_used_at = now()',
];

t.test('a change without an entry is not committed', async (t) => {
  for (const statement of ACTS) await t.rejects(run(statement), { code: '23514', message: /left no audit entry/ }, statement);
});

t.test('counting is no act', async (t) => {
  for (const statement of NO_ACTS) t.ok((await run(`${statement} returning 1`)).length > 0, statement);
});
