import { createHash, randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseRootKeys, type RootKey } from '../config.ts';
import { syncFolder } from '../sync-folder.ts';

/**
 * The file WARDKEEP_ROOT_KEYS_FILE names: `id:base64` pairs, comma separated, one line, mode 0600. The first key wraps, all unwrap.
 * Writing goes through a synced temporary file: a root key must be on the disk before anything is wrapped by it.
 */
export type RootKeyInfo = { readonly id: string; /** SHA-256 of the key's 32 bytes, hexadecimal: `cut -d: -f2 | base64 -d | sha256sum` gives the same. */ readonly fingerprint: string };

/** A root key file that cannot be used as asked. The text is for the operator; it never holds key material. */
export class RootKeyFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RootKeyFileError';
  }
}

export function rootKeyInfo({ id, bytes }: RootKey): RootKeyInfo {
  return { id, fingerprint: createHash('sha256').update(bytes).digest('hex') };
}

/** Makes a new file with one new key. @throws RootKeyFileError when there is a file already: overwriting it would lose every patient's data. */
export async function createRootKeyFile(file: string, now: number = Date.now()): Promise<RootKeyInfo> {
  const key = newRootKey(now);
  const temporary = await writeSynced(file, [key]);
  try {
    await link(temporary, file); // unlike rename(), refuses an existing name, and without a gap between looking and writing
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw new RootKeyFileError(`${file} exists already. It may hold the only key to your data: move it away first if you mean to start anew.`, { cause });
    throw cause;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(file);
  return rootKeyInfo(key);
}

/** Puts a new key in front of those in the file, so that it wraps from the next start on. Older keys keep opening what they wrapped. */
export async function prependRootKey(file: string, now: number = Date.now()): Promise<RootKeyInfo> {
  const keys = await readRootKeyFile(file);
  const key = newRootKey(now);
  await replaceFile(file, [key, ...keys]);
  return rootKeyInfo(key);
}

/** Takes a key out. @throws RootKeyFileError for the first key (it wraps) and for one the file does not hold. */
export async function removeRootKey(file: string, id: string): Promise<void> {
  const keys = await readRootKeyFile(file);
  if (keys[0]?.id === id) throw new RootKeyFileError(`${id} is the wrapping key. Put a new one in front first.`);
  if (!keys.some((key) => key.id === id)) throw new RootKeyFileError(`${file} holds no key ${id}.`);
  await replaceFile(file, keys.filter((key) => key.id !== id));
}

/** @throws RootKeyFileError when it is missing, open to others, or not in the form above. */
export async function readRootKeyFile(file: string): Promise<RootKey[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new RootKeyFileError(`${file} cannot be read.`, { cause });
  });
  if (process.platform !== 'win32' && isOpenToOthers(await stat(file))) throw new RootKeyFileError(`${file} is open to other users of this machine: chmod 600 it.`);
  const keys = parseRootKeys(text.trim());
  if (keys.length === 0 || keys.some(({ id, bytes }) => !/^[a-z0-9-]{1,32}$/.test(id) || bytes.length !== 32)) throw new RootKeyFileError(`${file} is not of the form id:base64 of 32 bytes, comma separated.`);
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) throw new RootKeyFileError(`${file} holds two keys of one id.`);
  return keys;
}

/** Platforms hand a secret to a program that is not its owner by a group that may read it (Kubernetes: fsGroup, 0440). */
function isOpenToOthers({ mode, uid }: { mode: number; uid: number }): boolean {
  return (mode & 0o037) !== 0 || ((mode & 0o040) !== 0 && uid === process.getuid?.());
}

function newRootKey(now: number): RootKey {
  return { id: `root-${new Date(now).toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`, bytes: randomBytes(32) };
}

async function replaceFile(file: string, keys: readonly RootKey[]): Promise<void> {
  const temporary = await writeSynced(file, keys);
  await rename(temporary, file);
  await syncFolder(file);
}

async function writeSynced(file: string, keys: readonly RootKey[]): Promise<string> {
  const temporary = join(dirname(file), `.root-keys-${randomBytes(6).toString('hex')}`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(`${keys.map(({ id, bytes }) => `${id}:${bytes.toString('base64')}`).join(',')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(temporary, 0o600); // whatever the umask made of it
  return temporary;
}
