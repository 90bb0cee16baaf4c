// ZIP archives of documents, read from memory or disk one file at a time. Sizes are believed only after counting: limits hold for what
// comes out of the inflater, whatever the directory claims. One bad file is its own outcome and does not stop the others.

import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { ArchiveRefusal } from './archive-refusal.ts';
import type { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';

export type ZipLimits = {
  entries: number;
  /** Per file, unpacked. */
  entryBytes: number;
  /** All files together, unpacked, nested archives included. */
  totalBytes: number;
  /** Unpacked to packed, judged above `ratioFloorBytes`. */
  ratio: number;
  ratioFloorBytes: number;
};

// Deflate reaches about 1,000:1; repetitive C-CDA reaches about 40:1.
export const ZIP_LIMITS: ZipLimits = { entries: 10_000, entryBytes: 30 * 1024 * 1024, totalBytes: 2 * 1024 * 1024 * 1024, ratio: 200, ratioFloorBytes: 1024 * 1024 };

export type ZipEntry = { name: string; bytes: Uint8Array; refusal: null } | { name: string; bytes: null; refusal: ArchiveRefusal };

type Budget = { entries: number; bytes: number };

/**
 * Yields every file of the archive, read or refused; directories are passed over, a nested archive's files are named
 * `inner.zip/name`. Throws `ArchiveRefusal` when the archive itself cannot be trusted. `source` is a path or the bytes.
 */
export async function* readZip(source: string | Uint8Array, limits: ZipLimits = ZIP_LIMITS): AsyncGenerator<ZipEntry, void, undefined> {
  yield* readLevel(source, limits, { entries: limits.entries, bytes: limits.totalBytes }, true);
}

/** Whether bytes begin as a ZIP archive with entries does. */
export const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;

async function* readLevel(source: string | Uint8Array, limits: ZipLimits, budget: Budget, mayNest: boolean): AsyncGenerator<ZipEntry, void, undefined> {
  const zip = await open(source);
  try {
    const entries = await listEntries(zip, budget);
    refuseOverlap(entries);
    for (const entry of entries) {
      const name = nameOf(entry);
      if (name.endsWith('/')) continue;
      const outcome = await readEntry(zip, entry, name, limits, budget);
      // An office document is a ZIP too; only what is called an archive is opened as one.
      if (outcome.bytes === null || !isZip(outcome.bytes) || !/\.(?:zip|xdm)$/i.test(name)) yield outcome;
      else if (mayNest) yield* readNested(outcome.bytes, name, limits, budget);
      else yield { name, bytes: null, refusal: new ArchiveRefusal('zip.nested') };
    }
  } finally {
    zip.close();
  }
}

async function* readNested(bytes: Uint8Array, name: string, limits: ZipLimits, budget: Budget): AsyncGenerator<ZipEntry, void, undefined> {
  try {
    for await (const inner of readLevel(bytes, limits, budget, false)) yield { ...inner, name: `${name}/${inner.name}` };
  } catch (error) {
    if (!(error instanceof ArchiveRefusal)) throw error;
    yield { name, bytes: null, refusal: error };
  }
}

async function open(source: string | Uint8Array): Promise<ZipFile> {
  // Names are decoded and judged here: yauzl would end the whole archive at the first bad one.
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: true };
  try {
    return typeof source === 'string' ? await yauzl.openPromise(source, options) : await yauzl.fromBufferPromise(Buffer.from(source.buffer, source.byteOffset, source.length), options);
  } catch (error) {
    if (isMissingFile(error)) throw error;
    throw new ArchiveRefusal('zip.unreadable', { cause: error });
  }
}

const isMissingFile = (error: unknown): boolean => error instanceof Error && 'code' in error && 'syscall' in error;

async function listEntries(zip: ZipFile, budget: Budget): Promise<Entry[]> {
  if (zip.entryCount > budget.entries) throw new ArchiveRefusal('zip.too_many_entries');
  budget.entries -= zip.entryCount;
  const entries: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) entries.push(entry);
  } catch (error) {
    throw new ArchiveRefusal(error instanceof Error && error.message.includes('encryption') ? 'zip.encrypted' : 'zip.unreadable', { cause: error });
  }
  return entries;
}

const LOCAL_HEADER_BYTES = 30;

/** A quoted-overlap bomb (Fifield 2019) lets many directory entries share the same packed bytes. */
function refuseOverlap(entries: readonly Entry[]): void {
  const byOffset = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const entry of byOffset) {
    if (entry.relativeOffsetOfLocalHeader < end) throw new ArchiveRefusal('zip.overlap');
    end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize;
  }
}

const nameOf = (entry: Entry): string => yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);

async function readEntry(zip: ZipFile, entry: Entry, name: string, limits: ZipLimits, budget: Budget): Promise<ZipEntry> {
  try {
    refuseEntry(entry, name, limits, budget);
    const bytes = await unpack(zip, entry, limits, budget);
    if (crc32(bytes) !== entry.crc32) throw new ArchiveRefusal('zip.corrupt');
    return { name, bytes, refusal: null };
  } catch (error) {
    return { name, bytes: null, refusal: error instanceof ArchiveRefusal ? error : new ArchiveRefusal('zip.corrupt', { cause: error }) };
  }
}

/** What can be told from the directory, before a byte is unpacked. */
function refuseEntry(entry: Entry, name: string, limits: ZipLimits, budget: Budget): void {
  if (yauzl.validateFileName(name) !== null || name.includes('\0')) throw new ArchiveRefusal('zip.path');
  if (isSpecialFile(entry)) throw new ArchiveRefusal('zip.symlink');
  if (entry.isEncrypted()) throw new ArchiveRefusal('zip.encrypted');
  if (!entry.canDecodeFileData()) throw new ArchiveRefusal('zip.method');
  if (entry.uncompressedSize > limits.entryBytes) throw new ArchiveRefusal('zip.entry_too_large');
  if (entry.uncompressedSize > limits.ratioFloorBytes && entry.uncompressedSize > entry.compressedSize * limits.ratio) throw new ArchiveRefusal('zip.ratio');
  if (entry.uncompressedSize > budget.bytes) throw new ArchiveRefusal('zip.too_large');
}

/** Unix mode in the high half of the external attributes (host 3): only regular files, or none stated. */
function isSpecialFile(entry: Entry): boolean {
  const type = (entry.externalFileAttributes >>> 16) & 0o170000;
  return entry.versionMadeBy >>> 8 === 3 && type !== 0 && type !== 0o100000;
}

async function unpack(zip: ZipFile, entry: Entry, limits: ZipLimits, budget: Budget): Promise<Uint8Array> {
  const stream: Readable = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    budget.bytes -= chunk.length;
    // Leaving the loop destroys the stream: nothing more is inflated.
    if (length > limits.entryBytes) throw new ArchiveRefusal('zip.entry_too_large');
    if (budget.bytes < 0) throw new ArchiveRefusal('zip.too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
