import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemo } from './demo-program.ts';
import { freePort } from '../support/free-port.ts';
import { openHttpLoad, getRequest, postRequest } from './http-load.ts';
import { median, type Result } from './measure.ts';
import type { Bench } from './run.ts';

const LATER_STARTS = 3;
const IDLE_MS = 5_000;
const SOAK_CONNECTIONS = 4;
const SOAK_SLICE_MS = 1_000;

/** From the command line to the first answered request on a new and on an existing folder; memory at rest, and after `soakMinutes` of load. */
export async function benchProgram({ options, say }: Bench): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-start-'));
  await chmod(folder, 0o711);
  try {
    const port = await freePort();
    let program = await startDemo(folder, port);
    const first = program.startedInMs;
    const later: number[] = [];
    for (let nth = 0; nth < LATER_STARTS; nth++) {
      await program.stop();
      program = await startDemo(folder, port);
      later.push(program.startedInMs);
    }
    try {
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const idle = program.residentMb();
      const results: Result[] = [
        absolute('first start of the demo', 's', first / 1000, 8),
        absolute('later start', 's', median(later) / 1000, 3),
        absolute('memory at rest', 'MB', idle, 150),
      ];
      if (options.soakMinutes > 0) {
        say(`Load for ${options.soakMinutes} minute(s) …`);
        results.push(await soak(program, port, options.soakMinutes));
      }
      return results;
    } finally {
      await program.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const absolute = (name: string, unit: string, value: number, atMost: number): Result => ({ name, unit, wardkeep: value, floor: null, score: value, reach: { atMost } });

/** Reads, searches and lists through the API. Growth: the median of the last third of the readings less that of the second third. */
async function soak(program: Awaited<ReturnType<typeof startDemo>>, port: number, minutes: number): Promise<Result> {
  const [workspace] = program.facts.workspaces;
  if (workspace === undefined) throw new Error('the demo made no workspace');
  const headers = { authorization: `Bearer ${workspace.serviceAccount.token}` };
  const ids = await contactIds(port, program.ca, headers);
  const requests = ids.flatMap((id, at) => [
    getRequest(`/api/v1/contacts/${id}`, headers),
    at % 2 === 0 ? getRequest('/api/v1/contacts?limit=25', headers) : postRequest('/api/v1/contacts/search', { q: 'mar' }, headers),
  ]);
  const load = openHttpLoad();
  const resident: number[] = [];
  let answered = 0;
  try {
    for (const end = performance.now() + minutes * 60_000; performance.now() < end;) {
      answered += (await load.run({ port, ca: program.ca, requests, concurrency: SOAK_CONNECTIONS, ms: SOAK_SLICE_MS })).latencies.length;
      resident.push(program.residentMb());
    }
  } finally {
    await load.close();
  }
  const third = Math.floor(resident.length / 3);
  const growth = median(resident.slice(-third)) - median(resident.slice(third, 2 * third));
  return { ...absolute('growth under load', 'MB', growth, 10), note: `${answered} requests in ${minutes} min; ${Math.max(...resident).toFixed(0)} MB at most` };
}

async function contactIds(port: number, ca: string, headers: Record<string, string>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/api/v1/contacts?limit=50', ca, servername: 'localhost', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve((JSON.parse(Buffer.concat(chunks).toString('utf8')) as { items: { id: string }[] }).items.map(({ id }) => id)));
    }).on('error', reject).end();
  });
}
