import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lutimes, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import t, { type Test } from 'tap';
import { asideIn } from '../../core/db/aside.ts';
import { clearAbandoned, startEmbedded } from '../../core/db/embedded.ts';

t.test('the bundled PostgreSQL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-embedded-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const ask = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows[0] as Record<string, unknown>;
    } finally {
      await client.end();
    }
  };

  const first = await startEmbedded(folder, ['fsync=off']);
  try {
    t.ok(first.started);
    t.equal((await stat(join(folder, 'postgres.json'))).mode & 0o777, 0o600, 'its passwords are for the owner of the folder');
    const second = await startEmbedded(folder, ['fsync=off']);
    t.notOk(second.started, 'a second program joins the running one');
    t.equal(second.appUrl, first.appUrl);
    await second.stop();
    t.match(await ask(first.appUrl, 'select current_user as role'), { role: 'wardkeep_app' }, 'which goes on after the second has left');
    t.match(await ask(first.appUrl, `select current_setting('listen_addresses') as "at", current_setting('log_statement') as log, current_setting('track_activities') as shown`), { at: '127.0.0.1', log: 'none', shown: 'off' });
    await t.rejects(ask(first.appUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1'), { code: '28P01' });
    await t.rejects(ask(first.appUrl.replace(/\/wardkeep$/, '/postgres'), 'create temporary table x ()'), 'nor is there another database to work in');
  } finally {
    await first.stop();
  }
  const again = await startEmbedded(folder, ['fsync=off']);
  try {
    t.ok(again.started, 'and starts again on the same data');
    t.match(await ask(again.appUrl, 'select current_database() as name'), { name: 'wardkeep' });
  } finally {
    await again.stop();
  }
});

t.setTimeout(180_000); // several servers are made, and on a busy machine each takes its time

/** A folder that the system user who runs PostgreSQL can reach. */
async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-embedded-'));
  await chmod(folder, 0o755);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const MODULE = new URL('../../core/db/embedded.ts', import.meta.url).href;
/** A program of its own that starts or joins, says so, and leaves at the end of its input. */
function program(folder: string): { exit: Promise<number | null>; started: Promise<void>; child: ReturnType<typeof spawn> } {
  const code = `const { startEmbedded } = await import(${JSON.stringify(MODULE)}); const server = await startEmbedded(${JSON.stringify(folder)}, ['fsync=off']); console.log('up'); for await (const _ of process.stdin); await server.stop();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, exit: new Promise((resolve) => child.on('exit', resolve)), started: new Promise((resolve) => child.stdout.once('data', () => resolve())) };
}

t.test('programs that start at once on an empty folder share one server, and the last to leave stops it', async (t) => {
  const folder = await makeFolder(t);
  const [first, second] = [program(folder), program(folder)];
  await Promise.all([first.started, second.started]);
  const state = JSON.parse(await readFile(join(folder, 'postgres.json'), 'utf8')) as { programs: number[] };
  t.same([...state.programs].sort(), [first.child.pid, second.child.pid].sort());
  first.child.stdin?.end();
  t.equal(await first.exit, 0);
  const own = await startEmbedded(folder);
  t.notOk(own.started, 'the server outlives whoever of them leaves first');
  await own.stop();
  second.child.stdin?.end();
  t.equal(await second.exit, 0);
  await t.rejects(stat(join(folder, 'postgres', 'postmaster.pid')), { code: 'ENOENT' }, 'nothing is left running');
});

t.test('a first start that was killed is begun anew', async (t) => {
  for (const made of ['postgres.json', 'postgres/server.log']) {
    const folder = await makeFolder(t);
    const killed = program(folder);
    while (!existsSync(join(folder, made))) await new Promise((resolve) => setTimeout(resolve, 5));
    killed.child.kill('SIGKILL');
    await killed.exit;
    const again = await startEmbedded(folder, ['fsync=off']);
    t.ok(again.started, `killed as soon as ${made} was there`);
    const client = new pg.Client({ connectionString: again.appUrl });
    await client.connect();
    await client.end();
    await again.stop();
  }
});

t.test('a lock whose holder is gone, or silent, keeps nobody out', async (t) => {
  const folder = await makeFolder(t);
  const lock = join(folder, 'postgres.lock');
  await symlink('2147483646', lock);
  const first = await startEmbedded(folder, ['fsync=off']);
  await first.stop();
  await symlink(String(process.pid), lock);
  const long = new Date(Date.now() - 60_000);
  await lutimes(lock, long, long);
  const second = await startEmbedded(folder, ['fsync=off']);
  t.ok(second.started);
  await second.stop();
});

t.test('a server that ended by itself is told of, once; one that was stopped is not', async (t) => {
  const folder = await makeFolder(t);
  const first = await startEmbedded(folder, ['fsync=off']);
  process.kill(Number((await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]), 'SIGKILL');
  t.not(await Promise.race([first.gone, sleep(30_000, 'silent')]), 'silent');
  await first.stop(); // there is nothing to stop any more
  const again = await startEmbedded(folder, ['fsync=off']);
  t.ok(again.started, 'and the next start brings it back');
  await again.stop();
  t.equal(await Promise.race([again.gone, sleep(5_000, 'silent')]), 'silent');
});

t.test('what a killed program left aside is cleared, with the server it left running on it', async (t) => {
  const folder = await makeFolder(t);
  const [mine, left, draft] = [asideIn(folder), join(folder, 'aside-2147483646-0a'), join(folder, 'aside-2147483646-0b.pw')];
  await mkdir(mine, { mode: 0o755 });
  await writeFile(draft, 'password');
  await mkdir(left, { mode: 0o755 });
  const { appUrl } = await startEmbedded(left, ['fsync=off']); // never stopped
  await clearAbandoned(folder);
  t.same(await readdir(folder), [basename(mine)]);
  await t.rejects(new pg.Client({ connectionString: appUrl }).connect(), { code: 'ECONNREFUSED' });
});

t.test('a command that fails says why, and not what it does behind that', async (t) => {
  const folder = await makeFolder(t);
  const server = await startEmbedded(folder, ['fsync=off']);
  await server.stop();
  await rename(join(folder, 'postgres', 'pg_wal'), join(folder, 'pg_wal'));
  await t.rejects(startEmbedded(folder), { message: /pg_ctl: could not start server.*server\.log/ });
});

t.test('a database without its passwords is left alone', async (t) => {
  const folder = await makeFolder(t);
  const server = await startEmbedded(folder, ['fsync=off']);
  await server.stop();
  await rm(join(folder, 'postgres.json'));
  await t.rejects(startEmbedded(folder), { message: /postgres\.json/ });
});
