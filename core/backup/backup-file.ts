import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { decryptGcm, encryptGcm, EnvelopeError, keyIdOf } from '../crypto/envelope.ts';
import type { RootKeyProvider } from '../crypto/root-keys.ts';

/**
 * The form of a backup file (docs/backup.md): one line of JSON in the clear, then what it is a backup of, in pieces of 64 KiB, each AES-256-GCM
 * under a key of the file's own that a root key wraps. A piece's nonce is its number and whether it is the last; its AAD is the SHA-256 of the line. So
 * a file cut short, its pieces in another order, or another file's line on top does not open: the STREAM construction (Hoang, Reyhanitabar, Rogaway,
 * Vizár: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, 2015), numbered as in the age format (C2SP/age, "Payload").
 */
export const FORMAT = 'wardkeep-backup/1';

export type BackupHeader = {
  readonly format: typeof FORMAT;
  readonly id: string;
  /** When it was begun, RFC 3339. */
  readonly at: string;
  readonly installation: string;
  /** Version of the program that made it. */
  readonly program: string;
  /** Version of PostgreSQL whose files they are. */
  readonly postgres: string;
  /** The file's key, wrapped by a root key. */
  readonly key: string;
};

/** Not a backup, or not one that opens here. The text is for the operator. */
export class BackupFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupFileError';
  }
}

const PIECE = 64 * 1024;
const TAG = 16;
const MAX_HEADER = 4096;
const NEWLINE = 0x0a;

const keyContext = (id: string): string => `backup\n${id}`;

/** The whole file, piece by piece. */
export async function* sealBackup(roots: RootKeyProvider, facts: Omit<BackupHeader, 'format' | 'key'>, content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const key = randomBytes(32);
  const header: BackupHeader = { format: FORMAT, ...facts, key: await roots.wrap(key, keyContext(facts.id)) };
  const line = Buffer.from(`${JSON.stringify(header)}\n`, 'utf8');
  yield line;
  const aad = aadOf(line);
  let nth = 0;
  let held: Buffer | null = null; // whether a piece is the last is known with the next
  for await (const piece of inPieces(content, PIECE)) {
    if (held !== null) yield encryptGcm(key, nonceOf(nth++, false), held, aad);
    held = piece;
  }
  yield encryptGcm(key, nonceOf(nth, true), held ?? Buffer.alloc(0), aad);
}

/** Reads the line on top; nothing in it is proved before the content has opened. @throws BackupFileError */
export async function readHeader(file: string): Promise<BackupHeader> {
  return (await openParts(file)).header;
}

/**
 * What was backed up, as it was given to sealBackup. Each piece is authentic when it is handed out; that none is missing at the end is known when the
 * last one has come.
 * @throws BackupFileError
 */
export async function* openBackup(roots: RootKeyProvider, file: string): AsyncGenerator<Buffer> {
  const { header, line, rest } = await openParts(file);
  const key = await unwrapKey(roots, header);
  const aad = aadOf(line);
  let nth = 0;
  let held: Buffer | null = null;
  for await (const piece of inPieces(rest, PIECE + TAG)) {
    if (held !== null) yield openPiece(key, nth++, false, held, aad);
    held = piece;
  }
  if (held === null) throw new BackupFileError(`${file} ends behind its first line.`);
  yield openPiece(key, nth, true, held, aad);
}

async function unwrapKey(roots: RootKeyProvider, { key, id }: BackupHeader): Promise<Buffer> {
  try {
    return await roots.unwrap(key, keyContext(id));
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause;
    const wrapping = keyIdOf(key) ?? 'unknown';
    throw new BackupFileError(roots.keyIds.includes(wrapping) ? 'The first line of the backup has been altered, or the root key is another one of the same name.' : `The backup opens with the root key ${wrapping}, which is not among those configured (${roots.keyIds.join(', ')}).`, { cause });
  }
}

function openPiece(key: Buffer, nth: number, isLast: boolean, sealed: Buffer, aad: Buffer): Buffer {
  try {
    return decryptGcm(key, nonceOf(nth, isLast), sealed, aad);
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause;
    throw new BackupFileError(`The backup is damaged or was altered: piece ${nth + 1}${isLast ? ', the last one there is,' : ''} does not open. A file cut short shows itself like this too.`, { cause });
  }
}

const aadOf = (line: Buffer): Buffer => createHash('sha256').update(line).digest();

function nonceOf(nth: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(nth), 3);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

async function openParts(file: string): Promise<{ header: BackupHeader; line: Buffer; rest: AsyncGenerator<Buffer> }> {
  const chunks = createReadStream(file, { highWaterMark: 256 * 1024 })[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let start: Buffer = Buffer.alloc(0);
  let end = -1;
  while (end < 0 && start.length <= MAX_HEADER) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    start = Buffer.concat([start, value]);
    end = start.subarray(0, MAX_HEADER).indexOf(NEWLINE);
  }
  const header = end < 0 ? null : parseHeader(start.toString('utf8', 0, end));
  if (header === null) {
    await chunks.return?.();
    throw new BackupFileError(`${file} is not a backup of Wardkeep.`);
  }
  async function* rest(): AsyncGenerator<Buffer> {
    try {
      yield start.subarray(end + 1);
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  }
  return { header, line: start.subarray(0, end + 1), rest: rest() };
}

const TEXTS = ['id', 'at', 'installation', 'program', 'postgres', 'key'] as const;
/** Some are shown before anything is proved, and a terminal obeys what it is shown. */
const isPrintable = (value: unknown): boolean => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value);

function parseHeader(text: string): BackupHeader | null {
  try {
    const header = JSON.parse(text) as Record<string, unknown>;
    return header['format'] === FORMAT && TEXTS.every((name) => isPrintable(header[name])) ? (header as BackupHeader) : null;
  } catch {
    return null;
  }
}

/** The same bytes in pieces of `size`, the last one shorter or of that size; none for no bytes. */
async function* inPieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const whole = Buffer.concat(gathered);
    const full = length - (length % size);
    for (let at = 0; at < full; at += size) yield whole.subarray(at, at + size);
    gathered = [whole.subarray(full)];
    length -= full;
  }
  if (length > 0) yield Buffer.concat(gathered);
}
