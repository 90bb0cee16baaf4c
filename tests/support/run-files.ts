import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs test files as the plain programs they are, or those of a group in one, a few programs at a time, and hands on their TAP one program after
 * the other: its own lines indented below a line of its own, as TAP nests subtests. tap's runner would load its compiler and its mocks into every
 * process, which costs several times what most files do.
 */
export type RunFiles = { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeoutMs: number; readonly jobs?: number; line(text: string): void };
export type Run = { /** True when every group passed. */ readonly done: Promise<boolean>; /** Sends the signal to all that runs and starts nothing more. */ stop(signal: NodeJS.Signals): void };

const SEVERAL = fileURLToPath(new URL('several-files.ts', import.meta.url));

/** More than cores: files wait for PostgreSQL, browsers and clocks. */
const JOBS = availableParallelism() + 1;

/** @param groups files of one group share a process (group-files.ts) */
export function runFiles(groups: readonly (readonly string[])[], { cwd, env, timeoutMs, jobs = JOBS, line }: RunFiles): Run {
  const waiting = [...groups];
  const running = new Set<number>();
  let isStopped = false;
  let ended = 0;
  let isGood = true;

  const send = (pid: number, signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal); // the file and what it started
    } catch {
      // It has ended meanwhile.
    }
  };

  const runOne = (files: readonly string[]): Promise<void> => new Promise((resolve) => {
    const name = nameOf(files);
    const startedAt = performance.now();
    const child = spawn(process.execPath, files.length === 1 ? [...files] : [SEVERAL, ...files], { cwd, env: { ...env, TAP: '1', TAP_TIMEOUT: String(timeoutMs / 1000) }, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const pid = child.pid ?? 0;
    if (pid !== 0) running.add(pid);
    let output = '';
    let note = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const late = setTimeout(() => {
      note = `, ended after ${timeoutMs / 1000} s`;
      send(pid, 'SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => (note = `, ${error.message}`));
    child.on('close', (code, signal) => {
      clearTimeout(late);
      if (running.delete(pid)) send(pid, 'SIGKILL'); // a browser or server that a crashed test left behind
      if (code !== 0 && note === '') note = signal === null ? `, exit code ${code}` : `, ${signal}`;
      ended += 1;
      const lines = output.split('\n').filter((text) => text !== '' && text !== 'TAP version 14');
      const [, planned, reason] = lines.map((text) => /^1\.\.(\d+)(?: # (?:SKIP )?(.*))?$/i.exec(text)).find((plan) => plan !== null) ?? [];
      const skipped = planned === '0' ? reason : undefined;
      const hasPassed = code === 0 && (planned !== undefined && planned !== '0' || skipped !== undefined);
      if (code === 0 && !hasPassed) note = ', held no test';
      isGood &&= hasPassed;
      line(`# Subtest: ${name}`);
      for (const text of lines) line(`    ${text}`);
      line(`${hasPassed ? 'ok' : 'not ok'} ${ended} - ${name} # ${hasPassed && skipped !== undefined ? `SKIP ${skipped}` : `time=${Math.round(performance.now() - startedAt)}ms${note}`}`);
      resolve();
    });
  });

  const work = async (): Promise<void> => {
    for (let files = waiting.shift(); files !== undefined && !isStopped; files = waiting.shift()) await runOne(files);
  };
  return {
    done: Promise.all(Array.from({ length: Math.min(jobs, groups.length) }, work)).then(() => isGood && !isStopped),
    stop(signal) {
      isStopped = true;
      for (const pid of running) send(pid, signal);
    },
  };
}

/** `tests/auth/{session,totp}.test.ts` */
function nameOf(files: readonly string[]): string {
  const [first = ''] = files;
  if (files.length === 1) return first;
  const ending = files.every((file) => file.endsWith('.test.ts')) ? '.test.ts' : '';
  return `${posix.dirname(first)}/{${files.map((file) => posix.basename(file, ending)).join(',')}}${ending}`;
}
