import t from 'tap';
import { uuidv7 } from '../../core/crypto/uuid.ts';
import { openPractice, type Call } from './open-server.ts';

const { people, other, server, as, agent } = await openPractice(t);
const call = await agent(['contact.read', 'contact.write', 'contact.all']);
const own = (await call('POST', '/contacts', { familyName: 'Ours' })).body.id;
const foreign = (await (await as(other.manager))('POST', '/contacts', { familyName: 'Theirs' })).body.id;

t.test('a known address says which methods it takes (RFC 9110, 15.5.6)', async (t) => {
  const cases: readonly [method: string, path: string, allow: string][] = [
    ['DELETE', `/contacts/${own}`, 'GET, HEAD, PATCH'], ['PUT', `/contacts/${own}`, 'GET, HEAD, PATCH'], ['OPTIONS', `/contacts/${own}`, 'GET, HEAD, PATCH'], ['TRACE', `/contacts/${own}`, 'GET, HEAD, PATCH'],
    ['PUT', '/contacts', 'GET, HEAD, POST'], ['OPTIONS', '/openapi.json', 'GET, HEAD'], ['POST', '/me', 'GET, HEAD'], ['POST', '/me/', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of cases) {
    const reply = await call(method, path);
    t.match({ ...reply, allow: reply.headers['allow'] }, { status: 405, allow, headers: { 'content-type': /^application\/problem\+json/ }, body: { status: 405, code: 'method.not_allowed' } }, `${method} ${path}`);
  }
  t.match(await call('PUT', `/contacts/${own}`, '<a/>', { 'content-type': 'text/xml' }), { status: 405 }, 'what is sent is not looked at');
  t.match(await (await as(people.manager))('DELETE', `/contacts/${own}`), { status: 405 }, 'a signed-in browser');
});

t.test('of ids nothing shows', async (t) => {
  const plain = async (via: Call, id: string) => { const { status, text, headers } = await via('DELETE', `/contacts/${id}`); return { status, allow: headers['allow'], text: text.replace(/"requestId":"[^"]*"/, '') }; };
  const first = await plain(call, own);
  t.equal(first.status, 405);
  for (const id of [foreign, uuidv7(), 'no-id']) t.same(await plain(call, id), first, id);
});

t.test('an unknown address stays unknown', async (t) => {
  for (const [method, path] of [['GET', '/contact'], ['PUT', '/contacts/a/b/c/d'], ['OPTIONS', '/'], ['DELETE', '/plugins/none/x'], ['PUT', '/plugins']]) {
    const reply = await call(method as string, path as string);
    t.match(reply, { status: 404, body: { code: 'route.not_found' } }, `${method} ${path}`);
    t.equal(reply.headers['allow'], undefined);
  }
  t.match(await server.inject({ method: 'OPTIONS', url: '/contacts' }), { statusCode: 404 }, 'pages are no API');
  t.match(await server.inject({ method: 'OPTIONS', url: '/api/v1/contacts' }), { statusCode: 405, headers: { allow: 'GET, HEAD, POST' } }, 'the description is open to all, and so is this');
});
