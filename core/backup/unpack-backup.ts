import { existsSync } from 'node:fs';
import { chown, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { RootKeyProvider } from '../crypto/root-keys.ts';
import { asideIn } from '../db/aside.ts';
import { writeState } from '../db/embedded-state.ts';
import { bundledVersion, unprivilegedUser } from '../db/postgres-binaries.ts';
import { syncFolder } from '../sync-folder.ts';
import { BackupFileError, openBackup, readHeader } from './backup-file.ts';
import { PLACES, writeFiles, type Contents } from './contents.ts';
import { untar } from './untar.ts';

/** Longest line of contents: certificates and one head for each workspace. */
const MAX_LINE = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
/** Where nothing listens: the server gets a port of its own when it starts. */
const NO_PORT = 0;

/**
 * Puts a backup's files into a data folder that has no database; they stand in their places once the whole file has opened, or not at all.
 * `isSynced`: they are on the disk by then, rather than in memory only.
 * @throws BackupFileError
 */
export async function unpackBackup(roots: RootKeyProvider, file: string, dataDir: string, { isSynced, signal }: { readonly isSynced: boolean; readonly signal: AbortSignal }): Promise<Contents> {
  const place = join(dataDir, 'postgres');
  const taken = PLACES.filter((name) => existsSync(join(dataDir, name)));
  if (taken.length > 0) throw new BackupFileError(`${dataDir} holds an installation already (${taken.join(', ')}). Nothing is ever restored over one: move the folder away, or name another by WARDKEEP_DATA_DIR.`);
  const [{ postgres }, here] = await Promise.all([readHeader(file), bundledVersion()]);
  if (major(postgres) !== major(here)) throw new BackupFileError(`The backup was made with PostgreSQL ${postgres}; this program brings ${here}, which cannot read its files. Restore it with the version of Wardkeep that made it.`);
  const user = unprivilegedUser();
  const draft = asideIn(dataDir);
  await mkdir(draft, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(draft, user.uid, user.gid);
  try {
    const contents = await pipeline(openBackup(roots, file), createGunzip(), async (plain: AsyncIterable<Buffer>) => {
      const chunks = plain[Symbol.asyncIterator]();
      const { line, rest } = await firstLine(chunks);
      await untar(rest, draft, user, isSynced);
      return JSON.parse(line) as Contents; // authentic: the pieces it came in have opened
    }, { signal });
    await writeFiles(dataDir, contents.files);
    await writeState(dataDir, { port: NO_PORT, programs: [], passwords: contents.passwords });
    await rename(draft, place);
    if (isSynced) await syncFolder(place);
    return contents;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

const major = (version: string): string | undefined => version.split('.')[0];

async function firstLine(chunks: AsyncIterator<Buffer>): Promise<{ line: string; rest: AsyncGenerator<Buffer> }> {
  let start: Buffer = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const { value, done } = await chunks.next();
    if (done === true || start.length > MAX_LINE) throw new BackupFileError('The backup holds no contents.');
    start = Buffer.concat([start, value]);
    end = start.indexOf(NEWLINE);
  }
  async function* rest(): AsyncGenerator<Buffer> {
    yield start.subarray(end + 1);
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  }
  return { line: start.toString('utf8', 0, end), rest: rest() };
}
