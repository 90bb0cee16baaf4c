import { lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { identityOf, readIndex, unpack, type Archive } from './archive.ts';

/**
 * Where the executable's files lie once unpacked: `<version>-<identity>` in a folder that nobody but the program's user and root may write to,
 * since whoever may write there runs what they like under the program's name.
 */
const WRITABLE_BY_OTHERS = 0o022;
const WRITABLE_BY_ANYBODY = 0o002;
const STICKY = 0o1000;

/** What stands in the way, with the command that mends it. */
export class ProgramFolderError extends Error {}

/** `WARDKEEP_PROGRAM_DIR`, else /usr/local/lib/wardkeep for root (PostgreSQL's own user must be able to pass), else the user's cache. */
export function programFolder(env: NodeJS.ProcessEnv): string {
  const { WARDKEEP_PROGRAM_DIR: given, XDG_CACHE_HOME: cache } = env;
  if (given !== undefined && given !== '') return resolve(given);
  if (process.getuid?.() === 0) return '/usr/local/lib/wardkeep';
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'wardkeep');
}

/**
 * The unpacked program, unpacked now if it is not there yet. It appears under its name whole or not at all, whoever else is unpacking it beside.
 * @throws ProgramFolderError when the folder is not safe or cannot be written
 */
export function ensureUnpacked(archive: Archive, folder: string): string {
  const { version } = readIndex(archive.index);
  const program = join(folder, `${version}-${identityOf(archive.index).slice(0, 16)}`);
  makeFolder(folder);
  checkOwned(folder);
  if (isThere(program)) {
    checkOwned(program);
    return program;
  }
  const unfinished = attempt(folder, () => mkdtempSync(join(folder, '.unpacking-')));
  try {
    const files = join(unfinished, 'program');
    attempt(folder, () => withUmask(0o022, () => unpack(archive, files)));
    try {
      renameSync(files, program);
    } catch (error) {
      if (!isThere(program)) throw error; // else another start was quicker
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return program;
}

/** A service's own umask may be 0077; what is unpacked is no secret, and PostgreSQL's own user must be able to pass. */
function withUmask(mask: number, act: () => void): void {
  const before = process.umask(mask);
  try {
    act();
  } finally {
    process.umask(before);
  }
}

function makeFolder(folder: string): void {
  if (!isThere(folder)) attempt(folder, () => withUmask(0o022, () => void mkdirSync(folder, { recursive: true })));
}

function attempt<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ProgramFolderError(`The program cannot be unpacked into ${folder} (${code}). Make that folder writable for its user, or set WARDKEEP_PROGRAM_DIR to another.`, { cause: error });
  }
}

function checkOwned(folder: string): void {
  if (process.getuid === undefined) return;
  const { mode, uid } = statSync(folder);
  if (uid !== 0 && uid !== process.getuid()) throw new ProgramFolderError(`The program's folder ${folder} belongs to another user (uid ${uid}), who could exchange what is run. Run: chown ${process.getuid()} ${folder}`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw new ProgramFolderError(`Other users may write to the program's folder ${folder}. Run: chmod go-w ${folder}`);
  for (let parent = dirname(folder); parent !== dirname(parent); parent = dirname(parent)) {
    const above = statSync(parent);
    if ((above.mode & WRITABLE_BY_ANYBODY) !== 0 && (above.mode & STICKY) === 0) throw new ProgramFolderError(`Anybody may write to ${parent}, which holds the program's folder, and so put another in its place. Run: chmod o-w ${parent}`);
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
