import type { App } from '../app.ts';
import { endSessions } from '../auth/session/actions.ts';
import { OneTimeLink } from '../auth/links.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../db/scope.ts';
import type { KeptHead } from './contents.ts';
import { SYSTEM_NAME } from './make-backup.ts';

/**
 * Sessions that were ended, and links that were used, after the backup was made would be good again with it. All of them end; people sign in anew.
 * Returns how many sessions there were.
 */
export async function endWaysIn(app: App, logs: readonly KeptHead[]): Promise<number> {
  let ended = 0;
  for (const { workspace } of logs.filter((log) => log.workspace !== INSTALLATION_WORKSPACE)) {
    ended += await app.withWorkspace(systemScope(workspace, SYSTEM_NAME), async (tx) => {
      await OneTimeLink.query(tx).delete().whereNull('used_at');
      return endSessions(tx, {}, 'ended');
    });
  }
  return ended;
}
