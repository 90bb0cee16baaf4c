import { can } from '../access/authorize.ts';
import { capabilityRule } from '../access/capabilities.ts';
import { systemActor, systemScope, type Role } from '../db/scope.ts';
import { pathOf } from '../plugins/register-routes.ts';
import { snakeName } from '../plugins/loaded-plugin.ts';
import { readSettings } from '../plugins/settings.ts';
import { switchOff, switchOn } from '../plugins/switch-plugin.ts';
import { call, fill, GET, routesOf } from './call-route.ts';
import { checkForeignRows, checkRecord } from './record-checks.ts';
import type { Side, Subject } from './subject.ts';

/** One part of the contract; no findings: it is kept. */
export type Check = { readonly check: string; readonly run: (subject: Subject) => Promise<string[]> };

const ROLES: readonly Role[] = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'];

export const CHECKS: readonly Check[] = [
  { check: 'tables: named after it and declared', run: checkTables },
  { check: 'routes: nobody in without signing in, nobody where it is off', run: checkDoors },
  { check: 'routes: another workspace’s ids are not there', run: checkForeignIds },
  { check: 'routes: another workspace’s rows stay its own', run: checkForeignRows },
  { check: 'routes: what goes through is on the record', run: checkRecord },
  { check: 'pages: open to the roles they are for, closed to the others', run: checkPages },
  { check: 'settings: an example, refusals, secrets that stay secret', run: checkSettings },
  { check: 'health: answers, soon', run: checkHealth },
  { check: 'switching off and on again', run: checkSwitch },
];

async function checkTables({ app, loaded: { plugin }, on }: Subject): Promise<string[]> {
  const { rows } = (await app.withWorkspace(systemScope(on.workspaceId, 'conformance'), (tx) => tx.knex.raw(`select relname as name from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r' and relname like ?`, [`${snakeName(plugin.name).replaceAll('_', '\\_')}\\_%`]))) as { rows: { name: string }[] };
  const declared = Object.keys(plugin.tables ?? {});
  return [
    ...rows.filter(({ name }) => !declared.includes(name)).map(({ name }) => `${name} is made by a migration and not among the plugin's tables.`),
    ...declared.filter((table) => !rows.some(({ name }) => name === table)).map((table) => `${table} is declared and no migration makes it.`),
  ];
}

async function checkDoors(subject: Subject): Promise<string[]> {
  const out: string[] = [];
  for (const route of routesOf(subject)) {
    const { method, path, isOpen } = route;
    const off = await call(subject, route, fill(path, subject.off.slug), isOpen ? null : subject.off.cookies.ADMIN);
    if (off.statusCode !== 404 && !(isOpen && method !== 'GET' && off.statusCode === 403)) out.push(`${method} ${path} answers ${off.statusCode} in a workspace where the plugin is off; it must be 404.`);
    if (isOpen) continue;
    const nobody = await call(subject, route, fill(path, subject.on.slug), null);
    if (nobody.statusCode !== 401 && nobody.statusCode !== 403) out.push(`${method} ${path} answers ${nobody.statusCode} to somebody who is not signed in; it must be 401.`);
  }
  return out;
}

async function checkForeignIds(subject: Subject): Promise<string[]> {
  const out: string[] = [];
  for (const route of routesOf(subject)) {
    const { method, path, isOpen } = route;
    if (isOpen || !/\{/.test(path)) continue;
    const answer = await call(subject, route, fill(path, subject.on.slug), subject.on.cookies.ADMIN);
    // 422 and 400: the body was refused before the row was looked for, and would be for one's own row as well.
    if (![404, 400, 403, 422, 428].includes(answer.statusCode)) out.push(`${method} ${path} answers ${answer.statusCode} for an id that is not there; it must be 404.`);
  }
  return out;
}

async function checkPages(subject: Subject): Promise<string[]> {
  const out: string[] = [];
  for (const { path, capability } of subject.loaded.plugin.nav ?? []) {
    for (const role of ROLES) {
      const { statusCode } = await call(subject, GET, `${pathOf(subject.loaded.plugin.name)}${path === '/' ? '' : path}`, subject.on.cookies[role]);
      const may = can({ ...systemActor('conformance'), kind: 'user', role }, capability);
      const expected = may ? 200 : 403;
      if (statusCode !== expected && !(may && capabilityRule(capability).stepUp === true)) out.push(`${path} answers ${statusCode} to ${role}; by ${capability} it must be ${expected}.`);
    }
  }
  return out;
}

async function checkSettings({ server, loaded: { plugin }, on, app, settings }: Subject): Promise<string[]> {
  if (plugin.settings === undefined) return [];
  const out: string[] = [];
  try {
    readSettings(plugin, settings, null);
  } catch {
    out.push('settings has no .example({ … }) that it accepts itself.');
  }
  const described = (plugin.settings.describe() as { keys?: Record<string, { flags?: { label?: string }; metas?: { secret?: boolean }[] }> }).keys ?? {};
  for (const [name, { flags }] of Object.entries(described)) if (flags?.label === undefined) out.push(`settings.${name} has no .label().`);
  const secrets = Object.entries(described).filter(([, { metas }]) => metas?.some((meta) => meta.secret)).map(([name]) => String(settings[name] ?? '')).filter((value) => value.length >= 4);
  const page = await server.inject({ url: `/admin/plugins/${plugin.name}`, headers: { cookie: on.cookies.ADMIN, accept: 'text/html' } });
  if (page.statusCode !== 200) out.push(`Its settings page answers ${page.statusCode}.`);
  const audit = (await app.withWorkspace(systemScope(on.workspaceId, 'conformance'), (tx) => tx.knex('audit_entries').select('body'))) as { body: string }[];
  for (const secret of secrets) {
    if (page.payload.includes(secret)) out.push('A secret setting stands on its settings page.');
    if (audit.some(({ body }) => body.includes(secret))) out.push('A secret setting stands in the audit.');
  }
  return out;
}

const HEALTH_MS = 2_000;

async function checkHealth({ app, loaded: { plugin }, on, settings }: Subject): Promise<string[]> {
  if (plugin.health === undefined) return ['It has no health().'];
  const started = Date.now();
  const health = await app.withWorkspace(systemScope(on.workspaceId, 'conformance'), async (tx) => plugin.health?.(tx, settings));
  const out: string[] = [];
  if (typeof health?.ok !== 'boolean' || typeof health.text !== 'string' || health.text === '') out.push('health() does not answer { ok, text }.');
  if (Date.now() - started > HEALTH_MS) out.push(`health() takes longer than ${HEALTH_MS / 1000} s: it reads the database and asks nobody else.`);
  return out;
}

async function checkSwitch(subject: Subject): Promise<string[]> {
  const { app, host, loaded: { plugin }, on, settings } = subject;
  const scope = systemScope(on.workspaceId, 'conformance');
  const reach = async (side: Side): Promise<number[]> => Promise.all(routesOf(subject).filter(({ method, isOpen, path }) => method === 'GET' && !isOpen && !path.includes('{')).map(async ({ path }) => (await call(subject, GET, path, side.cookies.ADMIN)).statusCode));
  await app.withWorkspace(scope, (tx) => switchOff(tx, host.plugins, plugin.name));
  const off = await reach(on);
  await app.withWorkspace(scope, (tx) => switchOn(tx, host.plugins, plugin.name, settings));
  return [
    ...(off.some((status) => status !== 404) ? ['After switching off a page still answers.'] : []),
    ...((await reach(on)).includes(404) ? ['After switching on again a page is not there.'] : []),
  ];
}
