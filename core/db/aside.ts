import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './embedded-state.ts';

/**
 * Folders beside the database for what is being made, or looked at and thrown away: a cluster that initdb has not finished, a backup unpacked. As large
 * as the database they may be, so what a killed program left of them is known by the process in its name, and goes with the next start.
 */
const NAME = /^aside-(\d+)-/;
const own = new Set<string>();

/** Where nothing is yet. */
export function asideIn(dataDir: string): string {
  const name = `aside-${process.pid}-${randomBytes(4).toString('hex')}`;
  own.add(name);
  return join(dataDir, name);
}

/** What lies there, of programs that are no more. */
export async function abandonedIn(dataDir: string): Promise<string[]> {
  const isAbandoned = (name: string): boolean => {
    const pid = Number(NAME.exec(name)?.[1]);
    return pid > 0 && !own.has(name) && (pid === process.pid || !isAlive(pid)); // in a container every program has the number of the one before
  };
  return (await readdir(dataDir)).filter(isAbandoned).map((name) => join(dataDir, name));
}
