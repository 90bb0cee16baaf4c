import { spawn, type ChildProcess } from 'node:child_process';
import { globSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startTestCluster, type TestCluster } from './cluster.ts';
import { createReport } from './report.ts';
import { describeTally, tallyTap } from './tally.ts';

/** `npm test [-- FILE…]`: one PostgreSQL for the whole run, tap over the files, the count as the last line. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const files = process.argv.length > 2 ? process.argv.slice(2) : globSync('tests/**/*.test.ts', { cwd: root }).sort();

let interrupted: NodeJS.Signals | null = null;
let running: ChildProcess | null = null;
const raw: string[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // tap and its test files are a process group of their own: all are told, a second signal ends them, and we stay to clean up after them.
    const isSecond = interrupted !== null;
    interrupted ??= signal;
    if (running?.pid !== undefined) process.kill(-running.pid, isSecond ? 'SIGKILL' : 'SIGINT');
  });
}

let code = 1;
try {
  const cluster = await startTestCluster();
  try {
    if (interrupted === null) code = await runTap(cluster);
  } finally {
    await cluster.stop();
  }
} catch (error) {
  console.error(error);
  code = 1;
}
const tally = tallyTap(raw);
if (tally.failed > 0 || tally.passed === 0) code ||= 1;
console.log(`# ${files.length} files in ${(performance.now() / 1000).toFixed(0)} s`);
console.log(describeTally(tally));
process.exitCode = interrupted === null ? code : 128 + constants.signals[interrupted];

async function runTap({ superuserUrl, ownerUrl, appUrl, jobsUrl }: TestCluster): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'node_modules/tap/dist/esm/run.mjs'), 'run', '--reporter=tap', ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, WARDKEEP_TEST_POSTGRES: JSON.stringify({ superuserUrl, ownerUrl, appUrl, jobsUrl }) },
  });
  running = child;
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
  const report = createReport((line) => console.log(line));
  for await (const line of createInterface({ input: child.stdout })) {
    raw.push(line);
    report(line);
  }
  const status = await ended;
  running = null;
  return status;
}
