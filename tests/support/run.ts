import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestCluster } from './cluster.ts';
import { describeTally, tallyTap } from './tally.ts';

/** `npm test [-- FILE…]`: one PostgreSQL for the whole run, tap over the files, the count as the last line. */
const root = fileURLToPath(new URL('../../', import.meta.url));
const files = process.argv.length > 2 ? process.argv.slice(2) : globSync('tests/**/*.test.ts', { cwd: root }).sort();

let interrupted: NodeJS.Signals | null = null;
let running: ReturnType<typeof spawn> | null = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // tap and its test files are a process group of their own: all are told, a second signal ends them, and we stay to clean up after them.
    const isSecond = interrupted !== null;
    interrupted ??= signal;
    if (running?.pid !== undefined) process.kill(-running.pid, isSecond ? 'SIGKILL' : 'SIGINT');
  });
}

const work = await mkdtemp(join(tmpdir(), 'wardkeep-run-'));
let line = '0 passed, 0 failed';
let code = 1;
try {
  const cluster = await startTestCluster();
  try {
    if (interrupted === null) code = await runTap(cluster);
  } finally {
    await cluster.stop();
  }
  const tally = tallyTap(await readFile(join(work, 'all.tap'), 'utf8').catch(() => '')); // no file: tap never began, and 0 passed says so
  line = describeTally(tally);
  if (tally.failed > 0 || tally.passed === 0) code ||= 1;
} catch (error) {
  console.error(error);
  code = 1;
} finally {
  await rm(work, { recursive: true, force: true });
}
console.log(`# ${files.length} files in ${(performance.now() / 1000).toFixed(0)} s`);
console.log(line);
process.exitCode = interrupted === null ? code : 128 + constants.signals[interrupted];

async function runTap({ superuserUrl, ownerUrl, appUrl, jobsUrl }: Awaited<ReturnType<typeof startTestCluster>>): Promise<number> {
  const bin = join(root, 'node_modules/tap/dist/esm/run.mjs');
  const options = [`--reporter=${process.stdout.isTTY ? 'terse' : 'dot'}`, `--output-file=${join(work, 'all.tap')}`];
  const child = spawn(process.execPath, [bin, 'run', ...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: { ...process.env, WARDKEEP_TEST_POSTGRES: JSON.stringify({ superuserUrl, ownerUrl, appUrl, jobsUrl }) },
  });
  running = child;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status) => {
      running = null;
      resolve(status ?? 1);
    });
  });
}
