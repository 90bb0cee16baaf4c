import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createRootKeyFile } from '../../core/crypto/root-key-file.ts';
import { freePort } from '../support/free-port.ts';

const MAIN = fileURLToPath(new URL('../../core/main.ts', import.meta.url));
t.setTimeout(120_000);

async function installation(t: Test): Promise<{ folder: string; env: NodeJS.ProcessEnv; isUp: () => boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-stop-'));
  await chmod(folder, 0o711); // as root, PostgreSQL runs as another user and must reach its folder
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await createRootKeyFile(join(folder, 'root.key'));
  const env = { ...process.env, WARDKEEP_DATA_DIR: folder, WARDKEEP_PORT: String(await freePort()), WARDKEEP_LOG_LEVEL: 'error' };
  return { folder, env, isUp: () => existsSync(join(folder, 'postgres', 'postmaster.pid')) };
}

t.test('asked to stop while it is still starting, the program stops in order, its PostgreSQL included', async (t) => {
  const { env, isUp } = await installation(t);
  const program = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: 'ignore' });
  const exited = once(program, 'exit');
  while (!isUp()) await sleep(10);
  program.kill('SIGINT');
  t.same(await exited, [0, null]);
  t.notOk(isUp());
});

/** Loaded in front of the program: an error that nobody handles, when asked for. */
const FAIL_WHEN_ASKED = `data:text/javascript,process.on('SIGUSR2', () => void Promise.reject(Object.assign(new TypeError('Achter' + 'berg'), { code: 'ODD' })))`;

t.test('an error that nobody handled is logged without its message, and the program stops in order', async (t) => {
  const { env, isUp } = await installation(t);
  const program = spawn(process.execPath, ['--import', FAIL_WHEN_ASKED, MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(program, 'exit');
  let [said, logged] = ['', ''];
  program.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  program.stderr.on('data', (chunk: Buffer) => { logged += chunk.toString(); });
  while (!said.includes('Wardkeep answers') && program.exitCode === null) await sleep(20);
  program.kill('SIGUSR2');
  t.same(await exited, [1, null]);
  t.notOk(isUp());
  t.match(JSON.parse(logged), { level: 'error', message: 'an error that nobody handled', err: { name: 'TypeError', code: 'ODD' } });
  t.notMatch(logged, 'Achterberg');
  t.match(said, 'Stopping.');
});

t.test('a program whose PostgreSQL has ended ends as well, for whoever runs it to start both again', async (t) => {
  const { folder, env } = await installation(t);
  const program = spawn(process.execPath, [MAIN, 'serve', '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(program, 'exit');
  let [said, logged] = ['', ''];
  program.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  program.stderr.on('data', (chunk: Buffer) => { logged += chunk.toString(); });
  while (!said.endsWith('}\n') && program.exitCode === null) await sleep(20);
  t.match(JSON.parse(said), { url: /^https:/, caFile: /ca\.pem$/, setup: { url: /\/setup\// } }, 'a machine that starts it is told the setup link, too');
  process.kill(Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
  t.same(await exited, [1, null]);
  t.match(logged, '"message":"The bundled PostgreSQL has ended"');
});

t.test('a command that is interrupted takes its PostgreSQL along', async (t) => {
  for (const [words, signal, code] of [[['workspace', 'list'], 'SIGINT', 130], [['migrate'], 'SIGTERM', 143]] as const) {
    const { env, isUp } = await installation(t);
    const program = spawn(process.execPath, [MAIN, ...words], { env, stdio: 'ignore' });
    const exited = once(program, 'exit');
    while (!isUp()) await sleep(10);
    program.kill(signal);
    t.same(await exited, [code, null], words.join(' '));
    t.notOk(isUp());
  }
});
