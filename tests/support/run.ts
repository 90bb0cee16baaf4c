import { globSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestCluster } from './cluster.ts';
import { groupFiles } from './group-files.ts';
import { createReport } from './report.ts';
import { runFiles, type Run } from './run-files.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import { describeTally, tallyTap } from './tally.ts';

/** `npm test [-- [--timeout=SECONDS] FILE…]`: one PostgreSQL for the whole run, files that are named each a program of its own, the count as the last line. */
const PROGRAM_TIMEOUT_S = 180;
const root = fileURLToPath(new URL('../../', import.meta.url));
const given = process.argv.slice(2);
const timeoutS = /^--timeout=(\d{1,4})$/.test(given[0] ?? '') ? Number(given.shift()?.slice('--timeout='.length)) : PROGRAM_TIMEOUT_S;
const groups = given.length > 0 ? given.map((file) => [file]) : groupFiles(globSync('tests/**/*.test.ts', { cwd: root }).sort(), (file) => readFileSync(join(root, file), 'utf8'));

let interrupted: NodeJS.Signals | null = null;
let running: Run | null = null;
const raw: string[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Test files are process groups of their own: all are told, a second signal ends them, and we stay to clean up after them.
    running?.stop(interrupted === null ? 'SIGINT' : 'SIGKILL');
    interrupted ??= signal;
  });
}

let code = 1;
const scratch = await makeScratchFolder();
process.env['TMPDIR'] = scratch.path; // for the PostgreSQL started here, and for every file
try {
  const cluster = await startTestCluster();
  try {
    if (interrupted === null) {
      const { superuserUrl, ownerUrl, appUrl, jobsUrl } = cluster;
      const report = createReport((line) => console.log(line));
      running = runFiles(groups, {
        cwd: root, timeoutMs: timeoutS * 1_000,
        // What one file has stripped and compiled, the next need not.
        env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/tests'), WARDKEEP_TEST_POSTGRES: JSON.stringify({ superuserUrl, ownerUrl, appUrl, jobsUrl }) },
        line(text) {
          raw.push(text);
          report(text);
        },
      });
      code = (await running.done) ? 0 : 1;
    }
  } finally {
    await cluster.stop();
  }
} catch (error) {
  console.error(error);
  code = 1;
} finally {
  await scratch.remove();
}
const tally = tallyTap(raw);
if (tally.failed > 0 || tally.passed === 0) code ||= 1;
console.log(`# ${groups.flat().length} files in ${(performance.now() / 1000).toFixed(0)} s`);
console.log(describeTally(tally));
process.exitCode = interrupted === null ? code : 128 + constants.signals[interrupted];
