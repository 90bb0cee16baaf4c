import t from 'tap';
import { STEP_UP_LIFE_MS } from '../../core/access/authorize.ts';
import { openApp } from '../../core/app.ts';
import { endSessions } from '../../core/auth/session/actions.ts';
import { deviceOf } from '../../core/auth/session/device.ts';
import { createLog } from '../../core/log.ts';
import { changePerson, disablePerson } from '../../core/workspaces/people/actions.ts';
import { createPeople, scopeAs, sessionCookie, totpCode, type Person } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, serverOf, signIn, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('sessions', async (t) => {
  const { app, server, database } = await openSite(t);
  const second = await openApp({ config: app.config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => second.close());
  const otherServer = await serverOf(second);
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');
  const visit = async (person: Person, on = server): Promise<Visitor> => {
    const visitor = new Visitor(on);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, person)).split('=')[1] ?? '');
    return visitor;
  };
  const move = (person: Person, column: 'last_seen_at' | 'created_at' | 'assured_at', by: string) =>
    rows(database, `update app.sessions set ${column} = ${column} - $2::interval where user_id = $1 and ended_at is null`, [person.id, by]);

  t.test('end after eight hours idle, and after a day in any case', async (t) => {
    const idle = await visit(willow.agent);
    await move(willow.agent, 'last_seen_at', '7 hours 59 minutes');
    t.ok(await whoIs(idle));
    t.match(await rows(database, `select now() - last_seen_at < interval '10 seconds' as seen from app.sessions where user_id = $1 and ended_at is null`, [willow.agent.id]), [{ seen: true }], 'a request moves last seen');
    await move(willow.agent, 'last_seen_at', '8 hours 1 minute');
    t.equal(await whoIs(idle), null);
    t.notOk(idle.cookies.has('__Host-wardkeep'), 'the dead cookie is taken away');
    t.equal(await whoIs(idle), null, 'and a request does not revive it');

    const long = await visit(willow.manager);
    await move(willow.manager, 'created_at', '23 hours 59 minutes');
    t.ok(await whoIs(long));
    await move(willow.manager, 'created_at', '2 minutes');
    t.equal(await whoIs(long), null);
  });

  t.test('a workspace sets its own limits, and they hold at once', async (t) => {
    const visitor = await visit(harbor.agent);
    await move(harbor.agent, 'last_seen_at', '6 minutes');
    await rows(database, `update app.workspaces set settings = settings || '{"idleMinutes": 5}' where workspace_id = $1`, [harbor.workspaceId]);
    t.equal(await whoIs(visitor), null);
    t.ok(await whoIs(await visit(harbor.agent)));
    await rows(database, `update app.workspaces set settings = '{"absoluteHours": 1}' where workspace_id = $1`, [harbor.workspaceId]);
    const long = await visit(harbor.manager);
    await move(harbor.manager, 'created_at', '61 minutes');
    t.equal(await whoIs(long), null);
  });

  t.test('last seen moves once a minute at most, and is no act', async (t) => {
    const visitor = await visit(willow.officer);
    const seen = async () => (await rows<{ last_seen_at: Date }>(database, 'select last_seen_at from app.sessions where user_id = $1 and ended_at is null', [willow.officer.id]))[0]?.last_seen_at.getTime();
    const length = (await auditOf(database, willow.workspaceId)).length;
    const before = await seen();
    await whoIs(visitor);
    t.equal(await seen(), before);
    await move(willow.officer, 'last_seen_at', '61 seconds');
    await whoIs(visitor);
    t.ok((await seen() ?? 0) >= (before ?? 0));
    t.equal((await auditOf(database, willow.workspaceId)).length, length);
  });

  t.test('a page asks how long there is left without keeping the session; a sign of life does', async (t) => {
    const visitor = await visit(willow.readonly);
    const ask = async (path: string) => {
      const { statusCode, payload } = await visitor.get(path);
      return { statusCode, ...JSON.parse(payload) as { seconds: number; mayStay: boolean } };
    };
    await move(willow.readonly, 'last_seen_at', '7 hours 58 minutes');
    for (let times = 0; times < 2; times++) {
      const { statusCode, seconds, mayStay } = await ask('/session/left');
      t.same({ statusCode, mayStay }, { statusCode: 200, mayStay: true });
      t.ok(seconds > 100 && seconds <= 120, `${seconds} s`);
    }
    const { seconds } = await ask('/session/stay');
    t.ok(seconds > 8 * 3600 - 20, `${seconds} s`);
    await move(willow.readonly, 'created_at', '23 hours 59 minutes');
    t.match(await ask('/session/stay'), { mayStay: false }, 'a day is a day');
    t.ok((await ask('/session/left')).seconds <= 60);
    await move(willow.readonly, 'created_at', '1 minute');
    for (const path of ['/session/left', '/session/stay']) t.equal((await visitor.get(path)).statusCode, 302, 'signs in anew');

    const page = await visit(willow.manager);
    t.match((await page.get('/contacts')).payload, '<noscript><meta http-equiv="refresh" content="28800; url=/"></noscript>', 'without script a page leaves by itself');
    const own = /session-end|http-equiv="refresh"/;
    t.notMatch((await new Visitor(server).get('/sign-in')).payload, own);
    t.notMatch((await page.get('/account/recovery-codes')).payload, own, 'a card between two steps leads on by itself, out of an ended session too');
  });

  t.test('a change to the person counts with the next request, in every program', async (t) => {
    const visitor = await visit(willow.readonly, otherServer);
    t.match(await whoIs(visitor), { actor: { role: 'READONLY' } });
    await app.withWorkspace(scopeAs(willow.admin), (tx) => changePerson(tx, willow.readonly.id, { role: 'MANAGER', designations: ['SECURITY_OFFICER'] }));
    t.match(await whoIs(visitor), { actor: { role: 'MANAGER', designations: ['SECURITY_OFFICER'] } });
    await app.withWorkspace(scopeAs(willow.admin), (tx) => disablePerson(tx, willow.readonly.id));
    t.equal(await whoIs(visitor), null);
  });

  t.test('are listed; one ends the others, an administrator anyone’s, nobody else', async (t) => {
    const here = await visit(willow.agent);
    const there = await visit(willow.agent, otherServer);
    const list = await here.get('/account/sessions');
    t.match(list.payload, /this one/);
    const theirs = (await whoIs(there))?.actor.sessionId ?? '';
    t.ok(list.payload.includes(`/account/sessions/${theirs}/end`));
    t.equal((await here.post(`/account/sessions/${theirs}/end`)).statusCode, 303);
    t.equal(await whoIs(there), null, 'at once, in the other program too');
    t.equal((await here.post(`/account/sessions/${theirs}/end`)).statusCode, 404, 'ended is ended');

    const manager = await visit(willow.manager);
    await manager.get('/account/sessions');
    const agents = (await whoIs(here))?.actor.sessionId ?? '';
    t.equal((await manager.post(`/account/sessions/${agents}/end`)).statusCode, 403, 'another person’s is not theirs to end');
    t.equal((await manager.get('/admin/sessions')).statusCode, 403);
    t.ok(await whoIs(here));

    const foreign = await visit(harbor.admin);
    await foreign.get('/account/sessions');
    t.equal((await foreign.post(`/admin/sessions/${agents}/end`)).statusCode, 404, 'another workspace’s does not exist');
    t.ok(await whoIs(here));

    const admin = await visit(willow.admin);
    t.match((await admin.get('/admin/sessions')).payload, /Agent Person/);
    t.equal((await admin.post(`/admin/sessions/${agents}/end`)).statusCode, 303);
    t.equal(await whoIs(here), null);
    t.match((await auditOf(database, willow.workspaceId)).at(-1), { action: 'auth.session_ended', target: agents, detail: { reason: 'ended' }, actor: { id: willow.admin.id } });

    const [one, two] = [await visit(willow.officer), await visit(willow.officer)];
    await one.get('/account/sessions');
    await move(willow.officer, 'assured_at', '11 minutes');
    const second = (await whoIs(two))?.actor.sessionId ?? '';
    for (const path of [`/account/sessions/${second}/end`, '/account/sessions/end-others']) t.match(await one.post(path), { statusCode: 403, payload: /Confirm it is you/ });
    t.ok(await whoIs(two), 'a session left open is not enough to end the others');
    await rows(database, 'update app.sessions set assured_at = now() where id = $1', [(await whoIs(one))?.actor.sessionId]);
    await one.post('/account/sessions/end-others');
    t.ok(await whoIs(one));
    t.equal(await whoIs(two), null);
  });

  t.test('a token is good in its own workspace alone, and only whole', async (t) => {
    const visitor = await visit(willow.admin);
    const [, random] = (visitor.cookies.get('__Host-wardkeep') ?? '').split('.');
    const harborPart = Buffer.from(harbor.workspaceId.replaceAll('-', ''), 'hex').toString('base64url');
    for (const cookie of [`${harborPart}.${random}`, `${'A'.repeat(22)}.${random}`, `.${random}`, random ?? '', 'x', 'A'.repeat(5000)]) {
      const other = new Visitor(server);
      other.cookies.set('__Host-wardkeep', cookie);
      t.equal(await whoIs(other), null, cookie.slice(0, 30));
    }
  });

  t.test('stepping up confirms the second factor, renews the token and keeps the sign-in time', async (t) => {
    await rows(database, 'update app.totp_factors set last_step = null');
    const visitor = await signIn(server, willow.admin);
    await move(willow.admin, 'assured_at', `${STEP_UP_LIFE_MS + 1000} milliseconds`);
    await move(willow.admin, 'created_at', '2 hours');
    const before = await whoIs(visitor);
    const old = visitor.cookies.get('__Host-wardkeep') ?? '';

    const stopped = await visitor.get('/account/totp');
    t.match([stopped.statusCode, stopped.headers.location], [302, '/step-up?next=%2Faccount%2Ftotp'], 'a page leads there');
    await visitor.get('/step-up?next=%2Faccount%2Ftotp');
    t.equal((await visitor.post('/step-up', { code: '000000', next: '/account/totp' })).statusCode, 422);
    const done = await visitor.post('/step-up', { code: totpCode(willow.admin.totpSecret, 1), next: '/account/totp' });
    t.match([done.statusCode, done.headers.location], [303, '/account/totp'], 'and back');
    t.equal((await visitor.get('/account/totp')).statusCode, 200);
    const after = await whoIs(visitor);
    t.equal(after?.actor.sessionId, before?.actor.sessionId);
    t.ok((after?.actor.assuredAt ?? 0) > Date.now() - 10_000);
    t.not(visitor.cookies.get('__Host-wardkeep'), old);
    const thief = new Visitor(server);
    thief.cookies.set('__Host-wardkeep', old);
    t.equal(await whoIs(thief), null, 'the token from before is dead');
    t.match(await rows(database, `select now() - created_at > interval '1 hour 59 minutes' as old from app.sessions where id = $1`, [after?.actor.sessionId]), [{ old: true }]);
  });

  t.test('a form that had to step up comes back filled in', async (t) => {
    const visitor = await visit(willow.admin);
    await visitor.get('/admin/people');
    await move(willow.admin, 'assured_at', '11 minutes');
    const stopped = await visitor.post('/admin/people/invite', { email: 'new@willow.example', role: 'AGENT' });
    t.equal(stopped.statusCode, 403);
    t.match(stopped.payload, /Your form is kept/);
    const held = /name="held" value="([^"]+)"/.exec(stopped.payload)?.[1]?.replaceAll('&quot;', '"').replaceAll('&#x3D;', '=') ?? '';
    await rows(database, 'update app.totp_factors set last_step = null');
    const done = await visitor.post('/step-up', { code: totpCode(willow.admin.totpSecret), next: '/', held });
    t.match(done.payload, /action="\/admin\/people\/invite"/);
    t.match(done.payload, /name="email" value="new@willow.example"/);
    t.equal((await visitor.post('/admin/people/invite', { email: 'new@willow.example', role: 'AGENT' })).statusCode, 303);
    for (const action of ['//evil.example', 'https://evil.example', '/\\evil', 'javascript:alert(1)']) {
      await move(willow.admin, 'assured_at', '11 minutes');
      await rows(database, 'update app.totp_factors set last_step = null');
      const answer = await visitor.post('/step-up', { code: totpCode(willow.admin.totpSecret), next: '/', held: JSON.stringify({ action, fields: [] }) });
      t.equal(answer.statusCode, 303, `${action} is not held`);
    }
  });

  t.test('who has nothing of ours to step up with is told what to do', async (t) => {
    const visitor = await visit(harbor.manager);
    t.notMatch((await visitor.get('/step-up')).payload, /Sign out and in again/);
    await rows(database, 'delete from app.totp_factors where user_id = $1', [harbor.manager.id]);
    t.match((await visitor.get('/step-up')).payload, /Sign out and in again[^]*action="\/sign-out"/);
  });

  t.test('guessing at the step-up is slowed down', async (t) => {
    const visitor = await visit(harbor.officer);
    await rows(database, `update app.workspaces set settings = '{}'`);
    const seen: number[] = [];
    await visitor.get('/step-up');
    for (let n = 0; n < 7; n++) seen.push((await visitor.post('/step-up', { code: '000000' })).statusCode);
    t.same(seen, [422, 422, 422, 422, 422, 429, 429]);
  });

  t.test('ended sessions do not end twice', async (t) => {
    await sessionCookie(app, harbor.readonly);
    const end = () => app.withWorkspace(scopeAs(harbor.admin), (tx) => endSessions(tx, { user_id: harbor.readonly.id }, 'ended'));
    t.same((await Promise.all([end(), end(), end()])).sort(), [0, 0, 1]);
  });
});

t.test('devices by their User-Agent', async (t) => {
  const cases: [string | null, string][] = [
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge on Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1', 'Safari on iPhone'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome on macOS'],
    ['curl/8.5.0', 'Unknown device'], [null, 'Unknown device'],
  ];
  for (const [userAgent, device] of cases) t.equal(deviceOf(userAgent), device);
});
