import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import t from 'tap';
import { openApp } from '../../core/app.ts';
import { checkPassword, FAILED_IN_ROW_MAX } from '../../core/auth/password/check-password.ts';
import { hashPassword } from '../../core/auth/password/hash.ts';
import { Password } from '../../core/auth/password/model.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { Authenticator } from '../support/authenticator.ts';
import { dataFolder, mailbox, workMail } from '../support/mailbox.ts';
import { createPeople, PASSWORD, sessionCookie, totpCode, type Person } from '../support/people.ts';
import { auditLength, auditOf, rows } from '../support/rows.ts';
import { openSite, serverOf, signIn, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

const TOLD = 'Somebody is guessing at your Wardkeep password';
const WRONG = 'wrong wrong wrong';

t.test('a hundred wrong passwords in a row', async (t) => {
  const { app, server, database } = await openSite(t, { dataDir: await dataFolder(t) });
  const second = await openApp({ config: app.config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => second.close());
  const servers = [server, await serverOf(second)];
  const willow = await createPeople(app, 'willow');
  const harbor = await createPeople(app, 'harbor');
  await workMail(t, app, database);
  const mail = mailbox(app);

  /** A patient guesser: whatever has to be waited for has been waited for. */
  const attempt = async (visitor: Visitor, email: string, password: string, workspace = '') => {
    await rows(database, 'delete from sys.attempt_counters');
    await visitor.get('/sign-in');
    const answer = await visitor.post('/sign-in', { email, password, workspace });
    return { status: answer.statusCode, location: answer.headers.location, text: answer.payload.replaceAll(/name="_csrf" value="[^"]+"/g, '').replaceAll(email, 'EMAIL') };
  };
  let addresses = 0;
  const stranger = (): Visitor => Object.assign(new Visitor(servers[addresses % 2] as typeof server), { ip: `203.0.113.${(addresses += 1) % 250}` });
  const stateOf = async ({ id }: { id: string }) => (await rows<{ failed: number; confined: boolean }>(database, 'select failed_in_row as failed, known_browsers_only_since is not null as confined from app.passwords where user_id = $1', [id]))[0];
  /** As after so many wrong ones. */
  const guessed = ({ id }: { id: string }, times: number) => rows(database, 'update app.passwords set failed_in_row = $2 where user_id = $1', [id, times]);
  const entriesOf = async (person: Person, after: number) => (await auditOf(database, person.workspaceId, after)).filter(({ target }) => target === person.id).map(({ action, detail }) => [action, detail['reason']].filter(Boolean).join(' '));
  const told = async (person: Person): Promise<string> => {
    for (;;) {
      const { subject, link } = await mail.next(person.email);
      if (subject === TOLD) return link;
    }
  };
  const leave = (visitor: Visitor) => { visitor.cookies.delete('__Host-wardkeep'); };

  t.test('from any number of addresses and over two programs: not even the right one goes on, but where its owner has been', async (t) => {
    const { manager } = willow;
    const own = await signIn(server, manager);
    leave(own);
    t.same(await stateOf(manager), { failed: 0, confined: false }, 'a right one starts anew');
    const before = await auditLength(database, manager.workspaceId);
    const answers = new Set<string>();
    for (let n = 0; n < FAILED_IN_ROW_MAX; n++) answers.add(JSON.stringify(await attempt(stranger(), manager.email, `${WRONG} ${n}`)));
    t.equal(answers.size, 1, 'the last wrong one is answered like the first');
    t.same(await stateOf(manager), { failed: 100, confined: true });

    let verified = 0;
    const genuine = argon2.verify;
    argon2.verify = (...given) => {
      verified += 1;
      return genuine(...given);
    };
    t.teardown(() => { argon2.verify = genuine; });
    const right = await attempt(stranger(), manager.email, PASSWORD);
    t.equal(verified, 1, 'for the work of a wrong one');
    t.same(JSON.stringify(right), [...answers][0], 'and answered like it');
    t.equal(right.status, 401);
    for (let n = 0; n < 3; n++) t.equal((await attempt(stranger(), manager.email, WRONG)).status, 401);
    const entries = await entriesOf(manager, before);
    t.same(entries.filter((entry) => entry === 'auth.sign_in_refused password').length, 103);
    t.same(entries.filter((entry) => entry !== 'auth.sign_in_refused password'), ['auth.password_confined', 'auth.sign_in_refused browser_unknown'], 'the record knows');
    t.equal(await told(manager), `${app.config.origin}/password/forgot`);

    t.equal((await attempt(own, manager.email, WRONG)).status, 401, 'a wrong one is wrong on a known browser');
    t.equal((await attempt(own, manager.email, PASSWORD)).location, '/sign-in/second');
    t.same(await stateOf(manager), { failed: 0, confined: false });
    t.equal((await attempt(stranger(), manager.email, PASSWORD)).location, '/sign-in/second', 'and it is taken everywhere again');
    t.ok((await entriesOf(manager, before)).includes('auth.password_released'));
    t.notOk((await mail.count(manager.email)) > 0, 'of all this one mail told');
  });

  t.test('a forged or foreign browser cookie knows nobody', async (t) => {
    const { manager, agent } = willow;
    await guessed(agent, FAILED_IN_ROW_MAX);
    const others = await signIn(server, manager, 1);
    leave(others);
    t.equal((await attempt(others, agent.email, PASSWORD)).status, 401);
    const forged = stranger();
    forged.cookies.set('__Host-wk_browser', `${'A'.repeat(22)}.${'B'.repeat(22)}`);
    t.equal((await attempt(forged, agent.email, PASSWORD)).status, 401);
  });

  t.test('a reset by mail leads back in', async (t) => {
    const { agent } = willow;
    const reader = stranger();
    await reader.get('/password/forgot');
    await reader.post('/password/forgot', { email: agent.email });
    await rows(database, 'delete from sys.attempt_counters');
    let mailed = await mail.next(agent.email);
    if (mailed.subject === TOLD) mailed = await mail.next(agent.email);
    const path = new URL(mailed.link).pathname;
    await reader.get(path);
    t.equal((await reader.post(path, { password: 'ferry marble compass' })).statusCode, 303);
    t.same(await stateOf(agent), { failed: 0, confined: false }, 'nobody has guessed at the new one yet');
    await guessed(agent, FAILED_IN_ROW_MAX);
    t.equal((await attempt(stranger(), agent.email, 'ferry marble compass')).status, 401);
    t.equal((await attempt(reader, agent.email, 'ferry marble compass')).location, '/sign-in/second', 'the browser of the reset is a known one');
  });

  t.test('a passkey stays open', async (t) => {
    const { officer } = willow;
    const authenticator = new Authenticator(app.config.origin);
    const owner = new Visitor(server);
    owner.cookies.set('__Host-wardkeep', (await sessionCookie(app, officer)).split('=')[1] ?? '');
    await owner.get('/account/security');
    const options = JSON.parse((await owner.json('/account/passkeys/options', {})).payload);
    await owner.json('/account/passkeys/verify', { name: 'Phone', response: authenticator.register(options) });
    await guessed(officer, FAILED_IN_ROW_MAX);
    const visitor = stranger();
    t.equal((await attempt(visitor, officer.email, PASSWORD)).status, 401);
    const response = authenticator.assert(JSON.parse((await visitor.json('/sign-in/passkey/options', {})).payload));
    t.equal((await visitor.json('/sign-in/passkey/verify', { response, next: '/whoami' })).statusCode, 200);
    t.match(await whoIs(visitor), { actor: { id: officer.id } });
  });

  t.test('counted before it is looked at: who is in time with the hundredth is not in time with one more', async (t) => {
    const { readonly: person } = willow;
    await guessed(person, FAILED_IN_ROW_MAX - 1);
    const isLooking = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const genuine = argon2.verify;
    argon2.verify = async (...given) => {
      argon2.verify = genuine;
      isLooking.resolve();
      await mayGoOn.promise;
      return genuine(...given);
    };
    t.teardown(() => { argon2.verify = genuine; });
    const check = (which: typeof app, password: string) => checkPassword(which, systemScope(person.workspaceId, 'test'), { userId: person.id, password, isKnownBrowser: false });
    const hundredth = check(app, WRONG);
    await isLooking.promise;
    t.match(await check(second, PASSWORD), { refused: 'browser_unknown' });
    mayGoOn.resolve();
    t.match(await hundredth, { refused: 'password' });
  });

  t.test('of many at once each is counted, and one tells', async (t) => {
    const { readonly: person } = willow;
    await rows(database, 'update app.passwords set failed_in_row = 90, known_browsers_only_since = null where user_id = $1', [person.id]);
    const before = await auditLength(database, person.workspaceId);
    const outcomes = await Promise.all(Array.from({ length: 24 }, (_, n) => checkPassword(n % 2 === 0 ? app : second, systemScope(person.workspaceId, 'test'), { userId: person.id, password: WRONG, isKnownBrowser: false })));
    t.ok(outcomes.every(({ refused }) => refused === 'password'));
    t.same(await stateOf(person), { failed: 114, confined: true });
    t.same(await entriesOf(person, before), ['auth.password_confined']);
  });

  t.test('where the program fell before it told, the next one tells', async (t) => {
    const { admin } = harbor;
    await guessed(admin, FAILED_IN_ROW_MAX + 3);
    await attempt(stranger(), admin.email, WRONG);
    t.ok(await told(admin));
  });

  t.test('a bcrypt hash is no way around', async (t) => {
    const email = 'old@harbor.example';
    const id = await createUser(app, harbor.workspaceId, { email, name: 'Old Hand', role: 'AGENT', password: { hash: await bcrypt.hash('brought from elsewhere', 5) } });
    const hashOf = async () => (await rows<{ hash: string }>(database, 'select hash from app.passwords where user_id = $1', [id]))[0]?.hash;
    await guessed({ id }, FAILED_IN_ROW_MAX - 1);
    await attempt(stranger(), email, WRONG);
    t.equal((await attempt(stranger(), email, 'brought from elsewhere')).status, 401);
    t.match(await hashOf(), /^\$2b\$/, 'and nothing was renewed');
    await guessed({ id }, FAILED_IN_ROW_MAX - 1);
    t.equal((await attempt(stranger(), email, 'brought from elsewhere')).status, 303, 'the hundredth may still be right');
    t.match(await hashOf(), /^\$argon2id\$/);
    t.equal((await stateOf({ id }))?.failed, 0);
  });

  t.test('an open session is no place to guess at it either', async (t) => {
    const { manager } = harbor;
    const thief = new Visitor(server);
    thief.cookies.set('__Host-wardkeep', (await sessionCookie(app, manager)).split('=')[1] ?? '');
    await thief.get('/account/security');
    const change = async (visitor: Visitor, currentPassword: string) => {
      await rows(database, 'delete from sys.attempt_counters');
      const { statusCode, payload } = await visitor.post('/account/password', { currentPassword, password: 'a brand new password' });
      return { statusCode, text: payload.replaceAll(/name="_csrf" value="[^"]+"/g, '') };
    };
    await guessed(manager, FAILED_IN_ROW_MAX - 1);
    const wrong = await change(thief, WRONG);
    t.match(wrong, { statusCode: 400, text: /not your present password/ });
    t.same(await stateOf(manager), { failed: 100, confined: true }, 'counted with the others');
    t.same(await change(thief, PASSWORD), wrong, 'the right one is answered like a wrong one');
    t.ok(await told(manager));
    const own = await (async () => {
      await guessed(manager, 0);
      return signIn(server, manager);
    })();
    await guessed(manager, FAILED_IN_ROW_MAX);
    await own.get('/account/security');
    t.equal((await change(own, PASSWORD)).statusCode, 303, 'on a known browser it is taken');
    t.same(await stateOf(manager), { failed: 0, confined: false });
  });

  t.test('one e-mail in several practices: each has a count of its own', async (t) => {
    const email = 'both@example.org';
    const [here, there] = [willow.readonly, harbor.readonly].map((person) => ({ ...person, email })) as [Person, Person];
    await rows(database, 'update app.users set email = $2 where id = any($1)', [[here.id, there.id], email]);
    const setPassword = async (person: Person, password: string) => rows(database, 'update app.passwords set hash = $2, failed_in_row = 0, known_browsers_only_since = null where user_id = $1', [person.id, await hashPassword(password)]);
    const counts = async () => [(await stateOf(here))?.failed, (await stateOf(there))?.failed];
    await setPassword(here, PASSWORD);
    await setPassword(there, 'ferry marble compass');

    await attempt(stranger(), email, WRONG);
    t.same(await counts(), [1, 1], 'wrong in both');
    await attempt(stranger(), email, WRONG, 'willow');
    t.same(await counts(), [2, 1], 'wrong where it was meant for');
    const visitor = stranger();
    t.equal((await attempt(visitor, email, PASSWORD)).location, '/sign-in/second');
    t.same(await counts(), [0, 2], 'who has an account in one practice gets no free guesses at another');
    await rows(database, 'update app.totp_factors set last_step = null');
    await visitor.get('/sign-in/second');
    await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(here.totpSecret) });
    leave(visitor);
    await attempt(visitor, email, 'ferry marble compass');
    t.same(await counts(), [0, 0], 'on a browser known here it was no guess');

    await setPassword(there, PASSWORD);
    await guessed(there, FAILED_IN_ROW_MAX);
    t.equal((await attempt(stranger(), email, PASSWORD)).location, '/sign-in/second', 'where it is taken in one alone, nobody is asked which');
    t.same(await counts(), [0, 101]);
    t.equal((await attempt(stranger(), email, PASSWORD, 'harbor')).status, 401);
    await guessed(there, 7);
    t.equal((await attempt(stranger(), email, PASSWORD)).location, '/sign-in/practice');
    t.same(await counts(), [0, 0], 'right in both starts both anew, whichever is chosen');
  });

  t.test('the count alone moves without an entry', async (t) => {
    const { agent } = harbor;
    const patch = (change: object) => app.withWorkspace(systemScope(agent.workspaceId, 'test'), async (tx) => Password.query(tx).findById(agent.id).patch(change));
    t.equal(await patch({ failed_in_row: 0 }), 1);
    for (const change of [{ known_browsers_only_since: new Date() }, { changed_at: new Date() }]) await t.rejects(patch(change), /left no audit entry/);
  });
});
