import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Role } from '../../../core/db/scope.ts';
import { systemScope } from '../../../core/db/scope.ts';
import fieldGates from '../../../plugins/field-gates/index.ts';
import { ROLES } from '../../../plugins/field-gates/answer.ts';
import { Rule } from '../../../plugins/field-gates/models.ts';
import { sessionCookie, type Person } from '../../support/people.ts';
import { tokenIn, type Reply } from '../../api/open-server.ts';
import { openHost, type OpenHost } from '../open-host.ts';

export type Call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
export type Gates = OpenHost & {
  /** Exactly these fields are gated from now on. */
  gate(rules: readonly { field: string; readers: readonly Role[]; writers?: readonly Role[] }[]): Promise<void>;
  /** The whole server by its addresses; forms carry their token by themselves. */
  as(person: Person): Promise<Call>;
  switch(to: 'on' | 'off'): Promise<void>;
};

export const ALL_ROLES = ROLES;
export const but = (...roles: Role[]): Role[] => ROLES.filter((role) => !roles.includes(role));

/** A program with the plugin, on in the workspace called willow. */
export async function openGates(t: Pick<Test, 'teardown'>): Promise<Gates> {
  const host = await openHost(t, [fieldGates], { folders: { 'field-gates': fileURLToPath(new URL('../../../plugins/field-gates', import.meta.url)) }, change: { logLevel: 'error' } });
  const { app, server, willow, visit } = host;
  const admin = await visit(willow.admin);
  const turn = async (to: 'on' | 'off') => {
    await admin.get('/admin/plugins/field-gates');
    const { statusCode } = await admin.post(`/admin/plugins/field-gates/${to}`, to === 'off' ? { confirmed: 'yes' } : {});
    if (statusCode !== 303) throw new Error(`The plugin could not be switched ${to}: ${statusCode}.`);
  };
  await turn('on');
  return {
    ...host,
    switch: turn,
    async gate(rules) {
      await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => {
        await Rule.query(tx).delete();
        for (const { field, readers, writers = readers } of rules) await Rule.query(tx).insert({ field, readers: [...readers], writers: [...writers], changed_at: new Date(tx.now) });
        tx.pending.push({ action: 'test.gated', outcome: 'ok', target: null, detail: {} });
      });
    },
    async as(person) {
      const cookie = await sessionCookie(app, person);
      const inject = async (method: string, url: string, headers: Record<string, string>, payload?: unknown): Promise<Reply> => {
        const response = await server.inject({ method: method as 'GET', url, headers: { cookie, ...headers }, ...(payload === undefined ? {} : { payload: payload as object }) });
        const isJson = /json/.test(String(response.headers['content-type'] ?? ''));
        return { status: response.statusCode, headers: response.headers, text: response.payload, body: isJson && response.payload !== '' ? JSON.parse(response.payload) : null };
      };
      const token = tokenIn((await inject('GET', '/account/sessions', { accept: 'text/html' })).text);
      return (method, path, body, headers = {}) => {
        if (path.startsWith('/api/')) return inject(method, path, { 'sec-fetch-site': 'same-origin', 'x-csrf-token': token, ...headers }, body);
        if (method === 'GET') return inject(method, path, { accept: 'text/html', ...headers });
        const form = new URLSearchParams({ ...(body as Record<string, string> | undefined), _csrf: token }).toString();
        return inject(method, path, { accept: 'text/html', 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', ...headers }, form);
      };
    },
  };
}
