import type { App } from '../app.ts';
import { letInVouched } from '../auth/sign-in/vouched.ts';
import { fault } from '../errors.ts';
import { createOutbound } from '../http/outbound.ts';
import type { Log } from '../log.ts';
import { scopeOf, type Plugin, type PluginDeps } from '../plugin.ts';
import { exportLog } from '../security/audit/export-log.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { alarmPerson, remindPerson } from './mail-person.ts';
import { signStatement } from './statement.ts';
import { statesOf } from './states.ts';
import { checkTicket, issueTicket } from './ticket.ts';

/** What one plugin is handed: the parts of the program it may use, with its own name on them. */
export function depsOf(app: App, plugins: readonly LoadedPlugin[], { name }: Plugin): PluginDeps {
  const outbound = createOutbound(app.config.outboundAllowed);
  const state = (scope: Parameters<PluginDeps['send']>[0]) => app.withWorkspace(scope, async (tx) => (await statesOf(tx, plugins)).get(name));
  const mint = { key: app.formKey, plugin: name };
  return {
    origin: app.config.origin,
    log: logOf(app.log, name),
    withWorkspace: (scope, work) => app.withWorkspace(scope, work),
    settings: async <S>(scope: Parameters<PluginDeps['send']>[0]) => app.withWorkspace(scope, async (tx) => (await tx.plugged.settings(tx, name)) as S),
    async send(scope, url, init) {
      const now = await state(scope);
      // "Test connection" comes before the switch; a running plugin whose agreement ran out sends nothing, whatever asked it to.
      if (now?.isSuspended === true) throw fault('plugin.suspended');
      return outbound(new URL(url), init);
    },
    alarm: (scope, userId) => alarmPerson(app, scope, userId),
    remind: (scope, userId, reminder) => remindPerson(app, scope, name, userId, reminder),
    sign: (bytes) => signStatement(app.signer, name, bytes),
    exportAudit: async (scope, asked) => (await exportLog(app, scope, 'bundle', asked)).pieces,
    issueTicket: (scope, purpose, lifeMs) => issueTicket(mint, scope, purpose, Date.now() + lifeMs),
    letIn: (request, h, vouched) => letInVouched(app, scopeOf(request).workspaceId, request, h, vouched),
    checkTicket: (scope, purpose, ticket) => checkTicket(mint, scope, purpose, ticket, Date.now()),
  };
}

function logOf(log: Log, plugin: string): Log {
  const at = (level: keyof Log): Log['info'] => (message, fields) => log[level](message, { ...fields, plugin });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
