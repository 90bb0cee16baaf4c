import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { composeServer, FEATURES } from '../../core/server.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, PASSWORD, totpCode } from '../support/people.ts';

t.test('signing in over TLS 1.3, as a browser does', async (t) => {
  const { app } = await openTestApp(t, { breachRangeUrl: null });
  const { ca, key, cert } = makeCertificate();
  const server = await composeServer(app, { tls: { key, cert }, host: '127.0.0.1', port: 0, features: FEATURES });
  await server.start();
  t.teardown(() => server.stop());
  const { port } = server.listener.address() as AddressInfo;
  const { admin } = await createPeople(app);
  const cookies = new Map<string, string>();
  let token = '';

  const send = (method: string, path: string, form?: Record<string, string>): Promise<{ status: number; location: string | undefined; tls: string | null; body: string }> => new Promise((resolve, reject) => {
    const body = form === undefined ? '' : new URLSearchParams({ _csrf: token, ...form }).toString();
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html', 'sec-fetch-site': 'same-origin', ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }) };
    const outgoing = request({ host: '127.0.0.1', port, ca, servername: 'localhost', method, path, headers }, (answer: IncomingMessage) => {
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const tls = (answer.socket as TLSSocket).getProtocol(); // gone once the answer has ended
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => {
        token = /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? token;
        resolve({ status: answer.statusCode ?? 0, location: answer.headers.location, tls, body: text });
      });
    });
    outgoing.on('error', reject).end(body);
  });

  t.match(await send('GET', '/account/sessions'), { status: 302, location: '/sign-in?return=%2Faccount%2Fsessions', tls: 'TLSv1.3' });
  t.equal((await send('GET', '/sign-in?return=%2Faccount%2Fsessions')).status, 200);
  t.match(await send('POST', '/sign-in', { email: admin.email, password: PASSWORD, next: '/account/sessions' }), { status: 303, location: '/sign-in/second?next=%2Faccount%2Fsessions' });
  t.equal((await send('GET', '/sign-in/second')).status, 200);
  t.match(await send('POST', '/sign-in/second', { method: 'totp', code: totpCode(admin.totpSecret), next: '/account/sessions' }), { status: 303, location: '/account/sessions' });
  const page = await send('GET', '/account/sessions');
  t.match([page.status, page.body.includes('this one')], [200, true]);
});
