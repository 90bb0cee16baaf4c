import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { holdChain } from '../../core/audit/seal.ts';
import { systemScope, type Actor, type Tx } from '../../core/db/scope.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { composeServer } from '../../core/server.ts';
import { openTestApp } from '../support/database.ts';
import { bearer, createPeople, scopeAs, sessionCookie } from '../support/people.ts';
import { auditLength, auditOf, rows } from '../support/rows.ts';

// A request that only reads begins before it is known whether whoever asks is still who they were at their last one. What it comes to must be
// as if it had waited: each of these asks first, so that it is remembered, then takes something away and asks again.

t.test('who asks is found out anew with every request', async (t) => {
  const { app, database } = await openTestApp(t);
  const people = await createPeople(app);
  const { workspaceId, manager, agent, admin } = people;
  const server = await composeServer(app, { tls: null, host: 'localhost', port: 0 });
  const { id } = await app.withWorkspace(scopeAs(manager), (tx) => createContact(tx, { familyName: 'Achterberg' }));
  const get = async (headers: Record<string, string>, path = `/contacts/${id}`) => {
    const before = await auditLength(database, workspaceId);
    const { statusCode, payload } = await server.inject({ url: `/api/v1${path}`, headers });
    return { statusCode, code: (JSON.parse(payload) as { code?: string }).code, recorded: (await auditOf(database, workspaceId, before)).map(({ action, outcome, actor }) => `${action} ${outcome} ${actor.id}`) };
  };
  const change = (sql: string, values: unknown[] = []) => rows(database, sql, values);
  const seen = { statusCode: 200, recorded: [`contact.read ok ${manager.id}`] };

  await t.test('an ended session', async (t) => {
    const cookie = await sessionCookie(app, manager);
    for (let nth = 0; nth < 3; nth++) t.match(await get({ cookie }), seen);
    await change("update app.sessions set ended_at = now(), ended_reason = 'ended' where user_id = $1", [manager.id]);
    t.match(await get({ cookie }), { statusCode: 401, code: 'session.expired', recorded: [] });
    t.match(await get({ cookie }), { statusCode: 401, recorded: [] });
  });

  await t.test('a session idle for too long, which has not been ended', async (t) => {
    const cookie = await sessionCookie(app, manager);
    t.match(await get({ cookie }), seen);
    await change("update app.sessions set last_seen_at = now() - interval '9 hours' where user_id = $1 and ended_at is null", [manager.id]);
    t.match(await get({ cookie }), { statusCode: 401, recorded: [] });
  });

  await t.test('another role', async (t) => {
    const cookie = await sessionCookie(app, manager);
    t.match(await get({ cookie }), seen);
    await change("update app.users set role = 'AGENT' where id = $1", [manager.id]);
    const contact = await app.withWorkspace(scopeAs(admin), (tx) => createContact(tx, { familyName: 'Of the admin' }));
    t.match(await get({ cookie }, `/contacts/${contact.id}`), { statusCode: 404, recorded: [`contact.read_refused refused ${manager.id}`] }, 'their own and shared ones alone');
    await change("update app.users set role = 'MANAGER' where id = $1", [manager.id]);
    t.match(await get({ cookie }, `/contacts/${contact.id}`), seen, 'and what the first try was refused is not the last word');
    await change("update app.users set status = 'disabled' where id = $1", [manager.id]);
    t.match(await get({ cookie }), { statusCode: 401, recorded: [] });
    await change("update app.users set status = 'active' where id = $1", [manager.id]);
  });

  await t.test('a second factor confirmed too long ago, then just now', async (t) => {
    const cookie = await sessionCookie(app, admin);
    const path = `/contacts/${id}/export`;
    t.match(await get({ cookie }, path), { statusCode: 200 });
    await change("update app.sessions set assured_at = now() - interval '2 hours' where user_id = $1", [admin.id]);
    t.match(await get({ cookie }, path), { statusCode: 403, code: 'access.step_up_required' });
    await change('update app.sessions set assured_at = now() where user_id = $1', [admin.id]);
    t.match(await get({ cookie }, path), { statusCode: 200 });
  });

  await t.test('a token with narrower scopes, then revoked; a suspended workspace', async (t) => {
    const authorization = await bearer(app, workspaceId, ['contact.read', 'contact.all']);
    const read = { statusCode: 200, recorded: [/^contact\.read ok/] };
    t.match(await get({ authorization }), read);
    t.match(await get({ authorization }), read, 'its first use is noted by then');
    await change(`update app.service_accounts set scopes = '{activity.read}'`);
    t.match(await get({ authorization }), { statusCode: 403, recorded: [/^access\.refused refused/] });
    await change(`update app.service_accounts set scopes = '{contact.read,contact.all}'`);
    t.match(await get({ authorization }), read);
    await change('update app.workspaces set suspended_at = now() where workspace_id = $1', [workspaceId]);
    t.match(await get({ authorization }), { statusCode: 401, code: 'token.refused', recorded: [] });
    await change('update app.workspaces set suspended_at = null where workspace_id = $1', [workspaceId]);
    t.match(await get({ authorization }), read);
    await change('update app.service_accounts set revoked_at = now()');
    t.match(await get({ authorization }), { statusCode: 401, code: 'token.refused', recorded: [] });
  });

  await t.test('who is gone is told so, whatever else is wrong with what they sent, and rid of their cookie', async (t) => {
    const ask = async (request: { url: string; method?: string; payload?: object; headers?: Record<string, string> }) => {
      const cookie = await sessionCookie(app, admin);
      t.match(await get({ cookie }), { statusCode: 200 });
      const headers = { cookie, ...request.headers };
      const good = await server.inject({ ...request, headers });
      await change("update app.sessions set ended_at = now(), ended_reason = 'ended' where user_id = $1 and ended_at is null", [admin.id]);
      const { statusCode, payload, headers: { 'set-cookie': set } } = await server.inject({ ...request, headers });
      return { good: good.statusCode, statusCode, code: (JSON.parse(payload) as { code: string }).code, isCleared: String(set).startsWith('__Host-wardkeep=; Max-Age=0') };
    };
    const gone = { statusCode: 401, code: 'session.expired', isCleared: true };
    t.same(await ask({ url: `/api/v1/contacts/${id}` }), { good: 200, ...gone });
    t.same(await ask({ url: '/api/v1/contacts/nobody' }), { good: 400, ...gone }, 'a parameter that is looked at in the act');
    t.same(await ask({ url: '/api/v1/tasks?limit=many' }), { good: 400, ...gone }, 'a parameter that is looked at before it');
    const origin = { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' };
    const unread = await ask({ method: 'POST', url: '/api/v1/contacts/search', payload: { q: 'ach' }, headers: origin });
    t.same(unread, { ...gone, good: unread.good }, 'a body that is not read');
    t.match(unread.good, /^4(03|15)$/);
  });

  await t.test('that they were there is noted once a minute all the same', async (t) => {
    const cookie = await sessionCookie(app, agent);
    await get({ cookie }, '/contacts');
    await change("update app.sessions set last_seen_at = now() - interval '2 minutes' where user_id = $1", [agent.id]);
    t.match(await get({ cookie }, '/contacts'), { statusCode: 200 });
    t.match(await change("select last_seen_at > now() - interval '1 minute' as noted from app.sessions where user_id = $1", [agent.id]), [{ noted: true }]);
  });

  await t.test('a workspace whose keys are gone', async (t) => {
    const authorization = await bearer(app, workspaceId, ['contact.read', 'contact.all']);
    for (let nth = 0; nth < 2; nth++) t.match(await get({ authorization }), { statusCode: 200 });
    await change("update app.workspace_keys set status = 'retired' where workspace_id = $1", [workspaceId]);
    app.forgetKeys(workspaceId);
    t.match(await get({ authorization }), { statusCode: 401, code: 'token.refused', recorded: [] });
  });
});

t.test('an act begun for somebody remembered', async (t) => {
  const { app, database } = await openTestApp(t);
  const { workspaceId, manager } = await createPeople(app);
  const begin = (isStill: () => Promise<boolean>, again: (actor: Actor) => Promise<void> = async () => void t.fail('not asked for')) => {
    const scope = { ...systemScope(workspaceId, 'test'), actor: { ...scopeAs(manager).actor } };
    app.anticipate(scope.actor, { isStill, again: () => again(scope.actor) });
    return scope;
  };
  const rename = (name: string) => async (tx: Tx) => {
    record(tx, { action: 'test.renamed', detail: { name, by: tx.scope.actor.name } });
    await tx.query('update app.workspaces set name = $1', [name]);
  };
  const state = async () => [(await rows<{ name: string }>(database, 'select name from app.workspaces where workspace_id = $1', [workspaceId]))[0]?.name, (await auditOf(database, workspaceId)).filter(({ action }) => action === 'test.renamed').map(({ detail }) => `${detail['name']} by ${detail['by']}`)];

  await app.withWorkspace(begin(async () => true), rename('Kept'));
  t.same(await state(), ['Kept', [`Kept by ${manager.name}`]]);
  await t.rejects(app.withWorkspace(begin(async () => false, async () => { throw new Error('gone'); }), rename('Never')), /gone/);
  t.same(await state(), ['Kept', [`Kept by ${manager.name}`]], 'leaves nothing when they are gone');
  await app.withWorkspace(begin(async () => false, async (actor) => void Object.assign(actor, { name: 'Married Name' })), rename('Twice'));
  t.same((await state())[1], [`Kept by ${manager.name}`, 'Twice by Married Name'], 'is done once, as who they are now');
  await t.rejects(app.withWorkspace(begin(async () => Promise.reject(new Error('no answer'))), rename('Never')), /no answer/);
  t.equal((await state())[0], 'Twice');

  let runs = 0;
  const twice = app.withWorkspace(begin(async () => false, async () => undefined), async () => {
    if ((runs += 1) === 1) throw new Error('refused to whoever they were');
  });
  await t.resolves(twice, 'a refusal to somebody else is none');
  t.equal(runs, 2);

  let tries = 0;
  await t.rejects(app.withWorkspace(begin(async () => false, async () => undefined), async (tx) => {
    if ((tries += 1) > 1) throw new Error('refused to who they are');
    holdChain(tx);
    record(tx, { action: 'test.renamed', detail: { name: 'Never', by: null } });
    await tx.query('select 1');
    tx.query('select 1 / 0').catch(() => undefined); // what is sealed behind it tells
  }), /refused to who they are/, 'what became of the first try is nobody’s error');

  const late = begin(async () => false, async () => { throw new Error('gone meanwhile'); });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await t.rejects(app.withWorkspace(late, rename('Late')), /gone meanwhile/, 'an act that comes later waits for the answer too');
  const after = begin(async () => true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await app.withWorkspace(after, rename('Later'));
  t.equal((await state())[0], 'Later');
});
