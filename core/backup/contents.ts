import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EmbeddedState } from '../db/embedded-state.ts';
import { BackupFileError } from './backup-file.ts';

/**
 * What stands in front of the database in a backup, one line of JSON: what else an installation needs to go on under its own name. Root keys are not among
 * it: whoever finds the file must not find them too.
 */
export type Contents = {
  readonly passwords: EmbeddedState['passwords'];
  /** By their path in the data folder, base64. */
  readonly files: Readonly<Record<string, string>>;
  /** The head of each log when the backup was begun; the restored logs must contain them. */
  readonly logs: readonly KeptHead[];
};
/** `isSound`: the log verified. `note`: its signed checkpoint; null for one that did not, or was empty. */
export type KeptHead = { readonly workspace: string; readonly name: string; readonly isSound: boolean; readonly note: string | null };

/** The local certificate authority, which browsers were told to trust, and what the demo's people sign in with. */
const FILES = ['demo.json'];
const FOLDERS = ['tls'];
/** What a data folder may not hold when a backup is put into it. */
export const PLACES: readonly string[] = ['postgres', 'postgres.json', ...FILES, ...FOLDERS];

export async function readFiles(dataDir: string): Promise<Contents['files']> {
  const listed = await Promise.all(FOLDERS.map(async (folder) => (await readdir(join(dataDir, folder)).catch(orNone)).map((name) => `${folder}/${name}`)));
  const found: Record<string, string> = {};
  for (const path of [...FILES, ...listed.flat()]) {
    const bytes = await readFile(join(dataDir, path)).catch(orNone);
    if (Buffer.isBuffer(bytes)) found[path] = bytes.toString('base64');
  }
  return found;
}

export async function writeFiles(dataDir: string, files: Contents['files']): Promise<void> {
  for (const [path, base64] of Object.entries(files)) {
    if (!FILES.includes(path) && !FOLDERS.some((folder) => new RegExp(`^${folder}/[A-Za-z0-9][A-Za-z0-9._-]*$`).test(path))) throw new BackupFileError(`The backup holds a file that has no place in a data folder: ${JSON.stringify(path)}.`);
    await mkdir(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(dataDir, path), Buffer.from(base64, 'base64'), { mode: path.endsWith('ca.pem') ? 0o644 : 0o600, flag: 'wx', flush: true });
  }
}

function orNone(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
