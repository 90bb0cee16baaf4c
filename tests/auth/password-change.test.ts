import bcrypt from 'bcrypt';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { makeLink } from '../../core/auth/links.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { createPeople, sessionCookie, totpCode } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('hashes brought from elsewhere are replaced at the first sign-in', async (t) => {
  const { app, server, database } = await openSite(t);
  const { workspaceId } = await createPeople(app);
  const id = await createUser(app, workspaceId, { email: 'old@example.org', name: 'Old Hand', role: 'AGENT', password: { hash: await bcrypt.hash('brought from elsewhere', 5) } });
  await t.rejects(createUser(app, workspaceId, { email: 'x@example.org', name: 'X', role: 'AGENT', password: { hash: '$1$nonsense' } }), { name: 'TypeError' });
  const visitor = new Visitor(server);
  await visitor.get('/sign-in');
  t.equal((await visitor.post('/sign-in', { email: 'old@example.org', password: 'not that one at all' })).statusCode, 401);
  t.match(await rows(database, 'select hash from app.passwords where user_id = $1', [id]), [{ hash: /^\$2b\$/ }], 'a wrong password replaces nothing');
  t.equal((await visitor.post('/sign-in', { email: 'old@example.org', password: 'brought from elsewhere' })).statusCode, 303);
  t.match(await rows(database, 'select hash from app.passwords where user_id = $1', [id]), [{ hash: /^\$argon2id\$/ }]);
  t.ok((await auditOf(database, workspaceId)).some(({ action, target }) => action === 'auth.password_rehashed' && target === id));
  t.equal((await visitor.post('/sign-in', { email: 'old@example.org', password: 'brought from elsewhere' })).statusCode, 303);
});

t.test('changing it asks for the present one and ends the other sessions', async (t) => {
  const { app, server, database } = await openSite(t);
  const { agent, workspaceId } = await createPeople(app);
  const visit = async (): Promise<Visitor> => {
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, agent)).split('=')[1] ?? '');
    await visitor.get('/account/security');
    return visitor;
  };
  const [here, there] = [await visit(), await visit()];
  const wrong = await here.post('/account/password', { currentPassword: 'wrong wrong wrong', password: 'a brand new password' });
  t.equal(wrong.statusCode, 400);
  t.match(wrong.payload, /not your present password/);
  t.notMatch(wrong.payload, /wrong wrong|brand new/);
  t.match((await here.post('/account/password', { currentPassword: agent.password, password: 'short' })).payload, /at least 12/);
  const begun = new Visitor(server);
  await begun.get('/sign-in');
  t.equal((await begun.post('/sign-in', { email: agent.email, password: agent.password })).statusCode, 303);
  t.equal((await begun.get('/sign-in/second')).statusCode, 200);
  const mailed = new URL(await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => {
    record(tx, { action: 'auth.password_reset_sent', target: { type: 'user', id: agent.id } });
    return makeLink(app, tx, 'password_reset', agent.id);
  })).pathname;
  t.equal((await begun.get(mailed)).statusCode, 200);
  t.equal((await here.post('/account/password', { currentPassword: agent.password, password: 'a brand new password' })).statusCode, 303);
  t.equal((await begun.get(mailed)).statusCode, 410, 'a link that waits in a mailbox is over');
  t.equal((await begun.post('/sign-in/second', { method: 'totp', code: totpCode(agent.totpSecret) })).statusCode, 401, 'a sign-in that the old password began is over');
  t.ok(await whoIs(here));
  t.equal(await whoIs(there), null);
  const audit = await auditOf(database, workspaceId);
  t.ok(audit.some(({ action }) => action === 'auth.password_change_refused'));
  t.ok(audit.some(({ action, target }) => action === 'auth.password_changed' && target === agent.id));
  t.notMatch(JSON.stringify(audit), /brand new|wrong wrong/);
  for (let n = 0; n < 6; n++) await here.post('/account/password', { currentPassword: 'wrong wrong wrong', password: 'yet another password' });
  t.equal((await here.post('/account/password', { currentPassword: 'a brand new password', password: 'yet another password' })).statusCode, 429, 'guessing is slowed down here too');
});
