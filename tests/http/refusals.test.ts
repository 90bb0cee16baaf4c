import t from 'tap';
import { openPractice } from '../api/open-server.ts';

const practice = await openPractice(t);
const { server } = practice;
const ask = (url: string, accept?: string, method: 'GET' | 'POST' = 'GET') => server.inject({ method, url, headers: accept === undefined ? {} : { accept } });

t.test('an address whose id is none is an address that is not there; to a program its field is named', async (t) => {
  const { browser, people, as } = practice;
  t.match(await (await browser(people.admin)).get('/contacts/not-an-id'), { status: 404, text: /There is nothing at this address/ });
  t.match(await (await as(people.admin))('GET', '/contacts/not-an-id'), { status: 400, body: { fields: [{ path: 'id' }] } });
});

t.test('a program is refused in JSON wherever it asks, a person with a page', async (t) => {
  for (const accept of ['application/json', 'application/scim+json', 'application/json, text/plain, */*', 'application/scim+json, application/json;q=0.9']) {
    for (const url of ['/plugins/sso/nobody/scim/v2/Users', '/nothing/here']) {
      const refused = await ask(url, accept);
      t.match([refused.statusCode, refused.headers['content-type']], [404, /^application\/problem\+json/], `${url} ${accept}`);
    }
  }
  t.match((await ask('/contacts', 'application/scim+json')).headers, { 'www-authenticate': 'Bearer' });
  for (const accept of ['text/html', 'text/html,application/json', '*/*', undefined]) t.match((await ask('/nothing/here', accept)).headers['content-type'], /^text\/html/, String(accept));
  t.match((await ask('/contacts', 'text/html')).headers['location'], /^\/sign-in/);
});
