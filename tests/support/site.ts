import type { Server } from '@hapi/hapi';
import type { Test } from 'tap';
import type { App } from '../../core/app.ts';
import type { Config } from '../../core/config.ts';
import { credentialsOf } from '../../core/http/credentials.ts';
import type { Feature } from '../../core/http/feature.ts';
import { composeServer, FEATURES } from '../../core/server.ts';
import { openTestApp, type TestDatabase } from './database.ts';
import { totpCode, type Person } from './people.ts';
import { Visitor } from './visitor.ts';

/** Says who is asking: to a page, and to an API route. */
const whoami: Feature = {
  name: 'test-whoami',
  register(server) {
    server.route({ method: 'GET', path: '/whoami', handler: (request) => credentialsOf(request) });
    server.route({ method: 'GET', path: '/api/v1/test/whoami', options: { auth: { strategies: ['token', 'session'] } }, handler: (request) => credentialsOf(request) });
  },
};

/** A whole program with its routes, no port opened. */
export async function openSite(t: Pick<Test, 'teardown'>, change: Partial<Config> = {}): Promise<{ app: App; server: Server; database: TestDatabase }> {
  const { app, database } = await openTestApp(t, { breachRangeUrl: null, ...change });
  return { app, database, server: await serverOf(app) };
}

export function serverOf(app: App): Promise<Server> {
  return composeServer(app, { tls: null, host: '127.0.0.1', port: 0, features: [...FEATURES, whoami] });
}

/** Signs in through the pages, with a code `steps` away from the present one. */
export async function signIn(server: Server, person: Person, steps = 0): Promise<Visitor> {
  const visitor = new Visitor(server);
  await visitor.get('/sign-in');
  await visitor.post('/sign-in', { email: person.email, password: person.password });
  await visitor.get('/sign-in/second?method=totp');
  const done = await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(person.totpSecret, steps) });
  if (done.statusCode !== 303) throw new Error(`Signing in gave ${done.statusCode}.`);
  return visitor;
}

/** Whose session a visitor holds; null without one. */
export async function whoIs(visitor: Visitor): Promise<{ actor: { id: string; role: string; sessionId: string; assuredAt: number } } | null> {
  const answer = await visitor.get('/whoami');
  return answer.statusCode === 200 ? JSON.parse(answer.payload) : null;
}
