import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { findSession } from '../../core/auth/session/find-session.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import type { Scope } from '../../core/db/scope.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { batchScope, runBatch, startBatch } from '../../core/practice/imports/run-batch.ts';
import { openPractice } from '../api/open-server.ts';
import { bearer, scopeAs, sessionCookie, type Person } from '../support/people.ts';
import { rows } from '../support/rows.ts';

// Who may act is asked at the door of a request, and again for whatever is done later than that.

const { app, server, database, people } = await openPractice(t);
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica'); // what changes here is no act
  await client.query(text, values);
});
const named = async (action: string): Promise<number> => (await rows(database, "select id from app.audit_entries where action = $1 and actor_kind = 'agent'", [action])).length;

t.test('a service account whose token ends or is rotated while its body is on the way', async (t) => {
  await server.start();
  t.teardown(() => server.stop());
  let authorization = await bearer(app, people.workspaceId, ['contact.read', 'contact.write', 'contact.all']);
  /** Sends all but the last byte, waits for `meanwhile`, then sends that. */
  const slowly = (meanwhile: () => Promise<unknown>): Promise<number> => new Promise((resolve, reject) => {
    const body = JSON.stringify({ familyName: 'Achterberg' });
    const sent = request({ port: server.info.port, host: 'localhost', method: 'POST', path: '/api/v1/contacts', headers: { authorization, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
    sent.on('response', (answer) => { answer.resume(); resolve(answer.statusCode ?? 0); }).on('error', reject);
    sent.write(body.slice(0, -1));
    void sleep(150).then(meanwhile).then(() => sent.end(body.slice(-1)), reject);
  });
  const count = async () => (await rows(database, 'select id from app.contacts')).length;
  t.equal(await slowly(async () => undefined), 201);
  t.equal(await count(), 1);
  t.equal(await slowly(() => sql('update app.workspaces set suspended_at = now()')), 401, 'its workspace is suspended');
  await sql('update app.workspaces set suspended_at = null');
  t.equal(await slowly(() => sql("update app.service_accounts set token_hash = sha256(token_hash)")), 401, 'another token has taken its place');
  for (const [what, change] of [['it has come to its end', 'expires_at'], ['it is revoked', 'revoked_at']] as const) {
    authorization = await bearer(app, people.workspaceId, ['contact.read', 'contact.write', 'contact.all']);
    t.equal(await slowly(() => sql(`update app.service_accounts set ${change} = now()`)), 401, what);
  }
  t.equal(await count(), 1, 'nothing was made');
  t.equal(await named('contact.created'), 1, 'and nothing recorded in its name');
});

t.test('a person whose session ends, who is disabled or given another role between the door and the act', async (t) => {
  const ways: [what: string, undo: string | null, change: string][] = [
    ['nothing', null, 'select 1'],
    ['session ended', 'update app.sessions set ended_at = null', 'update app.sessions set ended_at = now() where user_id = $1'],
    ['disabled', "update app.users set status = 'active'", "update app.users set status = 'disabled' where id = $1"],
    ['no longer designated', "update app.users set designations = '{SECURITY_OFFICER}' where id = $1", "update app.users set designations = '{}' where id = $1"],
    ['another role', "update app.users set role = 'MANAGER' where id = $1", "update app.users set role = 'READONLY' where id = $1"],
  ];
  await sql("update app.users set designations = '{SECURITY_OFFICER}' where id = $1", [people.manager.id]);
  for (const [what, undo, change] of ways) {
    const cookie = (await sessionCookie(app, people.manager)).split('=')[1];
    const credentials = await findSession(app, cookie);
    const scope: Scope = { ...scopeAs(people.manager), actor: credentials?.actor as Scope['actor'] };
    await sleep(5); // the transaction that found them has ended
    await sql(change, change.includes('$1') ? [people.manager.id] : []);
    const act = app.withWorkspace(scope, (tx) => createContact(tx, { familyName: 'Quillon' }));
    if (undo === null) await t.resolves(act, what);
    else {
      await t.rejects(act, { code: 'session.expired' }, what);
      await sql(undo, undo.includes('$1') ? [people.manager.id] : []);
    }
  }
});

t.test('a batch outlives its starter’s session, not their right to import', async (t) => {
  const run = async (person: Person, meanwhile: () => Promise<unknown>): Promise<{ reported: number; status: string }> => {
    const cookie = (await sessionCookie(app, person)).split('=')[1];
    const scope: Scope = { ...scopeAs(person), actor: (await findSession(app, cookie))?.actor as Scope['actor'] };
    await sleep(5);
    const id = await startBatch(app, scope, { kind: 'csv', status: 'running', total: 60, fileName: null });
    let reported = 0;
    await runBatch(app, batchScope(scope), id, new AbortController().signal, async (report) => {
      await meanwhile();
      for (; reported < 60; reported += 1) {
        report({ file_name: 'a.csv', outcome: 'unchanged' });
        if (reported === 30) await sleep(400); // the first 25 are written down
      }
    });
    const [batch] = await rows<{ status: string }>(database, 'select status from app.import_batches where id = $1', [id]);
    return { reported, status: batch?.status ?? '' };
  };
  t.match(await run(people.admin, () => sql('update app.sessions set ended_at = now()')), { reported: 60, status: 'done' });
  t.match(await run(people.admin, () => sql('update app.workspaces set suspended_at = now()')).finally(() => sql('update app.workspaces set suspended_at = null')), { status: 'failed' });
  const cut = await run(people.admin, () => sql("update app.users set status = 'disabled' where id = $1", [people.admin.id]));
  t.equal(cut.status, 'failed');
  t.ok(cut.reported < 60);
});
