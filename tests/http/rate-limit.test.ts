import t from 'tap';
import { createServiceAccount } from '../../core/auth/service-accounts/actions.ts';
import { systemScope } from '../../core/db/scope.ts';
import { networkOf } from '../../core/http/rate-limit.ts';
import { openRequestBudgets } from '../../core/http/request-budgets.ts';
import { createPeople } from '../support/people.ts';
import { openSite, signIn } from '../support/site.ts';
import type { Visitor } from '../support/visitor.ts';

t.test('a budget holds a minute’s requests, refills steadily and forgets who was silent', async (t) => {
  let now = 0;
  const budgets = openRequestBudgets(60, () => now);
  const asked = (caller: string, times: number) => Array.from({ length: times }, () => budgets.take(caller)).filter((wait) => wait === 0).length;
  t.equal(asked('a', 100), 60);
  t.equal(budgets.take('a'), 1_000, 'and says when the next is due');
  t.equal(asked('b', 1), 1, 'others have their own');
  now += 5_000;
  t.equal(asked('a', 100), 5);
  now += 59_000;
  t.equal(asked('a', 100), 59, 'what was taken before the turn of a minute still counts after it');
  budgets.spend('d', 59);
  t.equal(asked('d', 100), 1);
  budgets.spend('d', 60);
  t.equal(budgets.take('d'), 61_000, 'what is spent beyond the budget is owed');
  now += 600_000;
  budgets.take('c');
  t.equal(budgets.size, 1, 'the silent are forgotten');
  for (let n = 0; n < 250_000; n++) budgets.take(`made up ${n}`);
  t.ok(budgets.size <= 100_000, 'however many there are');
});

t.test('an address of IPv6 counts as its network', async (t) => {
  t.equal(networkOf('203.0.113.7'), '203.0.113.7');
  t.equal(networkOf('::ffff:203.0.113.7'), '::ffff:203.0.113.7');
  t.equal(networkOf('2001:db8:1:2:aaaa::1'), '2001:db8:1:2');
  t.equal(networkOf('2001:0db8:1:2::1'), networkOf('2001:DB8:1:2:ffff:1:2:3'));
  t.not(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
  t.equal(networkOf('2001:db8::1'), '2001:db8:0:0');
  t.equal(networkOf('::1'), '0:0:0:0');
});

t.test('the pages and the API', async (t) => {
  const { app, server } = await openSite(t, { rateLimits: { signedIn: 60, anonymous: 90 } });
  server.route({ method: 'GET', path: '/session-first', options: { auth: { strategies: ['session', 'token'] } }, handler: () => 'somebody' });
  const { workspaceId, admin, manager, agent, readonly } = await createPeople(app, 'willow');
  const { token } = await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => createServiceAccount(tx, { name: 'Robot', role: 'MANAGER', scopes: ['contact.read'], days: 1 }));
  const ask = (headers: Record<string, string>, remoteAddress: string, url = '/api/v1/test/whoami') => server.inject({ url, headers, remoteAddress });
  /** How often somebody is answered before they are turned away; a slow machine refills a token a second meanwhile. */
  const answeredOf = async (budget: number, status: number, one: () => Promise<{ statusCode: number }>): Promise<boolean> => {
    const began = performance.now();
    for (let answered = 0; answered < 10 * budget; answered++) {
      const { statusCode } = await one();
      if (statusCode === 429) return answered >= budget && answered <= budget + (performance.now() - began) * 1.5 / 1000 + 1;
      if (statusCode !== status) return false;
    }
    return false;
  };

  t.test('a service account has a budget of its own, wherever it asks from', async (t) => {
    const headers = { authorization: `Bearer ${token}` };
    t.ok(await answeredOf(61, 200, () => ask(headers, '198.51.100.1')), 'its first request, before it was known, counted for the address');
    for (let more = 0; more < 5; more++) await ask(headers, '198.51.100.1');
    const refused = await ask(headers, '198.51.100.2');
    t.equal(refused.statusCode, 429);
    t.equal(refused.headers['content-type'], 'application/problem+json');
    t.match(JSON.parse(refused.payload), { status: 429, code: 'request.too_many', type: 'urn:wardkeep:error:request.too_many' });
    t.ok(Number(refused.headers['retry-after']) >= 1 && Number(refused.headers['retry-after']) <= 60);
    t.equal(refused.headers['x-content-type-options'], 'nosniff', 'a refusal like any other');
  });

  t.test('made-up tokens and cookies count against the address they come from, people there do not', async (t) => {
    const visitor = await signIn(server, manager);
    await visitor.get('/whoami');
    let n = 0;
    const madeUp = () => (n++ % 2 === 0 ? ask({ authorization: `Bearer made-up-${n}` }, '198.51.100.3') : ask({ cookie: `__Host-wardkeep=made-up-${n}` }, '198.51.100.3'));
    t.ok(await answeredOf(89, 401, madeUp));
    for (let more = 0; more < 5; more++) await madeUp();
    const page = await ask({ accept: 'text/html' }, '198.51.100.3', '/sign-in');
    t.equal(page.statusCode, 429);
    t.match(page.headers['content-type'], /text\/html/);
    t.match(page.payload, /Too many requests in a short time/);
    t.ok(page.headers['retry-after']);
    t.equal((await ask({ accept: 'text/html' }, '198.51.100.4', '/sign-in')).statusCode, 200, 'another address is free');
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    t.equal((await ask({ cookie }, '198.51.100.3')).statusCode, 200, 'who is signed in goes on, behind the same address');
  });

  t.test('a header or cookie that the route does not go by changes nobody’s budget', async (t) => {
    const cookieOf = (visitor: Visitor) => [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const cookie = cookieOf(await signIn(server, admin));
    await ask({ cookie }, '198.51.100.5', '/whoami');
    let n = 0;
    const disguised = () => ask({ cookie, authorization: `Bearer junk-${n++}` }, '198.51.100.5', '/whoami');
    t.ok(await answeredOf(59, 200, disguised), 'a page goes by the cookie alone');
    t.equal((await ask({ authorization: 'Bearer junk-0' }, '198.51.100.5', '/sign-in')).statusCode, 200, 'the address paid for none of it');
    const other = cookieOf(await signIn(server, readonly));
    await ask({ cookie: other }, '198.51.100.6', '/session-first');
    t.ok(await answeredOf(59, 200, () => ask({ cookie: other, authorization: `Bearer junk-${n++}` }, '198.51.100.6', '/session-first')), 'as a route does that asks for it first');
    t.ok(await answeredOf(90, 401, () => ask({ cookie: other, authorization: `Bearer junk-${n++}` }, '198.51.100.7')), 'where the bearer comes first, made-up ones count against the address');
  });

  t.test('what is refused before it is known whose it is counts against its address', async (t) => {
    const requests = [['an address that cannot be decoded', {}, '/%E0%A4%A'], ['a malformed cookie header', { cookie: 'a="' }, '/sign-in']] as const;
    for (const [at, [title, headers, url]] of requests.entries()) {
      const malformed = () => ask({ accept: 'text/html', ...headers }, `198.51.100.${10 + at}`, url);
      t.ok(await answeredOf(90, 400, malformed), title);
      for (let more = 0; more < 5; more++) await malformed();
      const refused = await malformed();
      t.match([refused.statusCode, refused.payload, refused.headers['content-type']], [429, /^Too many requests in a short time/, /^text\/plain/], 'without a page made for it');
      t.ok(Number(refused.headers['retry-after']) >= 1);
      t.equal(refused.headers['x-content-type-options'], 'nosniff');
    }
  });

  t.test('one person at the limit leaves the others alone', async (t) => {
    const [busy, calm] = [await signIn(server, manager, 1), await signIn(server, agent)];
    t.ok(await answeredOf(60, 200, () => busy.get('/whoami')));
    t.equal((await calm.get('/whoami')).statusCode, 200);
  });
});

t.test('nothing is counted where the limits are off', async (t) => {
  const { server } = await openSite(t, { rateLimits: { signedIn: null, anonymous: null } });
  for (let n = 0; n < 200; n++) if ((await server.inject('/api/v1/test/whoami')).statusCode !== 401) t.fail('turned away');
});
