import type { App } from '../app.ts';
import { fault } from '../errors.ts';
import { createOutbound } from '../http/outbound.ts';
import type { Log } from '../log.ts';
import type { Plugin, PluginDeps } from '../plugin.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { statesOf } from './states.ts';

/** What one plugin is handed: the parts of the program it may use, with its own name on them. */
export function depsOf(app: App, plugins: readonly LoadedPlugin[], { name }: Plugin): PluginDeps {
  const outbound = createOutbound(app.config.outboundAllowed);
  const state = (scope: Parameters<PluginDeps['send']>[0]) => app.withWorkspace(scope, async (tx) => (await statesOf(tx, plugins)).get(name));
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
  };
}

function logOf(log: Log, plugin: string): Log {
  const at = (level: keyof Log): Log['info'] => (message, fields) => log[level](message, { ...fields, plugin });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
