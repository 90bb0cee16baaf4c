import { isBoom } from '@hapi/boom';
import type { Request, ResponseToolkit } from '@hapi/hapi';
import Joi from 'joi';
import type { App } from '../../app.ts';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { isZip } from '../../clinical/zip.ts';
import { ArchiveRefusal } from '../../clinical/archive-refusal.ts';
import { Fault, fault } from '../../errors.ts';
import type { Feature } from '../../http/feature.ts';
import { authorizedBeforeBody } from '../../http/before-body.ts';
import { scopeOf } from '../../http/credentials.ts';
import { isApi, parse } from '../../http/refusals.ts';
import { candidatesOfArchive, importCandidates, type Candidate } from '../documents/import-files.ts';
import type { ContactGate } from '../contacts/field-gate.ts';
import { oneId } from '../schemas.ts';
import { checkMapping, csvTargets, importCsv, labelOfTarget, mrnSystemOf, refusedRowsCsv, writableProperties } from './import-csv.ts';
import { openCsvReader } from './csv-reader.ts';
import { guessMapping, mappingOf, patientOfRow, type CsvMapping, type CsvTarget } from './csv-rows.ts';
import type { CsvTable } from './csv-table.ts';
import { batchScope, outcomeOfFile, runBatch, startBatch } from './run-batch.ts';
import { batchPage, recentBatches, refusedLines, openSource } from './read-batches.ts';
import { openRunningBatches, type RunningBatches } from './running-batches.ts';
import { CSV_BYTES_MAX } from './read-csv.ts';
import { uploadsOf, WHOLE_PARTS, type Upload } from './uploads.ts';

const UPLOAD_MEGABYTES = 200;
const FILES_MAX = 2000;
/** Within the five minutes that Node gives any request; a practice on a slow line needs them for 200 MB. */
const UPLOAD_MINUTES = 4;
const PREVIEW_ROWS = 8;
const READER = openCsvReader(); // one thread for the process

/** Pages under /imports: choose files, watch them come in, mend what was refused. */
export const importRoutes: Feature = {
  name: 'wardkeep-imports',
  register(server, { app }) {
    const running = openRunningBatches();
    server.ext('onPreStop', () => running.beginStop());
    server.ext('onPostStop', () => running.drained());
    const upload = (field: 'files' | 'csv', maxMegabytes: number) => ({
      ext: authorizedBeforeBody(app, 'document.import', ['session'], running.refuseIfFull),
      payload: {
        maxBytes: maxMegabytes * 1024 * 1024, output: 'data' as const, parse: true, multipart: WHOLE_PARTS, maxParts: 2 * FILES_MAX, timeout: UPLOAD_MINUTES * 60_000,
        failAction: (request: Request, h: ResponseToolkit, error?: Error) => refuseUpload(app, request, h, { field, maxMegabytes, error }),
      },
    });
    server.route([
      { method: 'GET', path: '/imports', handler: (request, h) => startPage(app, request, h, {}) },
      { method: 'POST', path: '/imports/ccda', options: upload('files', UPLOAD_MEGABYTES), handler: (request, h) => uploadDocuments(app, running, request, h) },
      { method: 'POST', path: '/imports/csv', options: upload('csv', CSV_BYTES_MAX / 1024 / 1024), handler: (request, h) => uploadCsv(app, request, h) },
      { method: 'GET', path: '/imports/{id}', handler: (request, h) => showBatch(app, request, h) },
      { method: 'POST', path: '/imports/csv/{id}', handler: (request, h) => mapCsv(app, running, request, h) },
      { method: 'GET', path: '/imports/{id}/refused.csv', handler: (request, h) => downloadRefused(app, request, h) },
    ]);
  },
};

/** A body that hapi did not take, said at the field it was sent from. */
async function refuseUpload(app: App, request: Request, h: ResponseToolkit, { field, maxMegabytes, error }: { field: 'files' | 'csv'; maxMegabytes: number; error: Error | undefined }) {
  const status = isBoom(error) ? error.output.statusCode : 500;
  const text = {
    408: `Sending took longer than ${UPLOAD_MINUTES} minutes. Bring in fewer files at once. Nothing was imported.`,
    413: `This is more than ${maxMegabytes} MB, which is what comes in at once. ${field === 'files' ? 'Bring the files in turns, or pack them into a ZIP.' : 'Cut the spreadsheet into parts, each with the heading row.'} Nothing was imported.`,
  }[status];
  if (text === undefined || isApi(request)) throw error;
  return (await startPage(app, request, h, { [field]: text })).code(status).takeover();
}

async function startPage(app: App, request: Request, h: ResponseToolkit, errors: Record<string, string>) {
  const recent = await app.withWorkspace(scopeOf(request), (tx) => recentBatches(tx));
  return h.page('imports/start', { errors, recent, limits: { files: FILES_MAX, megabytes: UPLOAD_MEGABYTES, csvMegabytes: CSV_BYTES_MAX / 1024 / 1024 } }).code(Object.keys(errors).length > 0 ? 400 : 200);
}

async function uploadDocuments(app: App, running: RunningBatches, request: Request, h: ResponseToolkit) {
  const scope = scopeOf(request);
  const uploads = await uploadsOf(request.payload, 'files');
  if (uploads.length === 0) return startPage(app, request, h, { files: 'Choose at least one file.' });
  if (uploads.length > FILES_MAX) return startPage(app, request, h, { files: `These are ${uploads.length} files; ${FILES_MAX} come in at once. Pack them into a ZIP or bring them in turns. Nothing was imported.` });
  const begin = () => startBatch(app, scope, { kind: 'ccda', status: 'running', total: uploads.length, fileName: uploads.length === 1 ? (uploads[0] as Upload).name : null });
  // Goes on after the answer; the page follows it.
  const batchId = await running.start(scope.workspaceId, begin, (id, stopping) => runBatch(app, batchScope(scope), id, stopping, (report) => importCandidates(app, batchScope(scope), candidatesOfUploads(uploads, stopping), (outcome) => report(outcomeOfFile(outcome)))));
  return h.redirect(`/imports/${batchId}`).code(303);
}

async function* candidatesOfUploads(uploads: readonly Upload[], stopping: AbortSignal): AsyncIterable<Candidate> {
  for (const { name, bytes } of uploads) {
    stopping.throwIfAborted();
    if (!isZip(bytes)) {
      yield { file: name, bytes };
      continue;
    }
    try {
      for await (const candidate of candidatesOfArchive(name, bytes)) {
        stopping.throwIfAborted();
        yield candidate;
      }
    } catch (error) {
      if (!(error instanceof ArchiveRefusal)) throw error;
      yield { file: name, refusal: error };
    }
  }
}

async function uploadCsv(app: App, request: Request, h: ResponseToolkit) {
  const scope = scopeOf(request);
  const [file] = await uploadsOf(request.payload, 'csv');
  if (file === undefined) return startPage(app, request, h, { csv: 'Choose a CSV file.' });
  let table: CsvTable;
  try {
    table = await READER.read(scope.workspaceId, file.bytes);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'import.reader_busy') return startPage(app, request, h, { csv: error.message });
    throw error;
  }
  const batchId = await startBatch(app, scope, { kind: 'csv', status: 'mapping', total: table.rowCount, fileName: file.name, source: file.bytes });
  return h.redirect(`/imports/${batchId}`).code(303);
}

async function showBatch(app: App, request: Request, h: ResponseToolkit) {
  const { id: batchId } = parse(oneId, request.params);
  const { batch, source, gate, ...page } = await app.withWorkspace(scopeOf(request), (tx) => batchPage(tx, batchId));
  if (batch.status !== 'mapping' || source === null) return h.page('imports/batch', { batch, ...page });
  const table = await READER.read(scopeOf(request).workspaceId, Buffer.from(source.content, 'base64'));
  return h.page('imports/mapping', mappingContext(batch, table, guessMapping(table.headers, csvTargets(gate), gate.properties), gate, scopeOf(request).workspaceId, {}));
}

async function mapCsv(app: App, running: RunningBatches, request: Request, h: ResponseToolkit) {
  const scope = scopeOf(request);
  const { id: batchId } = parse(oneId, request.params);
  const form = parse(Joi.object<Record<string, string>>({ act: Joi.string().valid('preview', 'import').required() }).pattern(/^column\.\d{1,4}$/, Joi.string().allow('').max(60)), request.payload);
  const { batch, source, gate } = await app.withWorkspace(scope, (tx) => openSource(tx, batchId));
  const targets = csvTargets(gate);
  refuseUnknownColumns(form, targets);
  const table = await READER.read(scope.workspaceId, Buffer.from(source.content, 'base64'));
  const mapping = mappingOf(table.headers.flatMap((header, at) => (form[`column.${at}`] ? [[header, form[`column.${at}`] as string] as const] : [])));
  if (form['act'] === 'preview') return h.page('imports/mapping', mappingContext(batch, table, mapping, gate, scope.workspaceId, {}));
  let checked: CsvMapping;
  try {
    checked = checkMapping(table, mapping, targets);
  } catch (error) {
    if (error instanceof Fault) return h.page('imports/mapping', mappingContext(batch, table, mapping, gate, scope.workspaceId, { 'column.0': error.fields.map(({ text }) => text).join(' ') })).code(422);
    throw error;
  }
  const begin = () => app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'document.import');
    const started = await tx.knex('app.import_batches').where({ id: batchId, status: 'mapping' }).update({ status: 'running', touched_at: new Date(tx.now) });
    if (started === 0) throw fault('import.not_open');
    record(tx, { action: 'import.mapped', target: { type: 'import', id: batchId }, detail: { columns: Object.keys(checked).length } });
    return batchId;
  });
  await running.start(scope.workspaceId, begin, (id, stopping) => runBatch(app, batchScope(scope), id, stopping, (report) => importCsv(app, batchScope(scope), table, checked, report, stopping)));
  return h.redirect(`/imports/${batchId}`).code(303);
}

async function downloadRefused(app: App, request: Request, h: ResponseToolkit) {
  const { id: batchId } = parse(oneId, request.params);
  const { source, reasons } = await app.withWorkspace(scopeOf(request), (tx) => refusedLines(tx, batchId));
  const csv = refusedRowsCsv(await READER.read(scopeOf(request).workspaceId, Buffer.from(source.content, 'base64')), reasons);
  return h.response(csv).type('text/csv').header('content-disposition', 'attachment; filename="refused-rows.csv"');
}

/** @throws Fault request.invalid for a field that is none, or none of theirs */
function refuseUnknownColumns(form: Readonly<Record<string, string>>, targets: readonly CsvTarget[]): void {
  const fields = Object.entries(form).filter(([name, field]) => name !== 'act' && field !== '' && !(targets as readonly string[]).includes(field)).map(([path]) => ({ path, text: 'There is no such field.' }));
  if (fields.length > 0) throw fault('request.invalid', { fields });
}

function mappingContext(batch: { id: string; file: string }, table: CsvTable, mapping: Readonly<Record<string, string>>, gate: ContactGate, workspaceId: string, errors: Record<string, string>) {
  const [first] = table.rows(0, 1);
  const mapped = table.headers.filter((header) => mapping[header] !== undefined);
  const today = new Date().toISOString().slice(0, 10);
  return {
    batch: { ...batch, rows: table.rowCount },
    errors,
    columns: table.headers.map((header, at) => ({ at, header, sample: first?.cells[at] ?? '', target: mapping[header] ?? '' })),
    targets: csvTargets(gate).map((value) => ({ value, label: labelOfTarget(gate, value) })),
    previewHeads: mapped.map((header) => labelOfTarget(gate, mapping[header] as CsvTarget)),
    preview: table.rows(0, PREVIEW_ROWS).map((row) => {
      const result = patientOfRow(table, row, mapping as CsvMapping, mrnSystemOf(workspaceId), today, writableProperties(gate));
      return { line: row.line, cells: mapped.map((header) => row.cells[table.headers.indexOf(header)] ?? ''), refused: 'faults' in result ? result.faults.join(' ') : null };
    }),
  };
}
