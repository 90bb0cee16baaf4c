import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { differences, identityOf, readIndex, unpack, type Archive, type PackedIndex } from './archive.ts';

/**
 * Where the executable's files lie once unpacked: `<version>-<identity>` in a folder that nobody but the program's user and root may write to,
 * since whoever may write there runs what they like under the program's name.
 */
const WRITABLE_BY_OTHERS = 0o022;
const WRITABLE_BY_ANYBODY = 0o002;
const STICKY = 0o1000;

const DIFFERS = '.differs-';
/** Of the files that differ. */
const NAMED = 3;

const UNFINISHED = '.unpacking-';
/** Unpacking takes seconds: what is older was left by a start that was killed. */
const ABANDONED_MS = 3_600_000;

/** What stands in the way, with what mends it. */
export class ProgramFolderError extends Error {}

/**
 * `WARDKEEP_PROGRAM_DIR`, else /var/cache/wardkeep for root (PostgreSQL's own user must be able to pass), else the user's cache (XDG Base Directory
 * Specification 0.8: a relative path is ignored).
 * @throws ProgramFolderError for a user who has no home
 */
export function programFolder(env: NodeJS.ProcessEnv): string {
  const { WARDKEEP_PROGRAM_DIR: given = '', XDG_CACHE_HOME: cache = '' } = env;
  if (given !== '') return resolve(given);
  if (process.getuid?.() === 0) return '/var/cache/wardkeep';
  if (isAbsolute(cache)) return join(cache, 'wardkeep');
  try {
    return join(homedir(), '.cache/wardkeep');
  } catch (error) {
    throw new ProgramFolderError('The program does not know where to unpack itself, as its user has no home folder. Set WARDKEEP_PROGRAM_DIR.', { cause: error });
  }
}

/**
 * The unpacked program, unpacked now if it is not there. It appears under its name whole or not at all, whoever else is unpacking it beside. What is
 * there is compared with what was packed, file by file: where it differs, as after a power cut, `say` is told, it is put aside and unpacked anew.
 * @throws ProgramFolderError when the folder is not safe or cannot be written
 */
export async function ensureUnpacked(archive: Archive, folder: string, say: (line: string) => void): Promise<string> {
  const index = readIndex(archive.index);
  const program = join(folder, `${index.version}-${identityOf(archive.index).slice(0, 16)}`);
  if (!isThere(folder)) attempt(folder, () => withUmask(0o022, () => void mkdirSync(folder, { recursive: true })));
  checkSafe(folder);
  if (isThere(program) && (await isSound(index, program, say))) return program;
  const unfinished = attempt(folder, () => mkdtempSync(join(folder, UNFINISHED)));
  try {
    const files = join(unfinished, 'program');
    attempt(folder, () => withUmask(0o022, () => unpack(archive, files)));
    try {
      renameSync(files, program);
    } catch (error) {
      if (!isThere(program)) throw error; // else another start was quicker
    }
    sweep(folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return program;
}

/**
 * False where it is to be unpacked: what differed was put aside, by this start or by another at the same time.
 * @throws ProgramFolderError where it differs and stays, as this user may not put it aside
 */
async function isSound(index: PackedIndex, program: string, say: (line: string) => void): Promise<boolean> {
  checkSafe(program);
  const { ino } = statSync(program);
  const { changed, unknown } = await differences(index, program);
  if (changed.length + unknown.length === 0) return true;
  if (!isThere(program)) return false;
  if (statSync(program).ino !== ino) return isSound(index, program, say); // another start has put it aside meanwhile, and unpacked it
  const found = `${changed.length} changed or missing, ${unknown.length} not its own (${[...changed, ...unknown].slice(0, NAMED).join(', ')})`;
  const aside = `${program}${DIFFERS}${Date.now()}`;
  try {
    renameSync(program, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new ProgramFolderError(`The files in ${program} are not those of this executable: ${found}. This user may not put them aside: look at them, delete that folder as its owner, and have its owner start the program once (or make the image, or run the play, anew).`, { cause: error });
  }
  say(`The files in ${program} were not those of this executable: ${found}. They are now in ${aside}; the program unpacks itself anew.`);
  return false;
}

/** What differed from this program's files at earlier starts, and nobody has looked at and deleted since. Paths. */
export function putAside(program: string): string[] {
  const files = resolve(program);
  return readdirSync(dirname(files)).filter((name) => name.startsWith(basename(files) + DIFFERS)).map((name) => join(dirname(files), name));
}

function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const left = join(folder, name);
    if (name.startsWith(UNFINISHED) && Date.now() - statSync(left).mtimeMs > ABANDONED_MS) rmSync(left, { recursive: true, force: true });
  }
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

/** A system call's refusal as a sentence; anything else, such as a damaged executable, is thrown as it is. */
function attempt<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    if (code === 'ENOSPC') throw new ProgramFolderError(`There is no room to unpack the program into ${folder}: it takes some 150 MB. Make room, or set WARDKEEP_PROGRAM_DIR to another folder.`, { cause: error });
    throw new ProgramFolderError(`The program cannot be unpacked into ${folder} (${code}). Make that folder writable for its user, or set WARDKEEP_PROGRAM_DIR to another.`, { cause: error });
  }
}

/** Never advises to take over what somebody else may have put there. */
function checkSafe(folder: string): void {
  if (process.getuid === undefined) return;
  const real = realpathSync(folder);
  const { mode, uid } = statSync(real);
  const mend = 'Delete it, as the program unpacks itself anew, or set WARDKEEP_PROGRAM_DIR to a folder of its own.';
  if (!isTrusted(uid)) throw new ProgramFolderError(`The program's folder ${folder} belongs to another user (uid ${uid}), who could exchange what is run. ${mend}`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) throw new ProgramFolderError(`Other users may write to the program's folder ${folder}, and may have done so. ${mend}`);
  for (let parent = dirname(real); parent !== dirname(parent); parent = dirname(parent)) {
    const above = statSync(parent);
    const isOpen = (above.mode & WRITABLE_BY_ANYBODY) !== 0 && (above.mode & STICKY) === 0;
    if (isOpen || !isTrusted(above.uid)) throw new ProgramFolderError(`${isOpen ? 'Anybody may write to' : `Another user (uid ${above.uid}) owns`} ${parent}, which holds the program's folder, and so could put another in its place. Set WARDKEEP_PROGRAM_DIR to a folder elsewhere.`);
  }
}

const isTrusted = (uid: number): boolean => uid === 0 || uid === process.getuid?.();

function isThere(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
