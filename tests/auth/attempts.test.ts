import argon2 from 'argon2';
import t from 'tap';
import { openApp } from '../../core/app.ts';
import { createLog } from '../../core/log.ts';
import { INSTALLATION_WORKSPACE } from '../../core/db/scope.ts';
import { knownBrowser } from '../../core/auth/sign-in/known-browser.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { createPeople, PASSWORD, totpCode } from '../support/people.ts';
import { auditLength, auditOf, rows } from '../support/rows.ts';
import { openSite, serverOf, signIn } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('guessing', async (t) => {
  const { app, server, database } = await openSite(t);
  const second = await openApp({ config: app.config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => second.close());
  const servers = [server, await serverOf(second)];
  const { admin, manager, agent, workspaceId, slug } = await createPeople(app);
  const attempt = async (visitor: Visitor, email: string, password: string) => {
    await visitor.get('/sign-in');
    return visitor.post('/sign-in', { email, password });
  };
  const from = (ip: string, which = 0): Visitor => Object.assign(new Visitor(servers[which] as typeof server), { ip });

  t.test('is slowed down by e-mail over two programs and any number of addresses', async (t) => {
    const seen: number[] = [];
    for (let n = 0; n < 7; n++) seen.push((await attempt(from(`192.0.2.${n + 1}`, n % 2), admin.email, 'wrong wrong wrong')).statusCode);
    t.same(seen, [401, 401, 401, 401, 401, 429, 429]);
    const right = await attempt(from('192.0.2.99', 1), admin.email, PASSWORD);
    t.equal(right.statusCode, 429, 'not even the right password is looked at');
    t.match(right.payload, /Too many attempts/);
    t.same((await auditOf(database, INSTALLATION_WORKSPACE)).filter(({ action }) => action === 'auth.sign_in_refused').at(-1)?.detail, { reason: 'rate_limited' });
  });

  t.test('each wait is twice the one before, up to a quarter of an hour, and never for good', async (t) => {
    const email = 'nobody@example.org';
    await rows(database, 'delete from sys.attempt_counters');
    const waits: number[] = [];
    for (let n = 0; n < 12; n++) {
      await attempt(from('192.0.2.1'), email, 'wrong wrong wrong');
      const [row] = await rows<{ wait: number | null }>(database, `select extract(epoch from blocked_until - last_at)::int as wait from sys.attempt_counters order by last_at desc, attempts limit 1`);
      waits.push(row?.wait ?? 0);
      await rows(database, `update sys.attempt_counters set blocked_until = now() - interval '1 second'`);
    }
    t.same(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
    await rows(database, `update sys.attempt_counters set last_at = now() - interval '61 minutes', blocked_until = null`);
    t.equal((await attempt(from('192.0.2.1'), email, 'wrong wrong wrong')).statusCode, 401);
    t.match(await rows(database, 'select max(attempts) as n from sys.attempt_counters'), [{ n: 1 }], 'an hour of quiet and it is forgotten');
  });

  t.test('twenty at once gain nothing: five are looked at', async (t) => {
    const before = await auditLength(database, workspaceId);
    const visitors = await Promise.all(Array.from({ length: 20 }, async (_, n) => {
      const visitor = from(`198.51.100.${n + 1}`, n % 2);
      await visitor.get('/sign-in');
      return visitor;
    }));
    const answers = await Promise.all(visitors.map((visitor) => visitor.post('/sign-in', { email: agent.email, password: 'wrong wrong wrong' })));
    t.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 5);
    t.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 15);
    t.equal((await auditOf(database, workspaceId, before)).filter(({ action }) => action === 'auth.sign_in_refused').length, 5);
  });

  t.test('a stranger does not lock out a browser that has signed in before; a completed sign-in starts anew', async (t) => {
    const own = await signIn(server, manager);
    const stranger = from('203.0.113.5');
    for (let n = 0; n < 6; n++) await attempt(stranger, manager.email, 'wrong wrong wrong');
    t.equal((await attempt(from('203.0.113.6'), manager.email, PASSWORD)).statusCode, 429, 'slowed down for the world');
    own.cookies.delete('__Host-wardkeep');
    t.equal((await attempt(own, manager.email, PASSWORD)).statusCode, 303, 'not for the known browser');
    await own.get('/sign-in/second');
    t.equal((await own.post('/sign-in/second', { method: 'totp', code: totpCode(manager.totpSecret, 1) })).statusCode, 303);
    const forged = from('203.0.113.7');
    forged.cookies.set('__Host-wk_browser', `${'A'.repeat(22)}.${'B'.repeat(22)}`);
    t.equal((await attempt(forged, manager.email, PASSWORD)).statusCode, 429, 'a made-up cookie knows nobody');
  });

  t.test('one address trying many e-mails is slowed down too', async (t) => {
    await rows(database, 'delete from sys.attempt_counters');
    const visitor = from('203.0.113.200');
    await visitor.get('/sign-in');
    await visitor.post('/sign-in', { email: 'x1@example.org', password: 'wrong wrong wrong' });
    await rows(database, 'update sys.attempt_counters set attempts = 99 where attempts = 1');
    t.equal((await visitor.post('/sign-in', { email: 'x2@example.org', password: 'wrong wrong wrong' })).statusCode, 401);
    t.equal((await visitor.post('/sign-in', { email: 'x3@example.org', password: 'wrong wrong wrong' })).statusCode, 429);
  });

  t.test('an address that waits holds up neither known browsers and passkeys nor who is signed in', async (t) => {
    await rows(database, 'delete from sys.attempt_counters');
    await rows(database, 'update app.totp_factors set last_step = null');
    const known = Object.assign(await signIn(server, manager), { ip: '203.0.113.201' });
    const stranger = from('203.0.113.201');
    await attempt(stranger, 'y1@example.org', 'wrong wrong wrong');
    await rows(database, 'update sys.attempt_counters set attempts = 99');
    await attempt(stranger, 'y2@example.org', 'wrong wrong wrong');
    t.equal((await attempt(stranger, manager.email, PASSWORD)).statusCode, 429);

    await known.get('/step-up');
    t.equal((await known.post('/step-up', { code: totpCode(manager.totpSecret, 1), next: '/' })).statusCode, 303, 'a session goes on');
    known.cookies.delete('__Host-wardkeep');
    t.equal((await attempt(known, manager.email, 'wrong wrong wrong')).statusCode, 401, 'a known browser has its own count');
    t.equal((await attempt(known, manager.email, PASSWORD)).statusCode, 303);
    await rows(database, 'update app.totp_factors set last_step = null');
    await known.get('/sign-in/second');
    t.equal((await known.post('/sign-in/second', { method: 'totp', code: totpCode(manager.totpSecret) })).statusCode, 303);
    await stranger.get('/sign-in');
    await stranger.json('/sign-in/passkey/options', {});
    t.equal((await stranger.json('/sign-in/passkey/verify', { response: { id: 'AAAA', response: {} } })).statusCode, 401, 'a passkey is looked at');
    t.equal((await attempt(stranger, manager.email, PASSWORD)).statusCode, 429, 'and nothing of it was taken back');
    t.match(await rows(database, 'select max(attempts) as n from sys.attempt_counters'), [{ n: 100 }], 'nor off the count');
  });

  t.test('an IPv6 address is counted as its network', async (t) => {
    await rows(database, 'delete from sys.attempt_counters');
    await attempt(from('2001:db8:1:2::1'), 'z1@example.org', 'wrong wrong wrong');
    await rows(database, 'update sys.attempt_counters set attempts = 99');
    t.equal((await attempt(from('2001:db8:1:2:aaaa::2'), 'z2@example.org', 'wrong wrong wrong')).statusCode, 401);
    t.equal((await attempt(from('2001:db8:1:2:bbbb::3'), 'z3@example.org', 'wrong wrong wrong')).statusCode, 429);
    t.equal((await attempt(from('2001:db8:1:3::1'), 'z4@example.org', 'wrong wrong wrong')).statusCode, 401, 'the next network is another');
  });

  t.test('the table of counters names nobody', async (t) => {
    const kept = JSON.stringify(await rows(database, `select encode(subject, 'escape') as subject, attempts from sys.attempt_counters`));
    t.notMatch(kept, /example|203\.0\.113/);
  });

  t.test('known and unknown e-mails, disabled people and wrong workspaces get the same answer for the same work', async (t) => {
    await rows(database, 'delete from sys.attempt_counters');
    await rows(database, `update app.users set status = 'disabled' where id = $1`, [agent.id]);
    let verified = 0;
    const genuine = argon2.verify;
    argon2.verify = async (...args) => {
      verified += 1;
      return genuine(...args);
    };
    t.teardown(() => { argon2.verify = genuine; });
    const answers: { status: number; page: string; verified: number }[] = [];
    const forms = [
      { email: admin.email, password: 'wrong wrong wrong' }, { email: 'unknown@example.org', password: 'wrong wrong wrong' }, { email: 'unknown@example.org', password: PASSWORD },
      { email: agent.email, password: PASSWORD }, { email: admin.email, password: PASSWORD, workspace: 'elsewhere' },
    ];
    for (const form of forms) {
      const visitor = from('198.51.100.77');
      await visitor.get('/sign-in');
      verified = 0;
      const answer = await visitor.post('/sign-in', form);
      const page = answer.payload.replaceAll(form.email, 'EMAIL').replace('elsewhere', '').replace(/ value=""/g, '').replace(/name="_csrf" value="[^"]+"/g, '').replace(/ value=""/g, '');
      answers.push({ status: answer.statusCode, page, verified });
      t.notOk(answer.headers['set-cookie']?.toString().includes('wk_step='), 'no challenge');
    }
    for (const answer of answers) t.same(answer, answers[0]);
    t.match(answers[0], { status: 401, verified: 1 }, 'one argon2id verification each');
  });

  t.test('a sign-in in another practice gives nobody more guesses here', async (t) => {
    await rows(database, 'delete from sys.attempt_counters');
    const other = await createPeople(app);
    const given = { ...other.agent, email: admin.email, password: 'ferry marble compass' };
    const twin = { ...given, id: await createUser(app, other.workspaceId, given) };
    const guess = async (visitor: Visitor, workspace = ''): Promise<number> => {
      await visitor.get('/sign-in');
      return (await visitor.post('/sign-in', { email: admin.email, password: 'wrong wrong wrong', workspace })).statusCode;
    };
    for (let n = 0; n < 4; n++) t.equal(await guess(from(`192.0.2.${n + 1}`)), 401);
    const theirs = await signIn(server, twin);
    const cookie = theirs.cookies.get('__Host-wk_browser');
    t.type(knownBrowser(app.formKey, cookie, { workspaceId: other.workspaceId, userId: twin.id }), 'string');
    t.equal(knownBrowser(app.formKey, cookie, { workspaceId, userId: admin.id }), null, 'here it is a new browser, of which a mail tells');
    theirs.cookies.delete('__Host-wardkeep');
    t.equal(await guess(from('192.0.2.9')), 429, 'what was counted stays counted');
    t.equal(await guess(theirs), 429, 'and the browser has no free guesses at a practice that does not know it');
    t.equal(await guess(theirs, slug), 429);
    t.equal(await guess(theirs, other.slug), 401, 'in its own it is known');
  });
});
