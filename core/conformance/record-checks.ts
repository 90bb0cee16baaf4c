import { systemScope } from '../db/scope.ts';
import { call, routesOf, type Route } from './call-route.ts';
import { fingerprint } from './planted-rows.ts';
import type { FurnishedSide, Side, Subject } from './subject.ts';

const withIds = (route: Route, { slug }: Side, id: string): string => route.path.replaceAll('{workspace}', slug).replaceAll(/\{[^}]+\}/g, id);
const takesIds = ({ path, isOpen }: Route): boolean => !isOpen && path.includes('{');

/**
 * Rows of another workspace, in the plugin's own tables: asked for by their ids they are not there, no page shows them or what stands in them,
 * and no call changes them.
 */
export async function checkForeignRows(subject: Subject): Promise<string[]> {
  const { app, loaded: { plugin }, on, other } = subject;
  const out = other.rows.refused.map((table) => `${table} could not be filled from the catalog, so nobody looked whether its rows stay apart. Give the plugin a demo.seed.`);
  const before = await fingerprint(app, plugin, other.workspaceId);
  for (const route of routesOf(subject)) {
    for (const id of takesIds(route) ? other.rows.ids : []) {
      const answer = await call(subject, route, withIds(route, on, id), on.cookies.ADMIN);
      // 422 and 400: the body was refused before the row was looked for, and would be for one's own row as well.
      if (![404, 400, 403, 422, 428].includes(answer.statusCode)) out.push(`${route.method} ${route.path} answers ${answer.statusCode} for the id of another workspace's row; it must be 404.`);
      out.push(...shownOf(other, answer.payload).map(() => `${route.method} ${route.path} shows what stands in another workspace's row.`));
    }
    if (takesIds(route) || route.isOpen || route.method !== 'GET') continue;
    const page = await call(subject, route, route.path, on.cookies.ADMIN);
    out.push(...[...shownOf(other, page.payload), ...other.rows.ids.filter((id) => page.payload.includes(id))].map(() => `GET ${route.path} shows another workspace's row.`));
  }
  if (String(await fingerprint(app, plugin, other.workspaceId)) !== String(before)) out.push('A call from one workspace changed a row of another.');
  return [...new Set(out)];
}

const shownOf = ({ rows }: FurnishedSide, payload: string): string[] => rows.texts.filter((text) => payload.includes(text));

/** What goes through leaves an entry: reading a row that holds something sealed, and every change, under an action of the plugin's own. Tried with the rows that its own `demo.seed` made. */
export async function checkRecord(subject: Subject): Promise<string[]> {
  const { loaded: { plugin }, on } = subject;
  const out: string[] = [];
  for (const route of routesOf(subject)) {
    for (const id of takesIds(route) ? on.rows.ids : []) {
      const before = await entriesOf(subject);
      const answer = await call(subject, route, withIds(route, on, id), on.cookies.ADMIN);
      if (answer.statusCode >= 400) continue;
      const left = (await entriesOf(subject)) > before;
      if (route.method === 'GET' && shownOf(on, answer.payload).length > 0 && !left) out.push(`GET ${route.path} shows what is sealed and leaves no audit entry of the plugin's.`);
      if (route.method !== 'GET' && !left && !isQuestion(answer.payload)) out.push(`${route.method} ${route.path} goes through and leaves no audit entry of the plugin's.`);
    }
  }
  return [...new Set(out)];

  async function entriesOf({ app }: Subject): Promise<number> {
    const { rows } = (await app.withWorkspace(systemScope(on.workspaceId, 'conformance'), (tx) => tx.knex.raw(`select count(*)::int as n from audit_entries where action = any (?)`, [[...(plugin.auditActions ?? [])]]))) as { rows: { n: number }[] };
    return rows[0]?.n ?? 0;
  }
}

/** "Are you sure?" changes nothing yet. */
const isQuestion = (payload: string): boolean => payload.includes('name="confirmed"');
