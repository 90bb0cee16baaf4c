import { open, mkdir, chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Unpacks the tar that PostgreSQL makes of its own files (POSIX.1-1988 "ustar"): plain files and folders with short names. Whatever else a tar can hold,
 * links above all, is refused rather than followed.
 */
export type Owner = { readonly uid?: number; readonly gid?: number };

const BLOCK = 512;
const FILE = ['0', '\0'];
const FOLDER = '5';

/**
 * @param folder empty; files become 0600 and folders 0700, `owner`'s if one is given
 * @throws Error for a tar that is cut short or holds what PostgreSQL never puts into one
 */
export async function untar(chunks: AsyncIterable<Uint8Array>, folder: string, owner: Owner, isSynced: boolean): Promise<void> {
  const reader = new Reader(chunks);
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const { path, size, type } = readEntry(header);
    const target = join(folder, path);
    if (type === FOLDER) await makeFolder(target, owner);
    else await writeFile(reader, target, size, owner, isSynced);
  }
  await reader.drain();
}

function readEntry(header: Buffer): { path: string; size: number; type: string } {
  if (checksumOf(header) !== octal(header, 148, 8) || text(header, 257, 5) !== 'ustar') throw new Error('The backup holds no tar where one should begin.');
  const path = [text(header, 345, 155), text(header, 0, 100)].filter(Boolean).join('/').replace(/\/$/, '');
  const type = header.toString('latin1', 156, 157);
  const isPlain = !path.startsWith('/') && path.split('/').every((part) => part !== '..' && part !== '');
  if (!isPlain || !(FILE.includes(type) || type === FOLDER)) throw new Error(`The backup holds what a database has no use for: ${JSON.stringify(path)}, type ${JSON.stringify(type)}.`);
  return { path, size: octal(header, 124, 12), type };
}

/** The header's bytes added up, with its own checksum taken for spaces. */
function checksumOf(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}

function text(header: Buffer, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(header: Buffer, at: number, length: number): number {
  const digits = text(header, at, length).trim();
  if (!/^[0-7]+$/.test(digits)) throw new Error('The backup holds a tar with a number that cannot be read.');
  return Number.parseInt(digits, 8);
}

async function makeFolder(path: string, { uid, gid }: Owner): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

async function writeFile(reader: Reader, path: string, size: number, owner: Owner, isSynced: boolean): Promise<void> {
  await makeFolder(dirname(path), owner);
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of reader.upTo(size)) await handle.writeFile(chunk);
    if (owner.uid !== undefined && owner.gid !== undefined) await handle.chown(owner.uid, owner.gid);
    if (isSynced) await handle.sync();
  } finally {
    await handle.close();
  }
  await reader.exactly((BLOCK - (size % BLOCK)) % BLOCK);
}

class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async *upTo(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (this.#held.length === 0) await this.#more();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async exactly(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.upTo(size)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** To the end: only there does what is read prove whole. */
  async drain(): Promise<void> {
    while ((await this.#chunks.next()).done !== true);
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done === true) throw new Error('The backup ends in the middle of a file.');
    this.#held = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}
