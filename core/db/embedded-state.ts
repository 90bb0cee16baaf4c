import { randomBytes } from 'node:crypto';
import { lstat, lutimes, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What programs on one data folder tell each other about the bundled PostgreSQL: `postgres.json`, mode 0600, changed under a lock only. */
export type EmbeddedState = {
  readonly port: number;
  /** Until its roles and database are there: what a killed program left half-made holds nothing yet. */
  readonly isUnfinished?: true;
  /** Process ids of the programs that use the server, one for each use; the last to leave stops it. */
  readonly programs: readonly number[];
  readonly passwords: Readonly<Record<'postgres' | 'wardkeep_owner' | 'wardkeep_app' | 'wardkeep_jobs', string>>;
};

const fileOf = (dataDir: string) => join(dataDir, 'postgres.json');

export async function readState(dataDir: string): Promise<EmbeddedState | null> {
  const file = fileOf(dataDir);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as EmbeddedState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read; it holds the bundled PostgreSQL's port and passwords.`, { cause: error });
  }
}

/** Written aside and renamed: it holds the only passwords, and a crash must not leave half of them. */
export async function writeState(dataDir: string, state: EmbeddedState): Promise<void> {
  const draft = draftOf(fileOf(dataDir));
  try {
    await writeFile(draft, JSON.stringify(state), { mode: 0o600, flag: 'wx', flush: true });
    await rename(draft, fileOf(dataDir));
  } catch (error) {
    await rm(draft, { force: true }); // on a full disk it is there, and empty
    throw error;
  }
}

const POLL_MS = 50;
const BEAT_MS = 1_000;
/** A holder that has not been heard of for so long was killed. */
const SILENT_MS = 10_000;

/**
 * One program at a time starts, joins or leaves the server. The lock is a symbolic link that leads nowhere and says who holds it: there whole or
 * not at all, refused where there is one, and without a byte of content, so that a program can leave on a full disk, too.
 */
export async function underLock<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const file = join(dataDir, 'postgres.lock');
  while (!(await takeLock(file))) await sleep(POLL_MS);
  // A beat that fails only makes the lock look older than it is.
  const beat = setInterval(() => lutimes(file, new Date(), new Date()).catch(() => undefined), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(file, { force: true });
  }
}

async function takeLock(file: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (await isAbandoned(file)) await breakLock(file);
    return false;
  }
}

/** Moved away rather than removed: whoever looked a moment later may have a fresh lock under this name, and gets it back. */
async function breakLock(file: string): Promise<void> {
  const aside = draftOf(file);
  try {
    await rename(file, aside);
    if (!(await isAbandoned(aside))) await symlink(await readlink(aside), file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error; // another program was quicker
  } finally {
    await rm(aside, { force: true });
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readlink(file), lstat(file)]);
    return !isAlive(Number(holder)) || Date.now() - mtimeMs > SILENT_MS;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // let go meanwhile
    throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const draftOf = (file: string): string => `${file}.${randomBytes(4).toString('hex')}`;
