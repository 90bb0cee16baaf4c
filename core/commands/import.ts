import { readFile, stat } from 'node:fs/promises';
import { systemScope } from '../db/scope.ts';
import { contactGate } from '../practice/contacts/field-gate.ts';
import { addOutcome, candidatesOf, emptyReport, importCandidates, listFiles, type Candidate } from '../practice/documents/import-files.ts';
import { CsvTable } from '../practice/imports/csv-table.ts';
import { readCsv } from '../practice/imports/read-csv.ts';
import { checkMapping, csvTargets, importCsv } from '../practice/imports/import-csv.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, UsageError, type Command } from './command.ts';
import { withApp } from './with-app.ts';

const WORKSPACE = { workspace: { type: 'string', about: 'slug of the workspace' } } as const;

export const importCcda: Command = {
  name: 'import ccda',
  summary: 'import C-CDA documents: files, folders, ZIP archives',
  usage: 'import ccda PATH… --workspace SLUG [--json]',
  operands: true,
  options: WORKSPACE,
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    if (invocation.positionals.length === 0) throw new UsageError('Name at least one file or folder.');
    for (const path of invocation.positionals) await mustExist(path);
    return withApp(async (app) => {
      const workspace = await findWorkspace(app, slug);
      const report = emptyReport();
      await importCandidates(app, systemScope(workspace.id, 'wardkeep import ccda'), everything(invocation.positionals), (outcome) => {
        addOutcome(report, outcome);
        invocation.out.say(outcome.status === 'refused' ? `refused   ${outcome.file}: ${outcome.reason}` : `${outcome.contact.padEnd(9)} ${outcome.file}`);
      });
      const { created, matched, pending } = report.contacts;
      invocation.out.result(report, `${report.files} files: ${report.imported} imported (${created} new contacts, ${matched} matched, ${pending} waiting for a person, ${report.unchanged} already here), ${report.refused.length} refused.`);
      return report.refused.length > 0 ? EXIT.inputRefused : EXIT.done;
    });
  },
};

export const importCsvCommand: Command = {
  name: 'import csv',
  summary: 'import contacts from a spreadsheet',
  usage: 'import csv FILE --map FILE --workspace SLUG [--json]',
  operands: true,
  options: { ...WORKSPACE, map: { type: 'string', about: 'JSON file: { "Column heading": "familyName", … }' } },
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    const mapFile = required(invocation, 'map');
    const [file] = invocation.positionals;
    if (file === undefined || invocation.positionals.length > 1) throw new UsageError('Name one CSV file.');
    await mustExist(file);
    await mustExist(mapFile);
    const table = new CsvTable(readCsv(await readFile(file)));
    const asked = readMapping(await readFile(mapFile, 'utf8'));
    return withApp(async (app) => {
      const workspace = await findWorkspace(app, slug);
      const scope = systemScope(workspace.id, 'wardkeep import csv');
      const mapping = checkMapping(table, asked, csvTargets(await app.withWorkspace(scope, contactGate)));
      const report = { rows: table.rowCount, created: 0, matched: 0, unchanged: 0, refused: [] as { line: number; code: string; reason: string }[] };
      await importCsv(app, scope, table, mapping, (outcome) => {
        if (outcome.outcome !== 'refused') report[outcome.outcome as 'created' | 'matched' | 'unchanged'] += 1;
        else report.refused.push({ line: outcome.line ?? 0, code: outcome.code ?? '', reason: outcome.reason ?? '' });
      });
      for (const { line, reason } of report.refused) invocation.out.say(`refused   row ${line}: ${reason}`);
      invocation.out.result(report, `${report.rows} rows: ${report.created} new contacts, ${report.matched} matched, ${report.unchanged} already here, ${report.refused.length} refused.`);
      return report.refused.length > 0 ? EXIT.inputRefused : EXIT.done;
    });
  },
};

async function* everything(paths: readonly string[]): AsyncIterable<Candidate> {
  for await (const path of listFiles(paths)) yield* candidatesOf(path);
}

async function mustExist(path: string): Promise<void> {
  await stat(path).catch(() => {
    throw new UsageError(`${path} is not there or cannot be read.`);
  });
}

function readMapping(text: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((field) => typeof field === 'string')) return value as Record<string, string>;
  } catch {
    // said below, together with JSON of another shape
  }
  throw new UsageError('The map must be a JSON object: { "Column heading": "familyName", … }.');
}
