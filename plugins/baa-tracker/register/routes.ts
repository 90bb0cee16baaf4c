import { authorize, Fault, record, scopeOf, type PluginDeps, type PluginRoute } from '../../../core/plugin.ts';
import { attachment, readUpload } from '../documents/routes.ts';
import type { Handler } from '../form.ts';
import { COLUMNS } from './columns.ts';
import { CSV_BYTES_MAX, importCsv, type ImportOutcome } from './import-csv.ts';
import { overviewContext } from './overview-page.ts';
import { readRegister } from './read-register.ts';
import { registerRows, writeCsv, writeRefused } from './write-csv.ts';
import { writeEvidence } from './write-evidence.ts';
import { writePdf } from './write-pdf.ts';

const REFUSED_SHOWN = 50;

export function registerRoutes(deps: PluginDeps): PluginRoute[] {
  const overview: Handler = async (request, h) => h.page('baa-tracker/overview', await deps.withWorkspace(scopeOf(request), overviewContext));

  /** The register as it stands, put on the record before it leaves. */
  const exported = (format: 'csv' | 'pdf', scope: ReturnType<typeof scopeOf>) => deps.withWorkspace(scope, async (tx) => {
    authorize(tx, 'baa-tracker.register.export');
    const register = await readRegister(tx);
    const { name } = (await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).first('name')) as { name: string };
    record(tx, { action: 'baa-tracker.register.exported', detail: { format, subprocessors: register.subprocessors.length, agreements: register.agreements.length } });
    return { register, name };
  });

  const csv: Handler = async (request, h) => {
    const { register } = await exported('csv', scopeOf(request));
    return attachment(h.response(writeCsv(registerRows(register))), 'text/csv; charset=utf-8', `agreement-register-${register.today}.csv`);
  };

  const pdf: Handler = async (request, h) => {
    const scope = scopeOf(request);
    const { register, name } = await exported('pdf', scope);
    return attachment(h.response(await writePdf(register, { workspace: name, madeBy: scope.actor.name ?? '' })), 'application/pdf', `agreement-register-${register.today}.pdf`);
  };

  const evidence: Handler = async (request, h) => attachment(h.response(await writeEvidence(deps, scopeOf(request))), 'application/zip', `agreement-evidence-${new Date().toISOString().slice(0, 10)}.zip`);

  const importPage: Handler = async (request, h) => {
    await deps.withWorkspace(scopeOf(request), async (tx) => authorize(tx, 'baa-tracker.register.import'));
    return h.page('baa-tracker/import', { columns: COLUMNS, outcome: null, errors: {} });
  };

  const upload: Handler = async (request, h) => {
    const { file } = readUpload(request.payload);
    if (file === null) return h.page('baa-tracker/import', { columns: COLUMNS, outcome: null, errors: { file: 'Choose a CSV file.' } }).code(422);
    try {
      const outcome = await deps.withWorkspace(scopeOf(request), (tx) => importCsv(tx, file.bytes));
      return h.page('baa-tracker/import', { columns: COLUMNS, outcome: outcomeView(outcome), errors: {} });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'baa-tracker.import.unreadable') throw error;
      return h.page('baa-tracker/import', { columns: COLUMNS, outcome: null, errors: { file: error.message } }).code(error.status);
    }
  };

  // Exports are reading: they go on when the workspace's plan has ended.
  const reading = { plugins: { wardkeep: { evenWhenLapsed: true } } } as const;
  return [
    { method: 'GET', path: '/', handler: overview },
    { method: 'POST', path: '/register.csv', options: reading, handler: csv },
    { method: 'POST', path: '/register.pdf', options: reading, handler: pdf },
    { method: 'POST', path: '/evidence.zip', options: reading, handler: evidence },
    { method: 'GET', path: '/import', handler: importPage },
    { method: 'POST', path: '/import', options: { payload: { maxBytes: CSV_BYTES_MAX, output: 'data', parse: true, multipart: { output: 'annotated' } } }, handler: upload },
  ];
}

function outcomeView({ subprocessors, agreements, unchanged, refused }: ImportOutcome): object {
  return { subprocessors, agreements, unchanged, refusedCount: refused.length, refused: refused.slice(0, REFUSED_SHOWN).map(({ line, cells, reason }) => ({ line, name: cells['subprocessor'] ?? '', reason })), refusedCsv: refused.length === 0 ? null : writeRefused(refused) };
}
