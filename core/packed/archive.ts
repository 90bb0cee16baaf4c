import { createHash } from 'node:crypto';
import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, symlinkSync, writeFileSync, type Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/**
 * The program's files inside its executable: an index (JSON) and their contents behind each other, each a Zstandard frame (RFC 8878) of its own,
 * so that unpacking holds one file at a time. Nothing but modes, links and bytes counts: the same files make the same archive.
 */
export type PackedIndex = { readonly version: string; readonly files: readonly PackedFile[] };
export type PackedFile =
  | { readonly path: string; readonly mode: number; readonly sha256: string; readonly at: number; readonly length: number }
  | { readonly path: string; readonly link: string };

export type Archive = { readonly index: Buffer; readonly content: Buffer };

const LEVEL = 9;

/** `paths` are relative to `root`, with `/`. */
export function pack(root: string, paths: readonly string[], version: string): Archive {
  const files: PackedFile[] = [];
  const frames: Buffer[] = [];
  let at = 0;
  for (const path of [...paths].sort()) {
    const full = join(root, path);
    const stat = lstatSync(full);
    if (stat.isSymbolicLink()) {
      files.push({ path, link: readlinkSync(full) });
      continue;
    }
    const bytes = readFileSync(full);
    const frame = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
    files.push({ path, mode: (stat.mode & 0o100) === 0 ? 0o644 : 0o755, sha256: sha256(bytes), at, length: frame.length });
    frames.push(frame);
    at += frame.length;
  }
  return { index: Buffer.from(JSON.stringify({ version, files } satisfies PackedIndex)), content: Buffer.concat(frames) };
}

/** Writes every file below `folder`, which must be empty; folders as the umask says. @throws when a file does not come out as it was packed */
export function unpack({ index, content }: Archive, folder: string): void {
  for (const file of readIndex(index).files) {
    const full = join(folder, file.path);
    mkdirSync(dirname(full), { recursive: true });
    if ('link' in file) {
      symlinkSync(file.link, full);
      continue;
    }
    const bytes = zstdDecompressSync(content.subarray(file.at, file.at + file.length));
    if (sha256(bytes) !== file.sha256) throw new Error(`The executable is damaged: ${file.path} is not what was packed.`);
    writeFileSync(full, bytes, { flag: 'wx' });
    chmodSync(full, file.mode);
  }
}

/**
 * What Node keeps beside the program: its source with the types stripped, and compiled, and runs as it lies there. It is the program's own to write and
 * cannot be compared; only its user and root can write there (program-folder.ts).
 */
const CACHE = 'node_modules/.cache';
/** Files looked at between two turns of the event loop: some milliseconds. */
const AT_ONCE = 50;

/** Where the files in `folder` are not those that were packed: changed or missing ones, and ones that were never packed. Paths, sorted. */
export async function differences(index: PackedIndex, folder: string): Promise<{ changed: string[]; unknown: string[] }> {
  const packed = new Set(index.files.map(({ path }) => path));
  const unknown = [...filesIn(folder)].filter((path) => !packed.has(path));
  const buffer = Buffer.allocUnsafeSlow(1 << 20); // one for all of them: the program that does this at its start stays as small as it was
  const changed: string[] = [];
  for (const [n, file] of index.files.entries()) {
    if (n % AT_ONCE === 0) await nextTurn();
    if (!isAsPacked(file, join(folder, file.path), buffer)) changed.push(file.path);
  }
  return { changed, unknown: unknown.sort() };
}

/** Below `folder`, but for the cache, which may be another user's and closed. A folder that cannot be looked into is named instead of its files. */
function* filesIn(folder: string, below = ''): Generator<string> {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(folder, below), { withFileTypes: true });
  } catch {
    yield `${below}/`;
    return;
  }
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (!entry.isDirectory()) yield path;
    else if (path !== CACHE) yield* filesIn(folder, path);
  }
}

function isAsPacked(file: PackedFile, full: string, buffer: Buffer): boolean {
  try {
    return 'link' in file ? readlinkSync(full) === file.link : sha256OfFile(full, buffer) === file.sha256;
  } catch {
    return false; // not there, or not to be read: either way not as it was
  }
}

function sha256OfFile(path: string, buffer: Buffer): string {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) hash.update(buffer.subarray(0, length));
    return hash.digest('hex');
  } finally {
    closeSync(file);
  }
}

export const readIndex = (index: Uint8Array): PackedIndex => JSON.parse(Buffer.from(index).toString()) as PackedIndex;

/** What names one state of the program: the SHA-256 of its index, which holds those of all files. */
export const identityOf = (index: Uint8Array): string => sha256(index);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
