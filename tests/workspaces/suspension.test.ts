import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { findActiveUser } from '../../core/auth/find-active-user.ts';
import { makeLink } from '../../core/auth/links.ts';
import { createServiceAccount } from '../../core/auth/service-accounts/actions.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../../core/db/scope.ts';
import { findWorkspace } from '../../core/workspaces/find-workspace.ts';
import { reactivateWorkspace, suspendWorkspace } from '../../core/workspaces/suspend-workspace.ts';
import { createPeople, PASSWORD, totpCode } from '../support/people.ts';
import { auditLength, auditOf, rows } from '../support/rows.ts';
import { openSite, signIn, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

const { app, server, database } = await openSite(t);
const willow = await createPeople(app, 'willow');
const harbor = await createPeople(app, 'harbor');
const inWillow = systemScope(willow.workspaceId, 'test');

t.test('a suspended workspace lets nobody in, and opens again', async (t) => {
  const [here, there, elsewhere] = [await signIn(server, willow.manager), await signIn(server, willow.admin), await signIn(server, harbor.manager)];
  const { token } = await app.withWorkspace(inWillow, (tx) => createServiceAccount(tx, { name: 'Robot', role: 'MANAGER', scopes: ['contact.read'], days: 1 }));
  const link = new URL(await app.withWorkspace(inWillow, async (tx) => {
    record(tx, { action: 'test.linked' });
    return makeLink(app, tx, 'password_reset', willow.agent.id);
  })).pathname;
  const asRobot = () => server.inject({ url: '/api/v1/contacts', headers: { authorization: `Bearer ${token}` } });
  const halfway = new Visitor(server);
  await halfway.get('/sign-in');
  await halfway.post('/sign-in', { email: willow.officer.email, password: PASSWORD });
  t.equal((await halfway.get('/sign-in/second')).statusCode, 200);
  t.equal((await asRobot()).statusCode, 200);
  t.equal((await server.inject(link)).statusCode, 200);
  const before = { own: await auditLength(database, willow.workspaceId), installation: await auditLength(database, INSTALLATION_WORKSPACE) };

  t.equal(await suspendWorkspace(app, willow.workspaceId), 2, 'both sessions end');
  t.same([await whoIs(here), await whoIs(there)], [null, null], 'with their next request');
  t.ok(await whoIs(elsewhere), 'the other workspace goes on');
  t.match(JSON.parse((await asRobot()).payload), { status: 401, code: 'token.refused' });
  t.equal((await server.inject(link)).statusCode, 410, 'a mailed link leads nowhere');
  t.equal((await halfway.post('/sign-in/second', { method: 'totp', code: totpCode(willow.officer.totpSecret) })).statusCode, 401, 'who was between two steps does not come in either');
  t.equal(await app.withWorkspace(inWillow, (tx) => findActiveUser(tx, willow.admin.id)), undefined, 'by passkey or by a provider’s word');
  const [right, wrong] = [await attempt(willow.readonly.email, PASSWORD), await attempt(willow.readonly.email, 'not the password')];
  t.same([right.statusCode, right.text], [wrong.statusCode, wrong.text], 'the right password gets the answer of a wrong one');
  t.equal(right.statusCode, 401);

  t.same((await auditOf(database, willow.workspaceId, before.own)).map(({ action }) => action), ['workspace.suspended', 'auth.session_ended', 'auth.session_ended']);
  t.match((await auditOf(database, INSTALLATION_WORKSPACE, before.installation)).slice(0, 2), [{ action: 'system.door', detail: { reason: 'workspace.suspend' } }, { action: 'workspace.suspended', target: willow.workspaceId }]);

  await rows(database, 'update app.sessions set ended_at = null, ended_reason = null where user_id = $1', [willow.manager.id]);
  t.equal(await whoIs(here), null, 'not even one that was not ended');
  await reactivateWorkspace(app, willow.workspaceId);
  t.equal((await findWorkspace(app, 'willow')).status, 'active');
  t.equal(await whoIs(here), null, 'sessions do not come back');
  t.equal((await asRobot()).statusCode, 200, 'tokens do');
  t.ok(await whoIs(await signIn(server, willow.manager, 1)));
  t.equal((await auditOf(database, willow.workspaceId)).filter(({ action }) => action === 'workspace.reactivated').length, 1);
});

t.test('the role that serves can neither suspend nor open', async (t) => {
  await t.rejects(app.withWorkspace(inWillow, (tx) => tx.knex.raw('update app.workspaces set suspended_at = now()')), { code: '42501' });
});

async function attempt(email: string, password: string): Promise<{ statusCode: number; text: string }> {
  const visitor = new Visitor(server);
  await visitor.get('/sign-in');
  const { statusCode, payload } = await visitor.post('/sign-in', { email, password });
  return { statusCode, text: payload.replaceAll(/name="_csrf" value="[^"]+"/g, '') };
}
