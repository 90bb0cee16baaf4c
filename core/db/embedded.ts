import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import pg from 'pg';
import { quoteName } from './migrate.ts';
import { findPostgresBinaries, unprivilegedUser } from './postgres-binaries.ts';

/**
 * The bundled PostgreSQL: a real server in the data folder, on a loopback port of its own, with three roles and passwords that never leave
 * `postgres.json` (mode 0600). A second program beside a running one finds it through that file instead of starting another.
 */
export type EmbeddedUrls = { readonly superuserUrl: string; readonly ownerUrl: string; readonly appUrl: string; readonly jobsUrl: string };
export type Embedded = EmbeddedUrls & { readonly started: boolean; stop(): Promise<void> };

type State = { port: number; /** pid of the program that started the server */ starter: number; passwords: Record<'postgres' | 'wardkeep_owner' | 'wardkeep_app' | 'wardkeep_jobs', string> };

const DATABASE = 'wardkeep';

/** Server settings: nothing a statement carries may reach a log (the catalog check refuses otherwise). */
const SERVER_SETTINGS = [
  'log_statement=none', 'log_min_duration_statement=-1', 'log_parameter_max_length=0', 'log_parameter_max_length_on_error=0', 'log_min_error_statement=panic',
  'log_error_verbosity=terse', 'track_activities=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'password_encryption=scram-sha-256', 'shared_buffers=64MB', 'max_connections=60', 'jit=off',
];

/**
 * Starts it, or joins the one already running on this data folder. `extraFlags` as `name=value`. The server runs in a process group of its
 * own, so that Ctrl-C reaches the program first and the database is stopped last; whoever started it stops it, and a server left behind by a
 * program that was killed is adopted by the next one.
 */
export async function startEmbedded(dataDir: string, extraFlags: readonly string[] = []): Promise<Embedded> {
  const databaseDir = join(dataDir, 'postgres');
  const stateFile = join(dataDir, 'postgres.json');
  await mkdir(dataDir, { recursive: true });
  const state = (await readState(stateFile)) ?? { port: 0, starter: 0, passwords: newPasswords() };
  const { initdb, pg_ctl } = await findPostgresBinaries();
  const user = unprivilegedUser();
  const stop = () => run(pg_ctl, ['stop', '--pgdata', databaseDir, '--mode', 'fast', '--wait', '--silent'], user, databaseDir);

  if (state.port !== 0 && (await answers(urls(state).superuserUrl))) {
    const isOrphan = !isAlive(state.starter);
    if (isOrphan) await writeState(stateFile, { ...state, starter: process.pid });
    return { ...urls(state), started: isOrphan, stop: isOrphan ? stop : async () => undefined };
  }
  const isNew = !(await exists(join(databaseDir, 'PG_VERSION')));
  state.port = await freePort();
  state.starter = process.pid;
  await writeState(stateFile, state);
  if (isNew) {
    await mkdir(databaseDir, { recursive: true, mode: 0o700 });
    if (user.uid !== undefined) await chown(databaseDir, user.uid, user.gid);
    await withPasswordFile(databaseDir, state.passwords.postgres, user, (file) =>
      run(initdb, ['--pgdata', databaseDir, '--username', 'postgres', '--pwfile', file, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--data-checksums'], user, databaseDir));
  }
  const flags = [...SERVER_SETTINGS, `port=${state.port}`, ...extraFlags].map((setting) => `-c ${setting.endsWith('=') ? `${setting}''` : setting}`).join(' ');
  await run(pg_ctl, ['start', '--pgdata', databaseDir, '--wait', '--silent', '--log', join(databaseDir, 'server.log'), '--options', flags], user, databaseDir);
  if (isNew) await createRolesAndDatabase(state);
  return { ...urls(state), started: true, stop };
}

/** @throws with the command's last line; neither initdb nor pg_ctl prints a password. */
async function run(command: string, args: readonly string[], user: { uid?: number; gid?: number }, databaseDir: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { ...user, detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } });
    let last = '';
    child.stderr.on('data', (chunk: Buffer) => { last = (last + chunk.toString('utf8')).slice(-2000); });
    child.on('error', reject);
    // `exit`, not `close`: the server inherits stderr and keeps it open.
    child.on('exit', (code) => {
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`The bundled PostgreSQL's ${basename(command)} failed in ${databaseDir}: ${last.trim().split('\n').at(-1) ?? `exit ${code}`}. Every folder above it must be open to the system user that runs PostgreSQL.`));
    });
  });
}

async function withPasswordFile(databaseDir: string, password: string, user: { uid?: number; gid?: number }, work: (file: string) => Promise<void>): Promise<void> {
  const file = `${databaseDir}.pw`;
  await writeFile(file, password, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(file, user.uid, user.gid);
  try {
    await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

async function writeState(file: string, state: State): Promise<void> {
  await writeFile(file, JSON.stringify(state), { mode: 0o600 });
  await chmod(file, 0o600);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid > 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function urls({ port, passwords }: State): EmbeddedUrls {
  const url = (user: keyof State['passwords']) => `postgres://${user}:${passwords[user]}@127.0.0.1:${port}/${user === 'postgres' ? 'postgres' : DATABASE}`;
  return { superuserUrl: url('postgres'), ownerUrl: url('wardkeep_owner'), appUrl: url('wardkeep_app'), jobsUrl: url('wardkeep_jobs') };
}

async function createRolesAndDatabase(state: State): Promise<void> {
  await asSuperuser(urls(state).superuserUrl, async (client) => {
    for (const role of ['wardkeep_owner', 'wardkeep_app', 'wardkeep_jobs'] as const) {
      await client.query(`create role ${quoteName(role)} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password ${client.escapeLiteral(state.passwords[role])}`);
    }
  });
  await asSuperuser(urls(state).superuserUrl, (client) => client.query('revoke all on database postgres, template1 from public'));
  await createDatabase(urls(state).superuserUrl, DATABASE);
}

/**
 * A database as Wardkeep wants it (docs/postgresql.md gives the same statements for an external server): owned by the owner role, closed to
 * PUBLIC, without the functions below, and with a search_path in which pg_catalog comes first and pg_temp last, so that nothing can be shadowed.
 */
export async function createDatabase(superuserUrl: string, name: string, template?: string): Promise<void> {
  const quoted = quoteName(name);
  await asSuperuser(superuserUrl, async (client) => {
    await client.query(`create database ${quoted} owner wardkeep_owner ${template === undefined ? '' : `template ${quoteName(template)} strategy = file_copy`}`);
    await client.query(`revoke all on database ${quoted} from public`);
    await client.query(`grant connect on database ${quoted} to wardkeep_app, wardkeep_jobs`);
    await client.query(`alter database ${quoted} set search_path = pg_catalog, app, pg_temp`);
  });
  if (template !== undefined) return; // a clone brings the function grants along
  await asSuperuser(withDatabase(superuserUrl, name), (client) => client.query(WITHDRAW_FUNCTIONS));
}

/**
 * Functions PostgreSQL gives to everybody and a run-time role must not have. Large objects live outside row-level security; the names of
 * prepared statements would let one borrower of a connection replace another's; the list of locks tells who is writing; and no session may
 * end another.
 */
const WITHDRAW_FUNCTIONS = `do $$ declare f regprocedure; begin
  for f in select oid::regprocedure from pg_proc where pronamespace = 'pg_catalog'::regnamespace
           and (proname ~ '^(lo_|loread|lowrite)' or proname in ('pg_prepared_statement', 'pg_lock_status', 'pg_terminate_backend', 'pg_cancel_backend')) loop
    execute format('revoke all on function %s from public', f);
  end loop;
end $$`;

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

export async function asSuperuser<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function newPasswords(): State['passwords'] {
  const password = () => randomBytes(24).toString('base64url');
  return { postgres: password(), wardkeep_owner: password(), wardkeep_app: password(), wardkeep_jobs: password() };
}

async function readState(file: string): Promise<State | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read; it holds the bundled PostgreSQL's port and passwords.`, { cause: error });
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false; // nobody there, or somebody else's server on that port
  } finally {
    await client.end();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
