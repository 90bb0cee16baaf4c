import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '@hapi/hapi';
import type { App } from '../app.ts';
import { generatePassword } from '../auth/password/generate.ts';
import { hashPassword } from '../auth/password/hash.ts';
import { openSession } from '../auth/session/actions.ts';
import { boot } from '../boot.ts';
import { readConfig, type Config } from '../config.ts';
import { systemScope, type Designation, type Role } from '../db/scope.ts';
import type { DemoWorkspace } from '../demo/demo-workspace.ts';
import { CONTRACT, type Plugin } from '../plugin.ts';
import { composeServer } from '../server.ts';
import { createWorkspace } from '../workspaces/create-workspace.ts';
import { createUser } from '../workspaces/people/create-user.ts';
import { grantPlan } from '../plugins/entitlements.ts';
import { createHost, type PluginHost } from '../plugins/host.ts';
import type { LoadedPlugin } from '../plugins/loaded-plugin.ts';
import { switchOn } from '../plugins/switch-plugin.ts';
import { plantRows, type PlantedRows } from './planted-rows.ts';

export type Side = { readonly workspaceId: string; readonly slug: string; readonly cookies: Readonly<Record<Role, string>>; readonly people: DemoWorkspace['people'] };
/** `rows`: what stands in the plugin's tables in this workspace. */
export type FurnishedSide = Side & { readonly rows: PlantedRows };

/** A whole program with the plugin in it and a database of its own: it is on, with rows in its tables, in the workspaces `on` and `other`, and never was in `off`. */
export type Subject = { readonly loaded: LoadedPlugin; readonly app: App; readonly host: PluginHost; readonly server: Server; readonly on: FurnishedSide; readonly other: FurnishedSide; readonly off: Side; readonly settings: Readonly<Record<string, unknown>>; close(): Promise<void> };

/** Vouches for every subprocessor, so that the plugin can be switched on here. */
const vouching: Plugin = {
  contract: CONTRACT, name: 'conformance', version: '1.0.0', title: 'Conformance', summary: 'Says yes.', tier: 'free', phi: 'none', subprocessors: [],
  answers: { subprocessorAgreement: () => ({ inForce: true, until: null }) },
};

/** Settings the kit tries the plugin with: the example its schema gives, or none. */
export function exampleSettings({ settings }: Plugin): Readonly<Record<string, unknown>> {
  return ((settings?.describe() as { examples?: Record<string, unknown>[] } | undefined)?.examples?.[0]) ?? {};
}

/** Where it runs: nothing given is a bundled PostgreSQL of its own. */
export type Ground = Partial<Pick<Config, 'database' | 'rootKeys'>>;

export async function openSubject(loaded: LoadedPlugin, ground: Ground = {}): Promise<Subject> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wardkeep-plugin-'));
  await chmod(dataDir, 0o711); // as root, PostgreSQL runs as another user and must reach its folder
  const host = createHost([loaded, { plugin: vouching, folder: dataDir, publisher: null, templates: new Map() }]);
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const booted = await boot({ ...readConfig('demo', {}), dataDir, database: null, rootKeys: [{ id: 'conformance', bytes: randomBytes(32) }], logLevel: 'silent', ...ground }, { host }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const close = async () => {
    await booted.close();
    await remove();
  };
  try {
    const { app } = booted;
    const server = await composeServer(app, { tls: null, host: 'localhost', port: 0, plugins: host.plugins });
    const settings = exampleSettings(loaded.plugin);
    const furnished = async (slug: string, invented: boolean): Promise<FurnishedSide> => {
      const side = await makeSide(app, slug);
      const scope = systemScope(side.workspaceId, 'conformance');
      await app.withWorkspace(scope, async (tx) => {
        await switchOn(tx, host.plugins, vouching.name, {});
        await switchOn(tx, host.plugins, loaded.plugin.name, settings);
      });
      return { ...side, rows: await plantRows(app, loaded.plugin, side.workspaceId, { slug: 'harbor', name: slug, timeZone: 'UTC', people: side.people }, invented) };
    };
    const [on, other, off] = await Promise.all([furnished('on', false), furnished('other', true), makeSide(app, 'off')]);
    return { loaded, app, host, server, on, other, off, settings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeSide(app: App, slug: string): Promise<Side> {
  const workspaceId = await createWorkspace(app, { slug, name: slug, timeZone: 'UTC' });
  const scope = systemScope(workspaceId, 'conformance');
  await grantPlan(app, scope, { tier: 'enterprise', endsAt: null });
  const password = { hash: await hashPassword(generatePassword()) }; // nobody types it: one does for all
  const signIn = async (role: Role): Promise<{ role: Role; id: string; cookie: string }> => {
    const userId = await createUser(app, workspaceId, { email: `${role.toLowerCase()}@${slug}.example`, name: role, role, password });
    return { role, id: userId, cookie: `__Host-wardkeep=${await app.withWorkspace(scope, (tx) => openSession(tx, { userId, method: 'passkey' }))}` };
  };
  const signedIn = await Promise.all((['ADMIN', 'MANAGER', 'AGENT', 'READONLY'] as const).map(signIn));
  const cookies = Object.fromEntries(signedIn.map(({ role, cookie }) => [role, cookie])) as Record<Role, string>;
  // Who seeds a register looks for an officer; to be one changes what a role may do, so the person only counts as such there.
  const people = signedIn.map(({ role, id }) => ({ id, name: role, role, designations: role === 'READONLY' ? ['SECURITY_OFFICER' as Designation] : [] }));
  return { workspaceId, slug, cookies, people };
}
