import type { Server, ServerInjectResponse } from '@hapi/hapi';
import type { Test } from 'tap';
import type { App } from '../../core/app.ts';
import { systemScope } from '../../core/db/scope.ts';
import { composeServer } from '../../core/server.ts';
import { openTestApp, type TestDatabase } from '../support/database.ts';
import { bearer, createPeople, sessionCookie, type People, type Person } from '../support/people.ts';

// Answers are walked through freely in tests; their shape is what openapi.test.ts checks.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a reply is whatever the operation under test answers; its test asserts on it
export type Json = any;
export type Reply = { status: number; headers: ServerInjectResponse['headers']; body: Json; text: string };
export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
export type Form = (path: string, fields: Record<string, string>) => Promise<Reply>;
export type Browser = { get(path: string): Promise<Reply>; post: Form };

export type Practice = { app: App; database: TestDatabase; server: Server; people: People; other: People; as(person: Person): Promise<Call>; agent(scopes: readonly string[], workspaceId?: string): Promise<Call>; browser(person: Person): Promise<Browser> };

/** The whole server with two workspaces, called through hapi's injection. */
export async function openPractice(t: Pick<Test, 'teardown'>): Promise<Practice> {
  const { app, database } = await openTestApp(t, { logLevel: 'error' });
  const [people, other] = [await createPeople(app), await createPeople(app)];
  const server = await composeServer(app, { tls: null, host: 'localhost', port: 0 });
  const inject = async (method: string, url: string, payload: unknown, headers: Record<string, string>): Promise<Reply> => {
    const response = await server.inject({ method: method as 'GET', url, headers, ...(payload === undefined ? {} : { payload: payload as object }) });
    const isJson = /json/.test(String(response.headers['content-type'] ?? ''));
    return { status: response.statusCode, headers: response.headers, text: response.payload, body: isJson && response.payload !== '' ? JSON.parse(response.payload) : null };
  };
  const sameOrigin = { 'sec-fetch-site': 'same-origin' };
  const browser = async (person: Person): Promise<Browser> => {
    const cookie = await sessionCookie(app, person);
    const get = (path: string) => inject('GET', path, undefined, { cookie, accept: 'text/html' });
    let token: string | undefined;
    return {
      get,
      async post(path, fields) {
        token ??= tokenIn((await get('/contacts')).text);
        const payload = new URLSearchParams({ ...fields, _csrf: token }).toString();
        return inject('POST', path, payload, { cookie, accept: 'text/html', ...sameOrigin, 'content-type': 'application/x-www-form-urlencoded' });
      },
    };
  };
  return {
    app, database, server, people, other, browser,
    async as(person) {
      const cookie = await sessionCookie(app, person);
      const token = tokenIn((await inject('GET', '/api', undefined, { cookie, accept: 'text/html' })).text);
      return (method, path, body, headers = {}) => inject(method, `/api/v1${path}`, body, { cookie, ...sameOrigin, 'x-csrf-token': token, ...headers });
    },
    async agent(scopes, workspaceId = people.workspaceId) {
      const authorization = await bearer(app, workspaceId, scopes);
      return (method, path, body, headers = {}) => inject(method, `/api/v1${path}`, body, { authorization, ...headers });
    },
  };
}

export function tokenIn(html: string): string {
  const match = /name="_csrf" value="([^"]+)"/.exec(html);
  if (match === null) throw new Error('This page carries no form token.');
  return match[1] as string;
}

/** What the workspace's record says, oldest first. */
export async function recorded(app: App, workspaceId: string, action: string): Promise<{ action: string; outcome: string; actor: { kind: string; id: string }; target: { type: string; id: string } | null; detail: Json }[]> {
  const rows = (await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => tx.knex('audit_entries').where({ action }).orderBy('seq').select('body'))) as { body: string }[];
  return rows.map(({ body }) => JSON.parse(body));
}
