import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemScope } from '../../core/db/scope.ts';
import { renderCcd } from '../../core/demo/ccda.ts';
import { generatePractice } from '../../core/demo/generate.ts';
import { addOutcome, candidatesOf, emptyReport, importCandidates, listFiles, type Candidate } from '../../core/practice/documents/import-files.ts';
import { createPeople } from '../support/people.ts';
import { median, timed, type Result } from './measure.ts';
import type { Bench } from './run.ts';

const TODAY = '2026-01-15';
const SAMPLES = fileURLToPath(new URL('../../../shared/data/ccda/samples', import.meta.url));

/** C-CDA documents read, matched, sealed and filed, each in its own transaction, into an empty workspace: our own, and real ones where there are any. */
export async function benchDocumentImport(bench: Bench): Promise<Result[]> {
  const results = [await importRate(bench, 'import of generated C-CDA', await generatedDocuments())];
  if (existsSync(SAMPLES)) results.push(await importRate(bench, 'import of sample C-CDA', await sampleDocuments()));
  return results;
}

async function importRate({ installation: { app }, options }: Bench, name: string, documents: readonly Candidate[]): Promise<Result> {
  const rates: number[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const { workspaceId } = await createPeople(app, `import-${randomUUID().slice(0, 8)}`);
    const report = emptyReport();
    const ms = await timed(() => importCandidates(app, systemScope(workspaceId, 'bench'), stream(documents), (outcome) => addOutcome(report, outcome)));
    if (report.files !== documents.length || report.imported === 0) throw new Error(`of ${documents.length} documents ${report.imported} were imported`);
    rates.push((documents.length / ms) * 1000);
  }
  const bytes = documents.reduce((sum, document) => sum + ('bytes' in document ? document.bytes.length : 0), 0) / documents.length;
  return { name, unit: 'documents/s', wardkeep: median(rates), floor: null, score: median(rates), reach: { atLeast: 40 }, note: `${documents.length} documents of ${(bytes / 1024).toFixed(0)} KiB on average` };
}

async function* stream(documents: readonly Candidate[]): AsyncGenerator<Candidate> {
  yield* documents;
}

async function generatedDocuments(): Promise<Candidate[]> {
  const ownerId = randomUUID();
  const { patients, profile } = generatePractice({ seed: 'bench', slug: 'bench', patients: 150, today: TODAY, staff: [{ id: ownerId, role: 'MANAGER' }] });
  return patients.filter(({ history }) => history.conditions.length > 0).map((patient) => ({
    file: `${patient.mrn}.xml`,
    bytes: Buffer.from(renderCcd({ patient, profile, author: { id: ownerId, given: 'Jordan', family: 'Ellis' }, writtenAt: `${TODAY}T12:00:00Z` }), 'utf8'),
  }));
}

async function sampleDocuments(): Promise<Candidate[]> {
  const documents: Candidate[] = [];
  for await (const path of listFiles([SAMPLES])) for await (const candidate of candidatesOf(path)) documents.push(candidate);
  return documents;
}
