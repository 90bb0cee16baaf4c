import type { Server } from '@hapi/hapi';
import type { Test } from 'tap';
import type { App } from '../../core/app.ts';
import type { Config } from '../../core/config.ts';
import { migrate } from '../../core/db/migrate.ts';
import { recordPluginTables } from '../../core/db/plugin-tables.ts';
import { systemScope } from '../../core/db/scope.ts';
import type { Plugin, Tier } from '../../core/plugin.ts';
import { checkDefinition } from '../../core/plugins/check-definition.ts';
import { grantPlan } from '../../core/plugins/entitlements.ts';
import { createHost, type PluginHost } from '../../core/plugins/host.ts';
import type { LoadedPlugin } from '../../core/plugins/loaded-plugin.ts';
import { composeServer } from '../../core/server.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openTestApp, type TestDatabase } from '../support/database.ts';
import { createPeople, sessionCookie, type People, type Person } from '../support/people.ts';
import { Visitor } from '../support/visitor.ts';
import { freePort } from '../support/free-port.ts';

export type OpenHost = { app: App; host: PluginHost; server: Server; database: TestDatabase; willow: People; harbor: People; visit(person: Person): Promise<Visitor> };

/**
 * A program with these plugins, their tables migrated, and two workspaces. `folders`: where a plugin's files are, if it has any. `listens`: over
 * TLS at its origin, for a browser. `signed`: plugins of an operator's folder, beside the others.
 */
export async function openHost(t: Pick<Test, 'teardown'>, plugins: readonly Plugin[], { folders = {}, change = {}, tier = 'enterprise', listens = false, signed = [] }: { folders?: Record<string, string>; change?: Partial<Config>; tier?: Tier; listens?: boolean; signed?: readonly LoadedPlugin[] } = {}): Promise<OpenHost> {
  const host = createHost([...plugins.map((plugin): LoadedPlugin => ({ plugin: checkDefinition(plugin, plugin.name), folder: folders[plugin.name] ?? '/nowhere', publisher: null, templates: new Map() })), ...signed]);
  const port = listens ? await freePort() : 0;
  const { app, database } = await openTestApp(t, listens ? { ...change, origin: `https://localhost:${port}` } : change, host.plugged);
  await migrate(database.ownerUrl, { app: 'wardkeep_app', jobs: 'wardkeep_jobs' }, host.migrations);
  await recordPluginTables(database.ownerUrl, host.records);
  const server = await composeServer(app, { tls: listens ? makeCertificate() : null, host: listens ? '127.0.0.1' : 'localhost', port, plugins: host.plugins });
  if (listens) {
    await server.start();
    t.teardown(() => server.stop());
  }
  const [willow, harbor] = [await createPeople(app), await createPeople(app)];
  for (const { workspaceId } of [willow, harbor]) await grantPlan(app, systemScope(workspaceId, 'test'), { tier, endsAt: null });
  const visit = async (person: Person): Promise<Visitor> => {
    const visitor = new Visitor(server);
    visitor.cookies.set('__Host-wardkeep', (await sessionCookie(app, person)).split('=')[1] as string);
    return visitor;
  };
  return { app, host, server, database, willow, harbor, visit };
}
