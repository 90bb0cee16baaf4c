import t from 'tap';
import { rememberBrowser } from '../../core/auth/sign-in/known-browser.ts';
import { createPeople, sessionCookie, totpCode } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { dataFolder, mailbox, workMail } from '../support/mailbox.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

const pathOf = (link: string): string => new URL(link).pathname;

t.test('a forgotten password', async (t) => {
  const { app, server, database } = await openSite(t, { dataDir: await dataFolder(t) });
  const willow = await createPeople(app, 'willow');
  await workMail(t, app, database);
  const mail = mailbox(app);
  const ask = async (email: string, visitor = new Visitor(server)) => {
    await visitor.get('/password/forgot');
    return visitor.post('/password/forgot', { email });
  };
  const [{ id: agentId, email }] = [willow.agent];

  t.test('the answer is the same, known or not', async (t) => {
    const strip = (page: string): string => page.replace(/name="_csrf" value="[^"]+"/g, '');
    const [known, unknown, disabled] = [await ask(willow.readonly.email), await ask('nobody@example.org'), await ask(willow.officer.email)];
    t.equal(known.statusCode, 200);
    t.equal(strip(known.payload), strip(unknown.payload));
    t.equal(strip(known.payload), strip(disabled.payload));
    await mail.next(willow.readonly.email);
    t.equal(await mail.count('nobody@example.org'), 0);
  });

  t.test('the link sets a password once, ends sessions and keeps the second factor', async (t) => {
    const open = new Visitor(server);
    open.cookies.set('__Host-wardkeep', (await sessionCookie(app, willow.agent)).split('=')[1] ?? '');
    t.ok(await whoIs(open));
    await ask(email);
    const { link, subject } = await mail.next(email);
    t.equal(subject, 'Choose a new Wardkeep password');
    t.ok(link.startsWith(`${app.config.origin}/password/reset/`));
    t.notOk(JSON.stringify(await rows(database, 'select * from graphile_worker._private_jobs')).includes(link.slice(-43)), 'no token in the queue');

    const begun = new Visitor(server);
    await begun.get('/sign-in');
    await begun.post('/sign-in', { email, password: willow.agent.password });
    t.equal((await begun.get('/sign-in/second')).statusCode, 200);

    const visitor = new Visitor(server);
    t.equal((await visitor.get(pathOf(link))).statusCode, 200);
    const weak = await visitor.post(pathOf(link), { password: 'password1234' });
    t.match([weak.statusCode, weak.payload.includes('first that would be guessed')], [400, true]);
    const twice = new Visitor(server);
    await twice.get(pathOf(link));
    const both = await Promise.all([visitor, twice].map((each) => each.post(pathOf(link), { password: 'ferry marble compass' })));
    t.same(both.map(({ statusCode }) => statusCode).sort(), [303, 410], 'of two at once one wins');
    t.equal((await visitor.get(pathOf(link))).statusCode, 410);
    t.notOk(visitor.cookies.has('__Host-wardkeep'), 'a mail signs nobody in');
    t.equal(await whoIs(open), null);
    t.equal((await begun.post('/sign-in/second', { method: 'totp', code: totpCode(willow.agent.totpSecret) })).statusCode, 401, 'nor does a sign-in that the old password began');

    const back = new Visitor(server);
    await back.get('/sign-in');
    t.equal((await back.post('/sign-in', { email, password: willow.agent.password })).statusCode, 401, 'the old password is gone');
    t.equal((await back.post('/sign-in', { email, password: 'ferry marble compass' })).headers.location, '/sign-in/second', 'the second factor is not');
    await back.get('/sign-in/second');
    t.equal((await back.post('/sign-in/second', { method: 'totp', code: totpCode(willow.agent.totpSecret) })).statusCode, 303);
    t.equal((await mail.next(email)).subject, 'How you sign in to Wardkeep was changed');
    t.equal((await mail.next(email)).subject, 'New sign-in to your Wardkeep account');
    t.match((await auditOf(database, willow.workspaceId)).filter(({ action }) => /password/.test(action)).map(({ action, target }) => [action, target]).slice(-2), [['auth.password_reset_sent', agentId], ['auth.password_reset', agentId]]);
  });

  t.test('a link ends after half an hour, with a newer one, and with its person', async (t) => {
    const { manager, admin } = willow;
    await ask(manager.email);
    const first = await mail.next(manager.email);
    await ask(manager.email);
    const second = await mail.next(manager.email);
    const visitor = new Visitor(server);
    t.equal((await visitor.get(pathOf(first.link))).statusCode, 410, 'a newer one replaces it');
    t.equal((await visitor.get(pathOf(second.link))).statusCode, 200);
    const [{ life } = { life: 0 }] = await rows<{ life: number }>(database, `select extract(epoch from expires_at - created_at)::int as life from app.one_time_links where user_id = $1 and used_at is null`, [manager.id]);
    t.ok(Math.abs(life - 1800) <= 2);
    await rows(database, 'update app.one_time_links set expires_at = now() where user_id = $1', [manager.id]);
    t.equal((await visitor.get(pathOf(second.link))).statusCode, 410);

    await ask(admin.email);
    const { link } = await mail.next(admin.email);
    await rows(database, `update app.users set status = 'disabled' where id = $1`, [admin.id]);
    t.equal((await visitor.post(pathOf(link), { password: 'ferry marble compass' })).statusCode, 410);
    for (const path of ['/password/reset/x', `/password/reset/${'A'.repeat(22)}.${'A'.repeat(43)}`, pathOf(link).replace('/password/reset/', '/invitation/')]) t.equal((await visitor.get(path)).statusCode, 410, 'all refused alike');
  });

  t.test('lets the one who reads the mail past a stranger who keeps guessing', async (t) => {
    const { readonly: person } = willow;
    const guess = async (visitor: Visitor, password: string) => {
      await visitor.get('/sign-in');
      return (await visitor.post('/sign-in', { email: person.email, password })).statusCode;
    };
    await rows(database, 'delete from sys.attempt_counters');
    const stranger = new Visitor(server);
    for (let n = 0; n < 5; n++) await guess(stranger, 'wrong wrong wrong');
    const reader = new Visitor(server);
    t.equal(await guess(reader, person.password), 429);
    await ask(person.email, reader);
    const { link } = await mail.next(person.email);
    await reader.get(pathOf(link));
    t.equal((await reader.post(pathOf(link), { password: 'ferry marble compass' })).statusCode, 303);
    t.equal(await guess(reader, 'ferry marble compass'), 303);
    t.equal(await guess(new Visitor(server), 'ferry marble compass'), 429, 'on that browser alone');
  });

  t.test('asking over and over is slowed down', async (t) => {
    const seen: number[] = [];
    for (let n = 0; n < 7; n++) seen.push((await ask('somebody@example.org')).statusCode);
    t.same(seen, [200, 200, 200, 200, 200, 429, 429]);
    await rows(database, 'delete from sys.attempt_counters');
    let waited = 0;
    let mails = 0;
    for (; waited < 86_400 && mails < 50; mails++) {
      t.equal((await ask(email)).statusCode, 200);
      const [{ wait } = { wait: 0 }] = await rows<{ wait: number }>(database, "update sys.attempt_counters set last_at = last_at - interval '1 hour', blocked_until = null from (select max(extract(epoch from blocked_until - now()))::float8 as wait from sys.attempt_counters) w returning w.wait");
      waited += wait;
    }
    t.ok(mails <= 35, `who never stops asking has ${mails} mails a day sent to somebody`);
    await rows(database, "update sys.attempt_counters set last_at = now(), blocked_until = now() + interval '1 hour'");
    t.equal((await ask(email)).statusCode, 429);
    const own = new Visitor(server);
    own.cookies.set('__Host-wk_browser', rememberBrowser(app.formKey, undefined, { workspaceId: willow.workspaceId, userId: agentId }));
    t.equal((await ask(email, own)).statusCode, 200, 'and does not keep them from asking on a browser of theirs');
    t.equal((await ask(willow.manager.email, own)).statusCode, 429, 'which is not known for others: from this address nobody asks for now');
  });
});

t.test('without mail the page says whom to ask', async (t) => {
  const { app, server } = await openSite(t, { mode: 'production' });
  await createPeople(app);
  t.equal(app.mail, null);
  t.match((await new Visitor(server).get('/password/forgot')).payload, /Ask an administrator/);
});
