import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from './config.ts';

/**
 * The data folder holds the root key, the database and its passwords. Whoever may list it finds them, whoever may write to it puts others in their
 * place; passing through is allowed, since PostgreSQL runs as a system user of its own when the program is started by root.
 */
const OPEN_TO_OTHERS = 0o066;
const WRITABLE_BY_ANYBODY = 0o002;
const STICKY = 0o1000;

const ownMode = (): number => (process.getuid?.() === 0 ? 0o711 : 0o700);

/** Makes the folder as it must be, or leaves the one that is there. @throws ConfigError as checkDataFolder */
export async function makeDataFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: ownMode() });
  await checkDataFolder(folder);
}

/**
 * Refuses a data folder that others may read or write, that belongs to somebody else, or that anybody could exchange for another; one that is not
 * there yet is nobody's. A parent in which everybody may write must have the sticky bit, as /tmp has.
 * @throws ConfigError with the command that mends it
 */
export async function checkDataFolder(folder: string): Promise<void> {
  if (process.getuid === undefined) return; // Windows has no modes; its folders inherit their owner's access list
  const real = await realpath(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (real === null) return;
  const { mode, uid } = await stat(real);
  const faults: string[] = [];
  if ((mode & OPEN_TO_OTHERS) !== 0) faults.push(`other users of this machine may look into the data folder ${real} or write to it (mode ${octal(mode)}). Run: chmod ${octal(ownMode())} ${real}`);
  if (uid !== process.getuid() && uid !== 0) faults.push(`the data folder ${real} belongs to another user (uid ${uid}), who could exchange what lies in it. Run: chown ${process.getuid()} ${real}`);
  for (let parent = dirname(real); parent !== dirname(parent); parent = dirname(parent)) {
    const above = await stat(parent);
    if ((above.mode & WRITABLE_BY_ANYBODY) !== 0 && (above.mode & STICKY) === 0) faults.push(`anybody may write to ${parent}, which holds the data folder, and so put another one in its place (mode ${octal(above.mode)}). Run: chmod o-w ${parent}`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
