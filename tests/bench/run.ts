import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { openInstallation, type Installation } from './bench-installation.ts';
import { takeSample, type ContactSample } from './contact-sample.ts';
import { benchAuditVerification } from './audit-verification.ts';
import { benchAuditedWrite } from './audited-write.ts';
import { benchContactRead } from './contact-read.ts';
import { benchContactSearch } from './contact-search.ts';
import { benchDocumentImport } from './document-import.ts';
import { openHttpLoad, type HttpLoad } from './http-load.ts';
import type { Result } from './measure.ts';
import { benchProgram } from './program-start.ts';
import { table } from './report.ts';
import { startServers, type Servers } from './servers.ts';

/** `npm run bench [-- MEASURE…]`: what docs/performance.md explains. */
export type BenchOptions = { readonly rounds: number; readonly sliceMs: number; readonly soakMinutes: number };
/** What every measure is given. */
export type Bench = { readonly installation: Installation; readonly servers: Servers; readonly load: HttpLoad; readonly sample: ContactSample; readonly options: BenchOptions; say(line: string): void };

const MEASURES: Readonly<Record<string, (bench: Bench) => Promise<Result[]>>> = {
  read: benchContactRead,
  write: benchAuditedWrite,
  search: benchContactSearch,
  verify: benchAuditVerification,
  import: benchDocumentImport,
  program: benchProgram,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    contacts: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' }, slice: { type: 'string', default: '3' }, soak: { type: 'string', default: '1' },
    out: { type: 'string', default: 'dist/bench.json' },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(MEASURES);
const unknown = chosen.filter((name) => !(name in MEASURES));
if (unknown.length > 0) throw new Error(`No measure is called ${unknown.join(', ')}. There are: ${Object.keys(MEASURES).join(', ')}.`);

const say = (line: string) => void process.stderr.write(`${line}\n`);
const installation = await openInstallation({ keepIn: process.env['WARDKEEP_BENCH_DIR'] ?? null, contacts: Number(values.contacts), say });
const load = openHttpLoad();
const servers = await startServers(installation);
const results: Result[] = [];
try {
  const bench: Bench = { installation, servers, load, say, sample: await takeSample(installation), options: { rounds: Number(values.rounds), sliceMs: Number(values.slice) * 1000, soakMinutes: Number(values.soak) } };
  for (const name of chosen) {
    say(`${name} …`);
    const measured = await (MEASURES[name] as (bench: Bench) => Promise<Result[]>)(bench);
    say(table(measured));
    results.push(...measured);
  }
} catch (error) {
  say(String((error as Error).stack)); // now: what follows may take a while
  process.exitCode = 1;
} finally {
  await load.close();
  await servers.close();
  await installation.close();
}
process.stdout.write(table(results));
await mkdir(dirname(values.out), { recursive: true });
await writeFile(values.out, `${JSON.stringify({ at: new Date().toISOString(), contacts: installation.contacts, load: loadavg(), results }, null, 2)}\n`);
