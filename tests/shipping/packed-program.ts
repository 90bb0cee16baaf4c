import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { freePort } from '../support/free-port.ts';

// `npm run test:shipping`: the program is packed, and the one file is run where nothing else of the project is, by a user who is not root.
t.setTimeout(280_000);
const root = new URL('../../', import.meta.url).pathname;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
const run = (file: string, args: readonly string[], options: object = {}): Promise<Ran> =>
  new Promise((resolve) => execFile(file, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout: String(stdout), stderr: String(stderr) })));

const folder = mkdtempSync('/var/tmp/wardkeep-packed-'); // not where files cannot be executed, as some machines have /tmp and /dev/shm
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
if (isRoot) chownSync(folder, NOBODY, NOBODY);

const packing = await run(process.execPath, [join(root, 'scripts/pack.ts')], { cwd: root });
t.equal(packing.code, 0, packing.stderr);
const built = /^\/.*wardkeep-\S+$/m.exec(packing.stdout)?.[0] ?? '';
const identity = /^program\s+([0-9a-f]{64})$/m.exec(packing.stdout)?.[1] ?? '';
const wardkeep = join(folder, 'wardkeep');
copyFileSync(built, wardkeep);
chmodSync(wardkeep, 0o755);

const port = await freePort();
const env = { HOME: folder, PATH: '/usr/bin:/bin', WARDKEEP_DATA_DIR: join(folder, 'data'), WARDKEEP_PORT: String(port) };
const command = (...args: string[]): Promise<Ran> => run(wardkeep, args, { cwd: folder, env, ...user });

t.test('its checksum is written beside it, in the form sha256sum reads', async (t) => {
  t.match(await run('sha256sum', ['--check', `${built}.sha256`], { cwd: join(root, 'dist') }), { code: 0, stdout: /OK/ });
});

t.test('the first command unpacks it, later ones do not', async (t) => {
  t.match(await command('--help'), { code: 0, stdout: /serve .*run the appliance/ });
  const cache = join(folder, '.cache/wardkeep');
  t.match(readdirSync(cache), [new RegExp(`-${identity.slice(0, 16)}$`)]);
  t.match(await command('doctor', '--help'), { code: 0 });
  t.equal(readdirSync(cache).length, 1);
});

t.test('it refuses as the program does: production without root keys, a setting nobody knows, a folder others can write to', async (t) => {
  t.match(await command('serve'), { code: 78, stderr: /keys init/ });
  t.match(await run(wardkeep, ['serve'], { cwd: folder, env: { ...env, WARDKEEP_PROT: '1' }, ...user }), { code: 78, stderr: /WARDKEEP_PROT is not a setting/ });
  const open = join(folder, 'open');
  mkdirSync(open);
  if (isRoot) chownSync(open, NOBODY, NOBODY);
  chmodSync(open, 0o777);
  t.match(await run(wardkeep, ['--help'], { cwd: folder, env: { ...env, WARDKEEP_PROGRAM_DIR: open }, ...user }), { code: 78, stderr: /may write to the program's folder .* Delete it/ });
});

t.test('what Node lets the environment do to a program, it does not do to this one', async (t) => {
  const planted = join(folder, 'planted.cjs');
  writeFileSync(planted, `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'ran'))}, '')`);
  chmodSync(planted, 0o644);
  t.match(await run(wardkeep, ['--help'], { cwd: folder, env: { ...env, NODE_OPTIONS: `--require=${planted}` }, ...user }), { code: 0 });
  t.notOk(existsSync(join(folder, 'ran')));
});

t.test('it serves, with the PostgreSQL it carries, proves that it is itself, and stops', async (t) => {
  const { child, ended } = await start(['demo'], 60_000);
  t.teardown(() => child.kill('SIGKILL'));
  t.match(await ask('/health/ready'), { status: 200, body: 'ready\n' });
  t.match(await ask('/sign-in'), { status: 200, body: /<form/ });

  type Attestation = { readonly attestation: { readonly claims: readonly { readonly id: string; readonly status: string; readonly evidence: object }[] } };
  const program = async () => {
    const { code, stdout } = await command('attest', '--workspace', 'willow', '--json');
    return { code, claim: (JSON.parse(stdout) as Attestation).attestation.claims.find(({ id }) => id === 'PRG-1') };
  };
  t.match(await program(), { code: 0, claim: { status: 'proved', evidence: { identity } } });

  const cache = join(folder, '.cache/wardkeep');
  appendFileSync(join(cache, readdirSync(cache)[0] as string, 'core/errors.ts'), '\n');
  const healed = await command('attest', '--workspace', 'willow', '--json');
  t.match(healed, { code: 0, stderr: /were not those of this executable: 1 changed or missing, 0 not its own/ });
  t.equal(readdirSync(cache).length, 2, 'what was there is kept, to be looked at');

  const backup = await command('backup', '--check', '--json', '--out', folder);
  t.equal(backup.code, 0, backup.stderr);
  t.same((JSON.parse(backup.stdout) as { proved: { workspace: string; fault: unknown; failing: unknown[] }[] }).proved.map(({ workspace, fault, failing }) => [workspace, fault, failing]), [['installation', null, []], ['harbor', null, []], ['willow', null, []]]);

  const postgres = Number(readFileSync(join(folder, 'data/postgres/postmaster.pid'), 'utf8').split('\n')[0]);
  t.ok(isRunning(postgres));
  child.kill('SIGTERM');
  t.equal(await ended, 0);
  t.notOk(isRunning(postgres), 'PostgreSQL ended with it');
});

/** Not one that has ended and waits for its parent to take notice. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

async function start(args: string[], patienceMs: number): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(wardkeep, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'], ...user });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => { said += String(chunk); });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 100) {
    if (child.exitCode !== null) break;
    if ((await ask('/health/ready')).status === 200) return { child, ended };
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`It does not answer: ${said}`);
}

function ask(path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const request = get({ host: 'localhost', port, path, rejectUnauthorized: false, headers: { accept: 'text/html' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.once('error', () => resolve({ status: 0, body: '' }));
  });
}
