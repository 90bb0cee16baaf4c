import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import t from 'tap';
import type { App } from '../../core/app.ts';
import { isBreached } from '../../core/auth/password/breach.ts';
import { isCommonPassword } from '../../core/auth/password/common-passwords.ts';
import { ARGON2_OPTIONS, hashPassword, verifyPassword } from '../../core/auth/password/hash.ts';
import { checkNewPassword } from '../../core/auth/password/policy.ts';
import { createLog } from '../../core/log.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { createPeople, sessionCookie } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

const context = { email: 'maren.okafor@willow.example', name: 'Maren Okafor', workspaceName: 'Willow Family Practice' };
/** As much of a program as the breach check reads. */
const appWith = (breachRangeUrl: string | null, lines: string[] = []): App => ({ config: { breachRangeUrl }, log: createLog('warn', (line) => lines.push(line)) }) as unknown as App;

t.test('hashes', async (t) => {
  const hash = await hashPassword('quarry lantern seventeen');
  t.match(hash, /^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
  t.not(hash, await hashPassword('quarry lantern seventeen'), 'salted');
  t.same(await verifyPassword(hash, 'quarry lantern seventeen'), { ok: true, isOutdated: false });
  t.same(await verifyPassword(hash, 'quarry lantern seventeeN'), { ok: false, isOutdated: false });
  t.same(await verifyPassword(null, 'anything'), { ok: false, isOutdated: false });
  const composed = await hashPassword('caf\u00e9 caf\u00e9 caf\u00e9');
  t.match(await verifyPassword(composed, 'cafe\u0301 cafe\u0301 cafe\u0301'), { ok: true }, 'the same text in another form (NFC)');
  t.match(await verifyPassword(composed, 'cafe cafe cafe'), { ok: false });
  const weaker = await argon2.hash('quarry lantern seventeen', { ...ARGON2_OPTIONS, timeCost: 1, memoryCost: 4096 });
  t.same(await verifyPassword(weaker, 'quarry lantern seventeen'), { ok: true, isOutdated: true }, 'other parameters are outdated');

  const brought = await bcrypt.hash('quarry lantern seventeen', 4);
  for (const form of ['$2a$', '$2b$', '$2y$']) t.same(await verifyPassword(brought.replace(/^\$2b\$/, form), 'quarry lantern seventeen'), { ok: true, isOutdated: true }, form);
  t.match(await verifyPassword(brought, 'quarry lantern'), { ok: false });
  const long = 'x'.repeat(72);
  t.match(await verifyPassword(await bcrypt.hash(long, 4), long), { ok: true });
  t.match(await verifyPassword(await bcrypt.hash(long, 4), `${long}whatever`), { ok: false }, 'bcrypt would not look past 72 bytes');
  t.match(await verifyPassword(await bcrypt.hash('short\0tail', 4), 'short\0other'), { ok: false }, 'nor past a NUL');
  for (const odd of ['', 'plain', '$2b$99$x', '$1$md5$crypt', '$argon2i$v=19$m=4096,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA']) t.match(await verifyPassword(odd, 'plain'), { ok: false }, odd);
});

t.test('what may be a password', async (t) => {
  const app = appWith(null);
  const said = (password: string) => checkNewPassword(app, password, context);
  t.match(await said('elevenchars'), /at least 12/);
  t.equal(await said('twelve kinds'), null);
  t.match(await said('\u{1F511}'.repeat(6)), /at least 12/, 'code points are counted, not UTF-16 units');
  t.equal(await said([...'\u{1F511}\u{1F40E}\u{1F50B}\u{1F9F7}\u{1F30A}\u{1F344}\u{1F6B2}\u{1F3BB}\u{1F9C0}\u{1F4CE}\u{1F335}\u{1F989}'].join('')), null);
  t.equal(await said('z9'.repeat(10) + 'correct horse battery staple '.repeat(3)), null);
  t.equal(await said('abcdefgh ij'.repeat(11) + 'klmnopq'), null, '128 characters');
  t.match(await said('abcdefgh ij'.repeat(11) + 'klmnopqr'), /at most 128/);
  for (const password of ['all lower case words', 'ALL UPPER CASE WORDS', '839201746528', '   spaces   count   ']) t.equal(await said(password), null, `no composition rules: ${password}`);
});

t.test('the offline list', async (t) => {
  const refused = ['1qaz2wsx3edc', 'QWERTY123456', 'leavemealone', 'aaaaaaaaaaaa', 'abcabcabcabc', 'dragondragon', 'password1234', 'Password2024!', 'iloveyou12345', 'trustno12345', 'maren.okafor@willow.example', 'marenokafor1', 'Willow Family Practice', 'wardkeep-willow-2026', 'wardkeephipaa', 'hospital123456', 'maren.okafor'];
  for (const password of refused) t.equal(await isCommonPassword(password, context), true, password);
  const accepted = ['my dragon eats marmalade', 'password manager picked xk', 'willow trees by the water', 'practice makes no bread', 'maren okafor rides a horse', 'q7#kPz!v0mWd'];
  for (const password of accepted) t.equal(await isCommonPassword(password, context), false, `${password}: compared whole, not by its parts`);
});

t.test('the breach service learns five hex digits', async (t) => {
  const digest = createHash('sha1').update('quarry lantern seventeen').digest('hex').toUpperCase();
  const padded = createHash('sha1').update('padding is no answer').digest('hex').toUpperCase();
  const asked: { url: string; padding: unknown }[] = [];
  const server = createServer((request, answer) => {
    asked.push({ url: request.url ?? '', padding: request.headers['add-padding'] });
    if (request.url?.endsWith(padded.slice(0, 5))) answer.end(`${padded.slice(5)}:0\r\n`);
    else if (request.url?.startsWith('/range/')) answer.end(`${'0'.repeat(35)}:3\r\n${digest.slice(5)}:42\r\n`);
    else if (request.url?.startsWith('/away/')) answer.writeHead(302, { location: '/range/AAAAA' }).end();
    else if (request.url?.startsWith('/slow/')) setTimeout(() => answer.end(`${digest.slice(5)}:42`), 4000).unref();
    else answer.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => { server.closeAllConnections(); server.close(); });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  t.equal(await isBreached(appWith(`${base}/range/`), 'quarry lantern seventeen'), true);
  t.equal(await isBreached(appWith(`${base}/range/`), 'another one entirely'), false);
  t.equal(await isBreached(appWith(`${base}/range/`), 'padding is no answer'), false, 'a count of 0 is padding');
  t.match(asked[0], { url: `/range/${digest.slice(0, 5)}`, padding: 'true' });
  for (const { url } of asked) t.match(url, /^\/range\/[0-9A-F]{5}$/, 'never more of the hash');
  for (const path of ['/gone/', '/away/', '/slow/']) {
    const lines: string[] = [];
    const start = Date.now();
    t.equal(await isBreached(appWith(`${base}${path}`, lines), 'quarry lantern seventeen'), false, `${path} stops nobody`);
    t.ok(Date.now() - start < 3000);
    t.equal(lines.length, 1);
    t.notMatch(lines[0], /quarry|lantern/);
    t.notMatch(lines[0]?.toUpperCase(), digest.slice(0, 5));
  }
  t.match(await checkNewPassword(appWith(`${base}/range/`), 'quarry lantern seventeen', context), /known from a breach/);
});

t.test('hashes brought from elsewhere are replaced at the first sign-in', async (t) => {
  const { app, server, database } = await openSite(t);
  const { workspaceId } = await createPeople(app);
  const id = await createUser(app, workspaceId, { email: 'old@example.org', name: 'Old Hand', role: 'AGENT', password: { bcrypt: await bcrypt.hash('brought from elsewhere', 5) } });
  await t.rejects(createUser(app, workspaceId, { email: 'x@example.org', name: 'X', role: 'AGENT', password: { bcrypt: '$1$nonsense' } }), { name: 'TypeError' });
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
  t.equal((await here.post('/account/password', { currentPassword: agent.password, password: 'a brand new password' })).statusCode, 303);
  t.ok(await whoIs(here));
  t.equal(await whoIs(there), null);
  const audit = await auditOf(database, workspaceId);
  t.ok(audit.some(({ action }) => action === 'auth.password_change_refused'));
  t.ok(audit.some(({ action, target }) => action === 'auth.password_changed' && target === agent.id));
  t.notMatch(JSON.stringify(audit), /brand new|wrong wrong/);
  for (let n = 0; n < 6; n++) await here.post('/account/password', { currentPassword: 'wrong wrong wrong', password: 'yet another password' });
  t.equal((await here.post('/account/password', { currentPassword: 'a brand new password', password: 'yet another password' })).statusCode, 429, 'guessing is slowed down here too');
});
