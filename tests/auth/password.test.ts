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
