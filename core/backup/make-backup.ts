import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { verifyStored } from '../audit/verify-stored.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { baseBackup } from '../db/base-backup.ts';
import { readState } from '../db/embedded-state.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../db/scope.ts';
import { syncFolder } from '../sync-folder.ts';
import { listWorkspaces } from '../workspaces/find-workspace.ts';
import { sealBackup } from './backup-file.ts';
import { readFiles, type Contents, type KeptHead } from './contents.ts';

export type Source = { readonly superuserUrl: string; /** Version of the program. */ readonly program: string; /** Version of PostgreSQL. */ readonly postgres: string };
export type Made = { readonly id: string; readonly file: string; readonly bytes: number; readonly sha256: string; readonly logs: readonly KeptHead[] };

/** What a backup's name ends with. */
export const EXTENSION = '.wardkeep-backup';
export const fileNameAt = (at: Date): string => `${at.toISOString().slice(0, 19).replaceAll(':', '')}Z${EXTENSION}`;
/** What one has behind its name until it is complete. */
export const PARTIAL = '.partial';
/** In whose name a backup is made, checked and restored. */
export const SYSTEM_NAME = 'wardkeep backup';
/** The installation's own log, as people call it. */
const INSTALLATION = 'installation';

/**
 * Backs the whole installation up into a file that appears once it is complete, while the program goes on. Every log gets a checkpoint first, which the
 * backup takes along, and an entry before anything leaves the house and another when it has. Stopped by `signal`, it leaves no file.
 */
export async function makeBackup(app: App, source: Source, file: string, signal: AbortSignal): Promise<Made> {
  const id = uuidv7();
  const at = new Date().toISOString();
  const logs = await keptHeads(app);
  await recordEverywhere(app, logs, { action: 'backup.begun', backup: id });
  const state = await readState(app.config.dataDir);
  if (state === null) throw new Error('The bundled PostgreSQL has left no postgres.json in the data folder.');
  const contents: Contents = { passwords: state.passwords, files: await readFiles(app.config.dataDir), logs };
  const { superuserUrl, program, postgres } = source;
  async function* plain(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${JSON.stringify(contents)}\n`, 'utf8');
    yield* baseBackup(superuserUrl);
  }
  const partial = `${file}.${process.pid}${PARTIAL}`;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    await pipeline(
      plain,
      createGzip({ level: 1 }), // sealed values do not shrink; what does, does so at the first level
      (packed) => sealBackup(app.roots, { id, at, installation: app.installationId, program, postgres }, packed),
      async function* (sealed) {
        for await (const piece of sealed) {
          hash.update(piece);
          bytes += piece.length;
          yield piece;
        }
      },
      createWriteStream(partial, { mode: 0o600, flags: 'wx', flush: true }),
      { signal },
    );
    await rename(partial, file);
    await syncFolder(file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  const sha256 = hash.digest('hex');
  await recordEverywhere(app, logs, { action: 'backup.made', backup: id, detail: { bytes, sha256 } });
  return { id, file, bytes, sha256, logs };
}

export type BackupAct = { readonly action: string; readonly outcome?: 'ok' | 'failed'; readonly backup: string; readonly detail?: Readonly<Record<string, string | number>> };

/** A backup holds every workspace, so what is done with it is on the record of each, and of the installation; of those that are there. */
export async function recordEverywhere(app: App, logs: readonly Pick<KeptHead, 'workspace'>[], { action, outcome = 'ok', backup, detail = {} }: BackupAct): Promise<void> {
  const entry = { action, outcome, target: { type: 'backup', id: backup }, detail };
  const here = new Set([INSTALLATION_WORKSPACE, ...(await listWorkspaces(app)).map(({ id }) => id)]);
  for (const { workspace } of logs) {
    if (workspace === INSTALLATION_WORKSPACE) await app.withSystem('command', async (tx) => record(tx, entry));
    else if (here.has(workspace)) await app.withWorkspace(systemScope(workspace, SYSTEM_NAME), async (tx) => record(tx, entry));
  }
}

/** A fresh checkpoint of every log, of this moment. */
async function keptHeads(app: App): Promise<KeptHead[]> {
  const workspaces = (await listWorkspaces(app)).filter(({ status }) => status !== 'terminated').map(({ id, slug }) => ({ workspace: id, name: slug }));
  const heads: KeptHead[] = [];
  for (const log of [{ workspace: INSTALLATION_WORKSPACE, name: INSTALLATION }, ...workspaces]) {
    const { ok, checkpoint } = await verifyStored(app, systemScope(log.workspace, SYSTEM_NAME));
    heads.push({ ...log, isSound: ok, note: ok ? checkpoint : null });
  }
  return heads;
}
