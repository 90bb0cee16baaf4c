import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { endSessions } from '../auth/session/actions.ts';
import { OneTimeLink } from '../auth/links.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../db/scope.ts';
import type { KeptHead } from './contents.ts';
import { SYSTEM_NAME } from './make-backup.ts';

/**
 * Puts the restoration on every record, and ends what would be good again with it: sessions that were ended, and links that were used, after the backup
 * was made. People sign in anew. Returns how many sessions there were.
 */
export async function endWaysIn(app: App, logs: readonly KeptHead[], backup: string, madeAt: string): Promise<number> {
  const entry = { action: 'backup.restored', target: { type: 'backup', id: backup }, detail: { madeAt } };
  let ended = 0;
  for (const { workspace } of logs) {
    if (workspace === INSTALLATION_WORKSPACE) {
      await app.withSystem('command', async (tx) => record(tx, entry));
      continue;
    }
    ended += await app.withWorkspace(systemScope(workspace, SYSTEM_NAME), async (tx) => {
      record(tx, entry);
      await OneTimeLink.query(tx).delete().whereNull('used_at');
      return endSessions(tx, {}, 'ended');
    });
  }
  return ended;
}
