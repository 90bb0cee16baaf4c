import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { App } from '../../app.ts';
import { authorize } from '../../access/authorize.ts';
import { ArchiveRefusal } from '../../clinical/archive-refusal.ts';
import { DOCUMENT_BYTES_MAX, DocumentRefusal } from '../../clinical/document-refusal.ts';
import { openDocumentReader } from '../../clinical/document-reader.ts';
import { isCompanionFile } from '../../clinical/companion-file.ts';
import { isZip, readZip } from '../../clinical/zip.ts';
import { record } from '../../audit/record.ts';
import type { Scope } from '../../db/scope.ts';
import { importDocument, type Imported } from './import-document.ts';
import { inTurn } from './import-turns.ts';

/** One file's outcome, in the words that the command, the API and the import page show. */
export type FileOutcome =
  | ({ readonly file: string; readonly status: 'imported'; readonly repairs: number; readonly missing: readonly string[] } & Imported)
  | { readonly file: string; readonly status: 'refused'; readonly code: string; readonly reason: string; readonly line: number; readonly column: number };

export type ImportReport = {
  files: number;
  imported: number;
  unchanged: number;
  refused: { file: string; code: string; reason: string }[];
  contacts: { created: number; matched: number; pending: number };
};

/** Imports what `candidates` yields, a few at a time: while PostgreSQL commits one, the next is read and sealed. Outcomes come as they are done. */
export async function importCandidates(app: App, scope: Scope, candidates: AsyncIterable<Candidate>, onOutcome: (outcome: FileOutcome) => void): Promise<void> {
  const iterator = candidates[Symbol.asyncIterator]();
  const lane = async () => {
    try {
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
        const candidate = next.value;
        onOutcome('refusal' in candidate ? await recordRefusal(app, scope, candidate.file, candidate.refusal, 0) : await importFile(app, scope, candidate.file, candidate.bytes));
      }
    } finally {
      await iterator.return?.(); // after a fault no lane begins another file, and an archive is closed
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

const LANES = 3;
const READER = openDocumentReader(); // one pool of threads for the process

/** Reads and files one document. A refusal is an outcome and is put on the record; what is thrown is a fault of the program. */
export async function importFile(app: App, scope: Scope, file: string, bytes: Uint8Array): Promise<FileOutcome> {
  let document;
  try {
    document = await READER.read(bytes);
  } catch (error) {
    if (!(error instanceof DocumentRefusal)) throw error;
    return recordRefusal(app, scope, file, error, bytes.length);
  }
  const imported = await inTurn(app, scope.workspaceId, () => app.withWorkspace(scope, (tx) => importDocument(tx, { fileName: basename(file), bytes, document })));
  return { file, status: 'imported', repairs: document.repairs.length, missing: document.missing.map(({ reason }) => reason), ...imported };
}

async function recordRefusal(app: App, scope: Scope, file: string, refusal: DocumentRefusal | ArchiveRefusal, bytes: number): Promise<FileOutcome> {
  const { line, column } = refusal instanceof DocumentRefusal ? refusal : { line: 0, column: 0 };
  await app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'document.import');
    record(tx, { action: 'document.refused', outcome: 'refused', detail: { code: refusal.code, line, column, bytes } });
  });
  return { file, status: 'refused', code: refusal.code, reason: refusal.message, line, column };
}

export function emptyReport(): ImportReport {
  return { files: 0, imported: 0, unchanged: 0, refused: [], contacts: { created: 0, matched: 0, pending: 0 } };
}

export function addOutcome(report: ImportReport, outcome: FileOutcome): void {
  report.files += 1;
  if (outcome.status === 'refused') {
    report.refused.push({ file: outcome.file, code: outcome.code, reason: outcome.reason });
    return;
  }
  report.imported += 1;
  if (outcome.contact === 'unchanged') report.unchanged += 1;
  else report.contacts[outcome.contact] += 1;
}

/** Files below the paths given, depth first, in name order. Hidden files and symbolic links are passed over. */
export async function* listFiles(paths: readonly string[]): AsyncIterable<string> {
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) {
      yield path;
      continue;
    }
    const entries = (await readdir(path, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.isDirectory()) yield* listFiles([join(path, entry.name)]);
      else if (entry.isFile()) yield join(path, entry.name);
    }
  }
}

/** What is to be imported: a document's bytes, or why they are not even read. `file` is the path, and inside an archive `archive.zip/name`. */
export type Candidate = { readonly file: string; readonly bytes: Uint8Array } | { readonly file: string; readonly refusal: DocumentRefusal | ArchiveRefusal };

/** The files of an archive but for those that only accompany documents (stylesheets, an XDM package's index). @throws ArchiveRefusal */
export async function* candidatesOfArchive(name: string, source: string | Uint8Array): AsyncIterable<Candidate> {
  for await (const entry of readZip(source)) {
    const file = `${name}/${entry.name}`;
    if (entry.refusal !== null) yield { file, refusal: entry.refusal };
    else if (!isCompanionFile(entry.name)) yield { file, bytes: entry.bytes };
  }
}

/** A file, or the files of an archive. One larger than any document may be is refused by its size alone, never read into memory. */
export async function* candidatesOf(path: string): AsyncIterable<Candidate> {
  if (await startsAsZip(path)) {
    try {
      yield* candidatesOfArchive(path, path);
    } catch (error) {
      if (!(error instanceof ArchiveRefusal)) throw error;
      yield { file: path, refusal: error };
    }
    return;
  }
  const { size } = await stat(path);
  yield size > DOCUMENT_BYTES_MAX ? { file: path, refusal: new DocumentRefusal('document.too_large') } : { file: path, bytes: await readFile(path) };
}

async function startsAsZip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && isZip(buffer);
  } finally {
    await handle.close();
  }
}
