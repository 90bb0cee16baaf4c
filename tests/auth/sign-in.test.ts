import t from 'tap';
import { hashPassword } from '../../core/auth/password/hash.ts';
import { readChoice } from '../../core/auth/sign-in/choice.ts';
import { reactivateWorkspace, suspendWorkspace } from '../../core/workspaces/suspend-workspace.ts';
import { createPeople, PASSWORD, totpCode } from '../support/people.ts';
import { auditLength, auditOf, rows } from '../support/rows.ts';
import { openSite, serverOf, signIn, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('signing in', async (t) => {
  const { app, server, database } = await openSite(t);
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');

  t.test('a password, then a code, then the page one came for', async (t) => {
    const before = await auditLength(database, willow.workspaceId);
    const visitor = new Visitor(server);
    const turnedAway = await visitor.get('/whoami?x=1');
    t.match([turnedAway.statusCode, turnedAway.headers.location], [302, '/sign-in?return=%2Fwhoami%3Fx%3D1']);
    t.match((await visitor.get('/sign-in?return=%2Fwhoami%3Fx%3D1')).payload, 'name="next" value="/whoami?x&#x3D;1"');
    const first = await visitor.post('/sign-in', { email: ' Admin@Willow.example ', password: PASSWORD, next: '/whoami?x=1' });
    t.match([first.statusCode, first.headers.location], [303, '/sign-in/second?next=%2Fwhoami%3Fx%3D1']);
    t.notOk(visitor.cookies.has('__Host-wardkeep'), 'a password alone opens nothing');
    t.equal(await whoIs(visitor), null);
    t.match((await visitor.get('/sign-in/second?next=/whoami')).payload, /Six-digit code/);
    const wrong = await visitor.post('/sign-in/second', { method: 'totp', code: '000000' });
    t.equal(wrong.statusCode, 422);
    t.match(wrong.payload, /This code was not accepted/);
    const second = await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(willow.admin.totpSecret), next: '/whoami?x=1' });
    t.match([second.statusCode, second.headers.location], [303, '/whoami?x=1']);
    t.match(await whoIs(visitor), { workspace: { slug: 'willow' }, actor: { kind: 'user', id: willow.admin.id, role: 'ADMIN' }, email: 'admin@willow.example' });
    t.match((await auditOf(database, willow.workspaceId, before)).map(({ action, outcome, actor }) => [action, outcome, actor.id]), [
      ['auth.mfa_challenged', 'ok', willow.admin.id], ['auth.mfa_refused', 'refused', willow.admin.id], ['auth.signed_in', 'ok', willow.admin.id],
    ]);
  });

  t.test('without a page to go back to it is the contacts; never another site', async (t) => {
    const visitor = await signIn(server, willow.manager, -1);
    t.equal((await visitor.get('/sign-in')).headers.location, '/contacts', 'who is in needs not sign in');
    for (const next of ['//evil.example', 'https://evil.example/', '/\\evil.example']) {
      const other = new Visitor(server);
      const page = await other.get(`/sign-in?return=${encodeURIComponent(next)}`);
      t.ok(page.payload.includes('name="next" value="/"'), next);
      await other.post('/sign-in', { email: willow.manager.email, password: PASSWORD, next });
      await other.get('/sign-in/second');
      await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [willow.manager.id]);
      t.equal((await other.post('/sign-in/second', { method: 'totp', code: totpCode(willow.manager.totpSecret), next })).headers.location, '/contacts');
    }
  });

  t.test('cookies are host-only, secure, out of reach of scripts', async (t) => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const first = await visitor.post('/sign-in', { email: willow.agent.email, password: PASSWORD });
    await visitor.get('/sign-in/second');
    const second = await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(willow.agent.totpSecret) });
    const lines = [...[first.headers['set-cookie'] ?? []].flat(), ...[second.headers['set-cookie'] ?? []].flat()];
    for (const name of ['__Host-wardkeep', '__Host-wk_step', '__Host-wk_browser']) {
      const line = lines.find((each) => each.startsWith(`${name}=`)) ?? '';
      t.match(line, /; Secure/, name);
      t.match(line, /; HttpOnly/, name);
      t.match(line, /; SameSite=Lax/, name);
      t.match(line, /; Path=\//, name);
      t.notMatch(line, /Domain=/i, name);
    }
    const [{ token_hash: kept } = { token_hash: Buffer.alloc(0) }] = await rows<{ token_hash: Buffer }>(database, 'select token_hash from app.sessions where user_id = $1', [willow.agent.id]);
    t.notOk(kept.toString('base64url').includes((visitor.cookies.get('__Host-wardkeep') ?? '').split('.')[1] ?? 'none'), 'the token is not stored');
  });

  t.test('a session fixed beforehand is not the one that is opened, and signing in again ends the old one', async (t) => {
    const visitor = await signIn(server, willow.officer);
    const old = visitor.cookies.get('__Host-wardkeep') ?? '';
    const again = new Visitor(server);
    again.cookies.set('__Host-wardkeep', old);
    t.equal((await again.get('/sign-in')).statusCode, 303);
    await again.get('/account/sessions');
    await again.post('/sign-in', { email: willow.officer.email, password: PASSWORD });
    await again.get('/sign-in/second');
    t.equal((await again.post('/sign-in/second', { method: 'totp', code: totpCode(willow.officer.totpSecret, 1) })).statusCode, 303);
    t.not(again.cookies.get('__Host-wardkeep'), old);
    t.equal(await whoIs(visitor), null, 'the token from before is dead');
    t.ok(await whoIs(again));

    for (const next of [willow.readonly, harbor.officer]) {
      const theirs = new Visitor(server);
      for (const [name, value] of again.cookies) theirs.cookies.set(name, value);
      await again.get('/account/sessions');
      await again.post('/sign-in', { email: next.email, password: PASSWORD });
      await again.get('/sign-in/second');
      t.equal((await again.post('/sign-in/second', { method: 'totp', code: totpCode(next.totpSecret) })).statusCode, 303);
      t.match(await whoIs(again), { actor: { id: next.id } });
      t.equal(await whoIs(theirs), null, 'whoever was signed in on this browser no longer is, in whichever practice');
    }
    t.match((await auditOf(database, willow.workspaceId)).filter(({ action }) => action === 'auth.session_ended').at(-1)?.detail, { reason: 'replaced' });
  });

  t.test('of one practice, the new session is opened and the old one ended together or not at all', async (t) => {
    await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [willow.officer.id]);
    const visitor = await signIn(server, willow.officer);
    const live = async () => (await rows<{ id: string }>(database, 'select id from app.sessions where user_id = $1 and ended_at is null order by id', [willow.officer.id])).map(({ id }) => id);
    const before = await live();
    await rows(database, "alter table app.sessions add constraint kept check (ended_reason <> 'replaced') not valid");
    t.teardown(() => rows(database, 'alter table app.sessions drop constraint if exists kept'));
    await visitor.get('/account/sessions');
    await visitor.post('/sign-in', { email: willow.officer.email, password: PASSWORD });
    await visitor.get('/sign-in/second');
    const code = { method: 'totp', code: totpCode(willow.officer.totpSecret, 1) };
    t.equal((await visitor.post('/sign-in/second', code)).statusCode, 500);
    t.same(await live(), before);
    await rows(database, 'alter table app.sessions drop constraint kept');
    t.equal((await visitor.post('/sign-in/second', code)).statusCode, 303, 'nothing was used up');
    t.equal((await live()).length, before.length);
    t.notSame(await live(), before);
  });

  t.test('a challenge lasts five minutes, five tries and one use, and is bound to its browser', async (t) => {
    const start = async (): Promise<Visitor> => {
      await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [harbor.admin.id]);
      await rows(database, 'delete from sys.attempt_counters');
      const visitor = new Visitor(server);
      await visitor.get('/sign-in');
      await visitor.post('/sign-in', { email: harbor.admin.email, password: PASSWORD });
      await visitor.get('/sign-in/second');
      return visitor;
    };
    const code = () => ({ method: 'totp', code: totpCode(harbor.admin.totpSecret) });

    const late = await start();
    const [{ life } = { life: 0 }] = await rows<{ life: number }>(database, 'select extract(epoch from expires_at - created_at)::int as life from app.mfa_challenges where user_id = $1', [harbor.admin.id]);
    t.ok(Math.abs(life - 300) <= 2);
    await rows(database, `update app.mfa_challenges set expires_at = now() where user_id = $1`, [harbor.admin.id]);
    t.equal((await late.post('/sign-in/second', code())).statusCode, 401, 'over after its time');

    const guessing = await start();
    for (let n = 0; n < 5; n++) await guessing.post('/sign-in/second', { method: 'totp', code: '000000' });
    t.equal((await guessing.post('/sign-in/second', code())).statusCode, 401, 'the right code is too late after five wrong ones');

    const twice = await start();
    const copy = new Visitor(server);
    for (const [name, value] of twice.cookies) copy.cookies.set(name, value);
    await copy.get('/sign-in/second');
    t.equal((await twice.post('/sign-in/second', code())).statusCode, 303);
    t.equal((await copy.post('/sign-in/second', { method: 'totp', code: totpCode(harbor.admin.totpSecret, 1) })).statusCode, 401, 'a challenge works once');

    const leaving = await start();
    await rows(database, "update app.users set status = 'disabled' where id = $1", [harbor.admin.id]);
    t.equal((await leaving.post('/sign-in/second', code())).statusCode, 401, 'nor is it good for somebody who was disabled meanwhile, whoever did that');
    await rows(database, "update app.users set status = 'active' where id = $1", [harbor.admin.id]);

    const bound = await start();
    bound.cookies.delete('__Host-wk_step');
    t.equal((await bound.post('/sign-in/second', code())).statusCode, 401, 'nothing without the cookie');
    const moved = await start();
    const [workspace, random] = (moved.cookies.get('__Host-wk_step') ?? '').split('.');
    const other = Buffer.from(willow.workspaceId.replaceAll('-', ''), 'hex').toString('base64url');
    t.not(workspace, other);
    moved.cookies.set('__Host-wk_step', `${other}.${random}`);
    t.equal((await moved.post('/sign-in/second', code())).statusCode, 401, 'nor in another workspace');
  });

  t.test('one e-mail in two practices', async (t) => {
    await rows(database, `update app.users set email = 'both@example.org' where id = any($1)`, [[willow.readonly.id, harbor.readonly.id]]);
    const places = [['willow', willow.readonly], ['harbor', harbor.readonly]] as const;
    const first = async (fields: Record<string, string>): Promise<{ visitor: Visitor; statusCode: number; location: unknown }> => {
      await rows(database, 'delete from sys.attempt_counters');
      const visitor = new Visitor(server);
      await visitor.get('/sign-in');
      const { statusCode, headers } = await visitor.post('/sign-in', { email: 'both@example.org', password: PASSWORD, ...fields });
      return { visitor, statusCode, location: headers.location };
    };
    const finish = async (visitor: Visitor, person: (typeof places)[number][1]) => {
      await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [person.id]);
      await visitor.get('/sign-in/second');
      return (await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(person.totpSecret) })).statusCode;
    };

    t.test('the short name tells which', async (t) => {
      for (const [slug, person] of places) {
        const { visitor } = await first({ workspace: slug });
        t.equal(await finish(visitor, person), 303);
        t.match(await whoIs(visitor), { workspace: { slug }, actor: { id: person.id } });
      }
    });

    t.test('a password that is right in both asks which', async (t) => {
      for (const [slug, person] of places) {
        const { visitor, statusCode, location } = await first({ next: '/whoami' });
        t.match([statusCode, location], [303, '/sign-in/practice?next=%2Fwhoami']);
        t.notOk(visitor.cookies.has('__Host-wk_step'), 'nothing is open yet');
        const page = await visitor.get('/sign-in/practice?next=/whoami');
        for (const [each] of places) t.match(page.payload, `value="${each}"`);
        const chosen = await visitor.post('/sign-in/practice', { workspace: slug, next: '/whoami' });
        t.match([chosen.statusCode, chosen.headers.location], [303, '/sign-in/second?next=%2Fwhoami']);
        t.notOk(visitor.cookies.has('__Host-wk_choice'));
        t.equal(await finish(visitor, person), 303);
        t.match(await whoIs(visitor), { workspace: { slug }, actor: { id: person.id } });
      }
    });

    t.test('the choice is of that browser, for five minutes, among those practices, and counts like a password', async (t) => {
      const { visitor } = await first({});
      await visitor.get('/sign-in/practice');
      t.equal((await visitor.post('/sign-in/practice', { workspace: 'installation' })).statusCode, 401);
      const cookie = visitor.cookies.get('__Host-wk_choice') ?? '';
      const [accounts = '', end = '', mac = ''] = cookie.split('.');
      for (const forged of [`${accounts}.${Number(end) + 60_000}.${mac}`, `${Buffer.concat([Buffer.from(accounts, 'base64url').subarray(0, 48), Buffer.alloc(48)]).toString('base64url')}.${end}.${mac}`, 'x']) {
        visitor.cookies.set('__Host-wk_choice', forged);
        t.equal((await visitor.post('/sign-in/practice', { workspace: 'willow' })).statusCode, 401);
      }
      t.throws(() => readChoice(app.formKey, cookie, Number(end)), { code: 'sign_in.challenge_over' });
      t.equal(readChoice(app.formKey, cookie, Number(end) - 1).length, 2);
      const seen: number[] = [];
      for (let n = 0; n < 6; n++) {
        visitor.cookies.set('__Host-wk_choice', cookie);
        seen.push((await visitor.post('/sign-in/practice', { workspace: 'willow' })).statusCode);
      }
      t.same(seen, [303, 303, 303, 303, 429, 429], 'the password was the first of the five');
    });

    t.test('a password that was changed meanwhile is no choice any more', async (t) => {
      const { visitor } = await first({});
      const stored = await rows<{ hash: string }>(database, 'select hash from app.passwords where user_id = $1', [willow.readonly.id]);
      await rows(database, 'update app.passwords set hash = $2 where user_id = $1', [willow.readonly.id, await hashPassword('a password of today')]);
      await visitor.get('/sign-in/practice');
      const refused = await visitor.post('/sign-in/practice', { workspace: 'willow' });
      t.equal(refused.statusCode, 401);
      t.notOk(visitor.cookies.has('__Host-wk_step'));
      t.equal((await visitor.post('/sign-in/practice', { workspace: 'harbor' })).statusCode, 303, 'the other practice has its own');
      await rows(database, 'update app.passwords set hash = $2 where user_id = $1', [willow.readonly.id, stored[0]?.hash]);
    });

    t.test('of two passwords each opens its own practice, a wrong one neither', async (t) => {
      await rows(database, 'update app.passwords set hash = $2 where user_id = $1', [harbor.readonly.id, await hashPassword('another password altogether')]);
      for (const [password, [slug, person]] of [[PASSWORD, places[0]], ['another password altogether', places[1]]] as const) {
        const { visitor, location } = await first({ password });
        t.equal(location, '/sign-in/second', slug);
        t.equal(await finish(visitor, person), 303);
        t.match(await whoIs(visitor), { workspace: { slug } });
      }
      const before = [await auditLength(database, willow.workspaceId), await auditLength(database, harbor.workspaceId)] as const;
      t.equal((await first({ password: 'a wrong password' })).statusCode, 401);
      for (const [at, { workspaceId, readonly }] of [willow, harbor].entries()) {
        t.match((await auditOf(database, workspaceId, before[at])).map(({ action, target, detail }) => [action, target, detail['reason']]), [['auth.sign_in_refused', readonly.id, 'password']]);
      }
    });

    t.test('where one is suspended the other is not asked for', async (t) => {
      await rows(database, 'update app.passwords set hash = (select hash from app.passwords where user_id = $2) where user_id = $1', [harbor.readonly.id, willow.readonly.id]);
      const { visitor } = await first({});
      await suspendWorkspace(app, harbor.workspaceId);
      t.notMatch((await visitor.get('/sign-in/practice')).payload, 'value="harbor"');
      t.equal((await visitor.post('/sign-in/practice', { workspace: 'harbor' })).statusCode, 401);
      t.equal((await first({})).location, '/sign-in/second');
      await reactivateWorkspace(app, harbor.workspaceId);
    });
  });

  t.test('a step that is over leads to the sign-in, not in a circle', async (t) => {
    await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [willow.manager.id]);
    const visitor = await signIn(server, willow.manager);
    for (const path of ['/sign-in/practice', '/sign-in/second']) {
      const { headers } = await visitor.get(path);
      t.not((await visitor.get(String(headers.location))).headers.location, path);
    }
  });

  t.test('a form from elsewhere signs nobody in', async (t) => {
    const visitor = new Visitor(server);
    const refused = await visitor.post('/sign-in', { email: willow.admin.email, password: PASSWORD });
    t.equal(refused.statusCode, 403);
    const foreign = await server.inject({ method: 'POST', url: '/sign-in', headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' }, payload: `email=${willow.admin.email}&password=${PASSWORD}` });
    t.equal(foreign.statusCode, 403);
  });

  t.test('signing out ends the session, here and in every program', async (t) => {
    await rows(database, 'update app.totp_factors set last_step = null where user_id = $1', [willow.admin.id]);
    const visitor = await signIn(server, willow.admin);
    const elsewhere = new Visitor(await serverOf(app));
    elsewhere.cookies.set('__Host-wardkeep', visitor.cookies.get('__Host-wardkeep') ?? '');
    t.ok(await whoIs(elsewhere));
    await visitor.get('/account/sessions');
    t.equal((await visitor.post('/sign-out')).headers.location, '/sign-in');
    t.notOk(visitor.cookies.has('__Host-wardkeep'));
    t.equal(await whoIs(elsewhere), null);
  });
});
