import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../app.ts';
import type { ScheduledJob } from '../jobs/job.ts';
import { startOwnProgram } from '../packed/own-program.ts';
import { readHeader } from './backup-file.ts';
import { EXTENSION, fileNameAt, PARTIAL } from './make-backup.ts';

/**
 * Every night a backup, restored aside and proved; in a process of its own, whose memory the serving program does not keep. Only behind one that
 * was proved are older ones of this installation removed.
 */
export const nightlyBackup: ScheduledJob = {
  name: 'backup.nightly',
  schedule: '30 0 * * *',
  catchUpMs: 24 * 3600_000,
  async run(app, at) {
    const { backups } = app.config;
    if (backups === null) return;
    const file = join(backups.dir, fileNameAt(at));
    // Tried again, it proves what was made: another file with each try would fill the folder.
    const code = await endOf(startOwnProgram(existsSync(file) ? ['backup', 'check', file] : ['backup', '--check', '--out', file]));
    if (code !== 0) throw new NightlyBackupFailed(`exit ${code ?? 'by a signal'}`);
    app.log.info('A backup was made and proved', { count: await removeOlder(app, backups) });
  },
};

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

class NightlyBackupFailed extends Error {
  override readonly name = 'NightlyBackupFailed';
}

/** Asked to stop, this program waits for its jobs: the backup is stopped with it, and made after the next start. */
async function endOf(child: ReturnType<typeof startOwnProgram>): Promise<number | null> {
  const stop = () => void child.kill();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** So long no backup takes. */
const ABANDONED_MS = 24 * 3600_000;

/** What killed backups left half-made goes as well. Returns how many are left. */
export async function removeOlder({ installationId }: Pick<App, 'installationId'>, { dir, keep }: { readonly dir: string; readonly keep: number }): Promise<number> {
  const own: { file: string; at: string }[] = [];
  for (const name of (await readdir(dir)).filter((each) => each.endsWith(EXTENSION) || each.endsWith(PARTIAL))) {
    const file = join(dir, name);
    const header = await readHeader(file).catch(() => null); // somebody else's file under our ending stays
    if (header?.installation !== installationId) continue;
    if (name.endsWith(EXTENSION)) own.push({ file, at: header.at });
    else if (Date.now() - Date.parse(header.at) > ABANDONED_MS) await rm(file);
  }
  const older = own.sort((a, b) => b.at.localeCompare(a.at)).slice(keep);
  for (const { file } of older) await rm(file);
  return own.length - older.length;
}
