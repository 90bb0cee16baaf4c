import t from 'tap';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { Authenticator } from '../support/authenticator.ts';
import { dataFolder, mailbox, workMail } from '../support/mailbox.ts';
import { createPeople, PASSWORD, totpCode } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('the first sign-in sets up a second factor', async (t) => {
  const { app, server, database } = await openSite(t, { dataDir: await dataFolder(t) });
  const { workspaceId, admin } = await createPeople(app, 'willow');
  await workMail(t, app, database);
  const mail = mailbox(app);
  const CHANGED = 'How you sign in to Wardkeep was changed';
  const newcomer = async (email: string): Promise<string> => createUser(app, workspaceId, { email, name: 'New Comer', role: 'AGENT', password: PASSWORD });
  const start = async (email: string): Promise<Visitor> => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const first = await visitor.post('/sign-in', { email, password: PASSWORD, next: '/whoami' });
    t.equal(first.headers.location, '/sign-in/enrol?next=%2Fwhoami');
    return visitor;
  };
  const secretOf = (page: string): string => (/id="totp-secret">([^<]+)</.exec(page)?.[1] ?? '').replaceAll(' ', '');
  const field = (page: string, name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';

  t.test('with an app, then recovery codes, each of which works once', async (t) => {
    await newcomer('app@willow.example');
    const visitor = await start('app@willow.example');
    for (const page of ['/whoami', '/contacts', '/account/security', '/sign-in/second']) t.not((await visitor.get(page)).statusCode, 200, `${page} is out of reach`);
    const page = (await visitor.get('/sign-in/enrol?next=/whoami')).payload;
    t.match(page, /src="data:image\/svg\+xml,%3Csvg/);
    t.notMatch(page, /style=/);
    const secret = secretOf(page);
    t.match(secret, /^[A-Z2-7]{32}$/);
    const wrong = await visitor.post('/sign-in/enrol', { code: '000000', setup: field(page, 'setup'), next: '/whoami' });
    t.equal(wrong.statusCode, 422);
    t.equal(secretOf(wrong.payload), secret, 'the same code square again');
    t.equal((await visitor.post('/sign-in/enrol', { code: totpCode(secret), setup: `${field(page, 'setup')}x`, next: '' })).statusCode, 422, 'a tampered secret is none');
    const done = await visitor.post('/sign-in/enrol', { code: totpCode(secret), setup: field(page, 'setup'), next: '/whoami' });
    t.equal(done.headers.location, '/account/recovery-codes?next=%2Fwhoami');
    t.ok(await whoIs(visitor));
    t.equal((await mail.next('app@willow.example')).subject, CHANGED, 'which a mail says, since it may have been somebody else');
    t.match((await visitor.get('/account/recovery-codes?next=/whoami')).payload, /Show my recovery codes/);
    const shown = (await visitor.post('/account/recovery-codes', { next: '/whoami' })).payload;
    const codes = [...shown.matchAll(/<li>([0-9a-z-]{29})<\/li>/g)].map(([, code]) => code as string);
    t.equal(new Set(codes).size, 10);
    t.equal((await mail.next('app@willow.example')).subject, CHANGED, 'so do new recovery codes');
    t.match(shown, /href="\/whoami"/);
    t.notMatch((await visitor.get('/account/recovery-codes')).payload, codes[0] as string, 'shown once');
    const kept = await rows<{ code_hash: Buffer }>(database, 'select c.* from app.recovery_codes c join app.users u on u.id = c.user_id where u.email = $1', ['app@willow.example']);
    t.equal(kept.length, 10);
    t.notMatch(JSON.stringify(kept), (codes[0] as string).replaceAll('-', ''));

    const recover = async (code: string): Promise<{ status: number; visitor: Visitor }> => {
      const back = new Visitor(server);
      await back.get('/sign-in');
      await back.post('/sign-in', { email: 'app@willow.example', password: PASSWORD });
      await back.get('/sign-in/second?method=recovery');
      return { status: (await back.post('/sign-in/second', { method: 'recovery', code })).statusCode, visitor: back };
    };
    const [first = '', second = ''] = codes;
    t.equal((await recover(` ${first.toUpperCase().replaceAll('-', ' ')} `)).status, 303, 'however it is typed');
    t.same([(await mail.next('app@willow.example')).subject, (await mail.next('app@willow.example')).subject].sort(), [CHANGED, 'New sign-in to your Wardkeep account'], 'and their use');
    t.equal((await recover(first)).status, 422, 'once');
    t.equal((await recover('aaaa-bbbb-cccc-dddd-eeee-ffff')).status, 422);
    await rows(database, 'delete from sys.attempt_counters');
    const race = await Promise.all(Array.from({ length: 4 }, () => recover(second)));
    t.same(race.map(({ status }) => status).sort(), [303, 422, 422, 422], 'of several at once one wins');
    t.ok((await auditOf(database, workspaceId)).some(({ action, detail }) => action === 'auth.mfa_refused' && detail['reason'] === 'recovery_wrong'));
    const again = [...(await visitor.post('/account/recovery-codes', { next: '/' })).payload.matchAll(/<li>([0-9a-z-]{29})<\/li>/g)];
    t.equal(again.length, 10);
    await rows(database, 'delete from sys.attempt_counters');
    t.equal((await recover(codes[5] as string)).status, 422, 'new codes end the old ones');
  });

  t.test('with a passkey', async (t) => {
    await newcomer('key@willow.example');
    const visitor = await start('key@willow.example');
    await visitor.get('/sign-in/enrol');
    const authenticator = new Authenticator(app.config.origin);
    const options = JSON.parse((await visitor.json('/sign-in/enrol/passkey/options', {})).payload);
    const answer = await visitor.json('/sign-in/enrol/passkey/verify', { name: 'Laptop', next: '/whoami', response: authenticator.register(options) });
    t.match(JSON.parse(answer.payload), { redirect: '/account/recovery-codes?next=%2Fwhoami' });
    t.ok(await whoIs(visitor));
  });

  t.test('is no way around a factor that was set up meanwhile', async (t) => {
    const id = await newcomer('race@willow.example');
    const [own, thief] = [await start('race@willow.example'), await start('race@willow.example')];
    const [page, stolen] = [(await own.get('/sign-in/enrol')).payload, (await thief.get('/sign-in/enrol')).payload];
    const both = await Promise.all([[own, page], [thief, stolen]].map(([visitor, html]) => (visitor as Visitor).post('/sign-in/enrol', { code: totpCode(secretOf(html as string)), setup: field(html as string, 'setup'), next: '' })));
    t.same(both.map(({ statusCode }) => statusCode).sort(), [303, 401], 'of two at once one wins');
    const loser = both[0]?.statusCode === 303 ? thief : own;
    const options = JSON.parse((await loser.json('/sign-in/enrol/passkey/options', {})).payload);
    t.equal((await loser.json('/sign-in/enrol/passkey/verify', { name: '', response: new Authenticator(app.config.origin).register(options) })).statusCode, 401);
    t.equal(await whoIs(loser), null);
    t.match(await rows(database, 'select (select count(*)::int from app.totp_factors where user_id = $1) as totp, (select count(*)::int from app.passkeys where user_id = $1) as passkeys', [id]), [{ totp: 1, passkeys: 0 }]);
  });

  t.test('a challenge for one step is none for the other', async (t) => {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    await visitor.post('/sign-in', { email: admin.email, password: PASSWORD });
    t.equal((await visitor.get('/sign-in/enrol')).statusCode, 302, 'who has a factor cannot enrol');
    t.equal((await visitor.json('/sign-in/enrol/passkey/options', {})).statusCode, 401);
  });
});
