import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { removePasskey, removeTotp } from '../../core/auth/account/actions.ts';
import { systemScope } from '../../core/db/scope.ts';
import { changePerson, enablePerson } from '../../core/workspaces/people/actions.ts';
import { CEREMONY_MS } from '../../core/auth/passkey/ceremony.ts';
import { offerPasskey, signInWithPasskey } from '../../core/auth/passkey/sign-in-alone.ts';
import type { BrowserState } from '../../core/auth/sign-in/second-step.ts';
import { Authenticator, type Assertion } from '../support/authenticator.ts';
import { createPeople, PASSWORD, scopeAs, sessionCookie, type Person } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';
import { whileDisabling } from '../support/while-disabling.ts';

t.test('passkeys', async (t) => {
  const { app, server, database } = await openSite(t);
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');
  const { origin } = app.config;

  const visit = async (person: Person): Promise<Visitor> => {
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, person)).split('=')[1] ?? '');
    await visitor.get('/account/security');
    return visitor;
  };
  const addPasskey = async (visitor: Visitor, authenticator: Authenticator, name: string): Promise<void> => {
    const options = JSON.parse((await visitor.json('/account/passkeys/options', { name })).payload);
    const answer = await visitor.json('/account/passkeys/verify', { name, response: authenticator.register(options, { backedUp: true }) });
    t.match([answer.statusCode, JSON.parse(answer.payload)], [200, { redirect: '/account/security' }]);
  };
  const signInAlone = async (authenticator: Authenticator, change: (answer: Assertion) => void = () => undefined, flags = {}) => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const options = JSON.parse((await visitor.json('/sign-in/passkey/options', {})).payload);
    const response = authenticator.assert(options, flags);
    change(response);
    return { visitor, response, answer: await visitor.json('/sign-in/passkey/verify', { response, next: '/whoami' }) };
  };

  const admins = new Authenticator(origin);

  t.test('are added by name, several of them', async (t) => {
    const visitor = await visit(willow.admin);
    const options = JSON.parse((await visitor.json('/account/passkeys/options', {})).payload);
    t.match(options, { rp: { id: 'localhost' }, authenticatorSelection: { residentKey: 'required', userVerification: 'required' }, attestation: 'none', excludeCredentials: [] });
    t.equal(Buffer.from(options.user.id, 'base64url').length, 32, 'the handle is two ids, nothing personal');
    await addPasskey(visitor, admins, 'Front desk laptop');
    await addPasskey(visitor, admins, 'Phone');
    const page = await visitor.get('/account/security');
    t.ok(page.payload.includes('Front desk laptop') && page.payload.includes('Phone'));
    t.equal(JSON.parse((await visitor.json('/account/passkeys/options', {})).payload).excludeCredentials.length, 2);
    t.match(await rows(database, 'select name, sign_count, is_syncable, is_backed_up from app.passkeys where user_id = $1 order by created_at', [willow.admin.id]), [
      { name: 'Front desk laptop', is_syncable: true, is_backed_up: true }, { name: 'Phone' },
    ]);
    t.match((await auditOf(database, willow.workspaceId)).at(-1), { action: 'auth.mfa_added', detail: { kind: 'passkey' } });
  });

  t.test('sign in alone, without an e-mail', async (t) => {
    const { visitor, answer } = await signInAlone(admins);
    t.match([answer.statusCode, JSON.parse(answer.payload)], [200, { redirect: '/whoami' }]);
    t.match(await whoIs(visitor), { actor: { id: willow.admin.id }, workspace: { slug: 'willow' } });
    t.match(await rows(database, 'select sign_count, is_backed_up, last_used_at is not null as used from app.passkeys where user_id = $1 order by created_at limit 1', [willow.admin.id]), [{ sign_count: '1', is_backed_up: false, used: true }]);
    t.match((await auditOf(database, willow.workspaceId)).at(-1), { action: 'auth.signed_in', detail: { method: 'passkey' } });
  });

  t.test('of somebody who is being disabled opens nothing that would come back with them', async (t) => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const response = admins.assert(JSON.parse((await visitor.json('/sign-in/passkey/options', {})).payload));
    const by = scopeAs(willow.manager, { role: 'ADMIN' });
    await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => changePerson(tx, willow.manager.id, { role: 'ADMIN', designations: [] }));
    const answer = await whileDisabling(app, by, willow.admin.id, () => visitor.json('/sign-in/passkey/verify', { response, next: '/whoami' }));
    t.equal(answer.statusCode, 401);
    await app.withWorkspace(by, (tx) => enablePerson(tx, willow.admin.id));
    t.equal(await whoIs(visitor), null);
  });

  t.test('whatever does not hold is refused alike', async (t) => {
    const refused = async (what: string, change: (answer: Assertion) => void, flags = {}, authenticator = admins): Promise<void> => {
      const { visitor, answer } = await signInAlone(authenticator, change, flags);
      t.match([answer.statusCode, JSON.parse(answer.payload).code], [401, 'passkey.refused'], what);
      t.equal(await whoIs(visitor), null);
    };
    await refused('no user verification', () => undefined, { userVerified: false });
    await refused('another signature', (answer) => { answer.response.signature = Buffer.from('no').toString('base64url'); });
    await refused('an unknown credential', (answer) => { answer.id = answer.rawId = Buffer.alloc(32).toString('base64url'); });
    await refused('no handle', (answer) => { delete answer.response.userHandle; });
    await refused('another person’s handle', (answer) => { answer.response.userHandle = handle(willow.workspaceId, willow.agent.id); });
    await refused('another workspace’s handle', (answer) => { answer.response.userHandle = handle(harbor.workspaceId, willow.admin.id); });
    await refused('a workspace that is not', (answer) => { answer.response.userHandle = Buffer.alloc(32).toString('base64url'); });
    await refused('another site', () => undefined, {}, Object.assign(new Authenticator('https://wardkeep.evil.example'), { credentials: admins.credentials }));
    await refused('a challenge of one’s own', (answer) => { answer.response.clientDataJSON = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge: 'A'.repeat(43), origin })).toString('base64url'); });
    await refused('no JSON', (answer) => { answer.response.clientDataJSON = '!!!'; });
    const [first] = admins.credentials;
    if (first) first.signCount = 0;
    await refused('a sign count that went backwards', () => undefined);
    if (first) first.signCount = 100;
    await rows(database, `update app.users set status = 'disabled' where id = $1`, [willow.admin.id]);
    await refused('somebody disabled', () => undefined);
    await rows(database, `update app.users set status = 'active' where id = $1`, [willow.admin.id]);
    t.equal((await signInAlone(admins)).answer.statusCode, 200, 'and what holds is not');
  });

  t.test('an answer works once and for five minutes, also when its cookie comes back', async (t) => {
    const synced = Object.assign(new Authenticator(origin), { isCounting: false });
    await addPasskey(await visit(willow.agent), synced, 'On every device');
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const options = JSON.parse((await visitor.json('/sign-in/passkey/options', {})).payload);
    const cookie = visitor.cookies.get('__Host-wk_passkey') ?? '';
    const response = synced.assert(options);
    const send = async () => {
      const copy = new Visitor(server);
      await copy.get('/sign-in');
      copy.cookies.set('__Host-wk_passkey', cookie);
      return copy.json('/sign-in/passkey/verify', { response });
    };
    const copies = await Promise.all(Array.from({ length: 6 }, send));
    t.same(copies.map(({ statusCode }) => statusCode).sort(), [200, 401, 401, 401, 401, 401]);

    const state: BrowserState = { browser: () => null, session: null };
    const origins = { ip: null, userAgent: null, requestId: null };
    for (const [ageMs, what] of [[CEREMONY_MS - 60_000, 'in time'], [CEREMONY_MS + 1, 'late']] as const) {
      const offer = await offerPasskey(app, Date.now() - ageMs);
      const signedIn = signInWithPasskey(app, origins, offer.cookie, synced.assert(offer.options), state);
      if (what === 'in time') await t.resolves(signedIn, what);
      else await t.rejects(signedIn, { code: 'passkey.refused' }, what);
    }
  });

  t.test('are a second step after a password', async (t) => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    await visitor.post('/sign-in', { email: willow.admin.email, password: PASSWORD });
    const page = await visitor.get('/sign-in/second');
    t.ok(page.payload.includes('data-verify="/sign-in/second/passkey/verify"'), 'the strongest method is offered first');
    const options = JSON.parse((await visitor.json('/sign-in/second/passkey/options', {})).payload);
    t.equal(options.allowCredentials.length, 2);
    t.equal((await visitor.json('/sign-in/second/passkey/verify', { response: { ...admins.assert(options), id: 'x' } })).statusCode, 401);
    const again = JSON.parse((await visitor.json('/sign-in/second/passkey/options', {})).payload);
    const response = admins.assert(again);
    t.equal((await visitor.json('/sign-in/second/passkey/verify', { response })).statusCode, 200);
    t.match(await whoIs(visitor), { actor: { id: willow.admin.id } });
    t.match((await auditOf(database, willow.workspaceId)).at(-1), { detail: { method: 'password+passkey' } });
  });

  t.test('confirm a step-up, bound to the session that asked', async (t) => {
    const visitor = await visit(willow.admin);
    const other = await visit(willow.admin);
    await rows(database, `update app.sessions set assured_at = now() - interval '1 hour'`);
    t.equal((await visitor.get('/account/totp')).statusCode, 302);
    await visitor.get('/step-up');
    await other.get('/step-up');
    const ask = async (url: string) => admins.assert(JSON.parse((await visitor.json(url, {})).payload));
    const response = await ask('/step-up/passkey/options');
    t.equal((await other.json('/step-up/passkey/verify', { response })).statusCode, 401);
    t.match(JSON.parse((await visitor.json('/step-up/passkey/verify', { response, next: '/account/totp' })).payload), { redirect: '/account/totp' });
    t.equal((await visitor.get('/account/totp')).statusCode, 200);

    admins.isCounting = false;
    for (const credential of admins.credentials) credential.signCount = 0;
    await rows(database, 'update app.passkeys set sign_count = 0');
    t.equal((await visitor.json('/step-up/passkey/verify', { response: await ask('/account/passkeys/options') })).statusCode, 401, 'what was asked for a new passkey confirms nothing');
    const late = await ask('/step-up/passkey/options');
    await rows(database, 'update app.passkey_challenges set expires_at = now() where consumed_at is null');
    t.equal((await visitor.json('/step-up/passkey/verify', { response: late })).statusCode, 401, 'nor does an answer after five minutes');
    const twice = await ask('/step-up/passkey/options');
    for (const status of [200, 401]) t.equal((await visitor.json('/step-up/passkey/verify', { response: twice })).statusCode, status, 'an answer works once');
    admins.isCounting = true;
  });

  t.test('are removed by their owner alone, and never the last factor', async (t) => {
    const visitor = await visit(willow.admin);
    const keys = await rows<{ id: string }>(database, 'select id from app.passkeys where user_id = $1 order by created_at', [willow.admin.id]);
    for (const stranger of [await visit(willow.manager), await visit(harbor.admin)]) t.equal((await stranger.post(`/account/passkeys/${keys[0]?.id}/remove`)).statusCode, 404);
    t.equal((await visitor.post(`/account/passkeys/${keys[0]?.id}/remove`)).statusCode, 303);
    t.equal((await visitor.post('/account/totp/remove')).statusCode, 303);
    await visitor.get('/account/security');
    t.equal((await visitor.post(`/account/passkeys/${keys[1]?.id}/remove`)).statusCode, 409);
    t.match(await rows(database, 'select count(*)::int as n from app.passkeys where user_id = $1', [willow.admin.id]), [{ n: 1 }]);
    admins.credentials.shift();
    t.equal((await signInAlone(admins)).answer.statusCode, 200);
  });

  t.test('of the last two factors one stays, also when both are removed at the same moment', async (t) => {
    await addPasskey(await visit(willow.readonly), new Authenticator(origin), 'Phone');
    const [passkey] = await rows<{ id: string }>(database, 'select id from app.passkeys where user_id = $1', [willow.readonly.id]);
    const scope = scopeAs(willow.readonly);
    const [removed, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = app.withWorkspace(scope, async (tx) => {
      await removeTotp(app, tx);
      removed.resolve();
      await commit.promise;
    });
    await removed.promise;
    const second = app.withWorkspace(scope, (tx) => removePasskey(app, tx, passkey?.id ?? '')).then(() => 'removed', (error: { code?: string }) => error.code);
    await Promise.race([second, sleep(300)]);
    commit.resolve();
    await t.resolves(first);
    t.equal(await second, 'factor.last_one');
  });

  t.test('cannot be added without a fresh second factor, nor registered with somebody else’s answer', async (t) => {
    const visitor = await visit(willow.manager);
    await rows(database, `update app.sessions set assured_at = now() - interval '1 hour'`);
    const stopped = await visitor.json('/account/passkeys/options', {});
    t.match([stopped.statusCode, JSON.parse(stopped.payload).code], [403, 'access.step_up_required']);
    const fresh = await visit(willow.manager);
    const agents = await visit(willow.agent);
    const options = JSON.parse((await fresh.json('/account/passkeys/options', {})).payload);
    t.equal((await agents.json('/account/passkeys/verify', { response: new Authenticator(origin).register(options) })).statusCode, 401, 'the challenge is another session’s');
    const unverified = JSON.parse((await fresh.json('/account/passkeys/options', {})).payload);
    t.equal((await fresh.json('/account/passkeys/verify', { response: new Authenticator(origin).register(unverified, { userVerified: false }) })).statusCode, 401);
    const spent = JSON.parse((await fresh.json('/account/passkeys/options', {})).payload);
    const answer = new Authenticator(origin).register(spent);
    t.equal((await fresh.json('/account/passkeys/verify', { response: answer })).statusCode, 200);
    t.equal((await fresh.json('/account/passkeys/verify', { response: answer })).statusCode, 401);
  });
});

function handle(workspaceId: string, userId: string): string {
  return Buffer.from(`${workspaceId}${userId}`.replaceAll('-', ''), 'hex').toString('base64url');
}
