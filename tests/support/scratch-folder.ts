import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';
const ROOM_BYTES = 2 * 1024 ** 3;

/**
 * A folder for whatever a run of tests writes, its databases above all: in memory where two gigabytes are free there. Cloning a database makes
 * some six hundred files and dropping it deletes them, and a file system without a journal spends most of its time on that: ext4 looks at
 * every inode freed in the last minute before it makes the next one (`recently_deleted` in fs/ext4/ialloc.c).
 */
export async function makeScratchFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join((await hasRoom(MEMORY)) ? MEMORY : tmpdir(), 'wardkeep-tests-'));
  await chmod(path, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function hasRoom(folder: string): Promise<boolean> {
  return statfs(folder).then(({ bavail, bsize }) => bavail * bsize >= ROOM_BYTES, () => false);
}
