import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DemoFacts } from '../../core/demo/demo-facts.ts';

/** `wardkeep demo` as its users start it, a process of its own. */
export type DemoProgram = { readonly startedInMs: number; readonly facts: DemoFacts; readonly ca: string; /** Resident memory now, MB; PostgreSQL's processes not counted. */ residentMb(): number; stop(): Promise<void> };

const MAIN = fileURLToPath(new URL('../../bin/wardkeep.js', import.meta.url));
const GIVE_UP_MS = 120_000;

export async function startDemo(dataDir: string, port: number): Promise<DemoProgram> {
  const start = performance.now();
  const child = spawn(process.execPath, [MAIN, 'demo'], { env: { PATH: process.env['PATH'], WARDKEEP_DATA_DIR: dataDir, WARDKEEP_PORT: String(port), WARDKEEP_RATE_SIGNED_IN: 'off', WARDKEEP_RATE_ANONYMOUS: 'off' }, stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
  const caFile = join(dataDir, 'tls', 'ca.pem');
  while (!(existsSync(caFile) && (await answers(port, readFileSync(caFile, 'utf8'))))) {
    if (child.exitCode !== null || performance.now() - start > GIVE_UP_MS) {
      child.kill('SIGINT');
      throw new Error(`the demo did not start: ${said.join('').trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const startedInMs = performance.now() - start;
  const factsFile = join(dataDir, 'demo.json');
  while (!isWritten(factsFile)) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    startedInMs, ca: readFileSync(caFile, 'utf8'), facts: JSON.parse(readFileSync(factsFile, 'utf8')) as DemoFacts,
    residentMb: () => residentMb(child),
    async stop() {
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** The program writes it just after it begins to listen. */
function isWritten(file: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').endsWith('}\n');
}

function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/sign-in', ca, servername: 'localhost', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

function residentMb({ pid }: ChildProcess): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
