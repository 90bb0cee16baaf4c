import t from 'tap';
import { apiRoutesOf } from '../../core/http/api/api-route.ts';
import { CAPABILITIES } from '../../core/access/capabilities.ts';
import { openPractice, tokenIn } from './open-server.ts';
import { pathOf, SAMPLES, type Sample } from './operation-samples.ts';
import { sessionCookie } from '../support/people.ts';

/*
 * Design invariant 9: a clear refusal, never a 500, whatever comes in. Every operation and every form of the program, against values that
 * parsers, databases and templates stumble over.
 */
const HOSTILE: readonly unknown[] = [
  null, 0, -1, 1e308, true, '', ' ', 'x', '\u0000', '\ud800', '../../etc/passwd', "' or 1=1 --", '{{constructor}}', '<script>', '%00', '🜁'.repeat(50), 'x'.repeat(20_000), '9999-99-99', '0000-00-00', '2026-02-30T25:61:61Z',
  '00000000-0000-0000-0000-000000000000', [], [[]], {}, { $gt: '' }, { __proto__: { role: 'ADMIN' } }, { constructor: { prototype: {} } }, [null], Array.from({ length: 500 }, () => 'x'),
];
/** Parsers take it; what walks it by calling itself does not. */
const DEEP = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
const PATHS: readonly string[] = ['0', 'x', "'", '%00', '%ff', '..%2f..', '00000000-0000-0000-0000-000000000000', 'x'.repeat(3000), '%f0%9f%9c%81'];

t.setTimeout(150_000);

/** Where in a body there is text. */
function textsIn(node: unknown, path: readonly string[] = []): readonly string[][] {
  if (typeof node === 'string') return [[...path]];
  return typeof node === 'object' && node !== null ? Object.entries(node).flatMap(([key, below]) => textsIn(below, [...path, key])) : [];
}

function withText(body: unknown, path: readonly string[], text: string): unknown {
  const copy = structuredClone(body) as Record<string, unknown>;
  let node = copy;
  for (const key of path.slice(0, -1)) node = node[key] as Record<string, unknown>;
  node[path.at(-1) as string] = text;
  return copy;
}

t.test('no input is a fault of ours', async (t) => {
  const practice = await openPractice(t);
  const { app, server, people } = practice;
  const cookie = await sessionCookie(app, people.admin);
  const page = await server.inject({ url: '/contacts', headers: { cookie, accept: 'text/html' } });
  const token = tokenIn(page.payload);
  const headers = { cookie, 'sec-fetch-site': 'same-origin', 'x-csrf-token': token, 'if-match': '"1"' };
  const faults: string[] = [];
  let sent = 0;
  const send = async (method: string, url: string, more: Record<string, string>, payload?: string): Promise<void> => {
    sent += 1;
    const response = await server.inject({ method: method as 'GET', url, headers: { ...headers, ...more }, ...(payload === undefined ? {} : { payload }) });
    if (response.statusCode >= 500) faults.push(`${method} ${url.slice(0, 80)} ${payload?.slice(0, 60) ?? ''} → ${response.statusCode}`);
    const shown = response.payload.replace(/value="[^"]*"/g, ''); // form tokens are random letters
    if (response.statusCode >= 400 && /\bat \S+ \(|node_modules|select .* from |pg_[a-z]+/i.test(shown)) faults.push(`${method} ${url.slice(0, 80)} says too much`);
  };

  await t.test('the API', async (t) => {
    for (const route of apiRoutesOf(server)) {
      const at = (value: string) => `/api/v1${route.path.replace(/\{[^}]+\}/g, value)}`;
      const id = '01900000-0000-7000-8000-000000000000';
      for (const value of PATHS) if (route.path.includes('{')) await send(route.method, at(value), { 'content-type': 'application/json' }, route.method === 'GET' ? undefined : '{}');
      const names = Object.keys((route.method === 'GET' ? route.query : route.body)?.describe().keys ?? {});
      for (const [index, value] of HOSTILE.entries()) {
        const name = names[index % Math.max(1, names.length)] ?? 'x';
        if (route.method === 'GET') await send('GET', `${at(id)}?${name}=${encodeURIComponent(typeof value === 'string' ? value.replaceAll('\ud800', '') : JSON.stringify(value))}`, {});
        else await send(route.method, at(id), { 'content-type': 'application/json' }, JSON.stringify({ [name]: value }));
      }
      if (route.method !== 'GET') for (const body of ['', '{', '[]', 'null', '"x"', '{"a":'.repeat(2000), DEEP, '\u0000', '1'.repeat(5000)]) await send(route.method, at(id), { 'content-type': 'application/json' }, body);
    }
    t.same(faults.splice(0), []);
  });

  await t.test('a good body with one bad value in it, wherever in it', async (t) => {
    const call = await practice.agent(Object.keys(CAPABILITIES));
    for (const route of apiRoutesOf(server)) {
      if (route.body === undefined) continue;
      const sample = await SAMPLES[route.operation]?.({ call, practice });
      for (const [n, path] of textsIn(sample?.body).entries()) {
        const bad = n % 2 === 0 ? 'a\u0000b' : '\ud800';
        sent += 1;
        const { status, body } = await call(route.method, pathOf(route.path, sample as Sample), withText(sample?.body, path, bad), sample?.version === undefined ? {} : { 'if-match': `"${sample.version}"` });
        t.match({ status, body }, { status: 400, body: { code: 'request.invalid', fields: [{ path: path.join('.') }] } }, `${route.operation}: ${path.join('.')} ${JSON.stringify(bad)}`);
      }
    }
  });

  await t.test('the pages and their forms', async (t) => {
    for (const entry of server.table()) {
      if (entry.path.startsWith('/api/') || entry.method === '*' || entry.path.startsWith('/sign-out')) continue;
      const at = (value: string) => entry.path.replace(/\{[^}]+\}/g, value);
      const values = entry.path.includes('{') ? PATHS : ['x'];
      if (entry.method === 'post') await send('POST', at(values[0] as string), { accept: 'text/html' });
      if (entry.method === 'post') await send('POST', at(values[0] as string), { accept: 'text/html', 'content-type': 'application/json' }, 'null');
      for (const value of values) {
        if (entry.method === 'get') await send('GET', `${at(value)}?cursor=${encodeURIComponent("'\u0000")}&return=//evil.example&from=x&q=%00`, { accept: 'text/html' });
        else for (const form of ['', 'a=b', 'id[]=1&id[]=2', `q=${'x'.repeat(5000)}`, 'q=%00', `_csrf=${token}&act=x&decision=x&version=1e9&confirmed=yes`]) await send('POST', at(value), { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }, form);
      }
    }
    t.same(faults.splice(0), []);
  });
  t.ok(sent > 1000, `${sent} requests`);
});
