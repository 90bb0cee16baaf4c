import { randomBytes } from 'node:crypto';
import { chown, mkdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { abandonedIn, asideIn } from './aside.ts';
import { isAlive, readState, underLock, writeState, type EmbeddedState } from './embedded-state.ts';
import { quoteName } from './quote-name.ts';
import { withClient } from './single-connection.ts';
import { findPostgresBinaries, unprivilegedUser } from './postgres-binaries.ts';
import { isListening, run, stopServer, watch, type Cluster } from './postgres-server.ts';

/**
 * The bundled PostgreSQL: a real server in the data folder, on a loopback port of its own, with three roles and passwords that never leave
 * `postgres.json` (mode 0600). A second program beside a running one finds it through that file instead of starting another.
 */
export type EmbeddedUrls = { readonly superuserUrl: string; readonly ownerUrl: string; readonly appUrl: string; readonly jobsUrl: string };
export type Embedded = EmbeddedUrls & {
  /** False when it was running already. */
  readonly started: boolean;
  /** Resolves when the server is no more although nobody who uses it has stopped it: killed, or given up on a full disk. Never after `stop()`. */
  readonly gone: Promise<void>;
  stop(): Promise<void>;
};

const DATABASE = 'wardkeep';

/** Server settings: nothing a statement carries may reach a log (the catalog check refuses otherwise). */
const SERVER_SETTINGS = [
  'log_statement=none', 'log_min_duration_statement=-1', 'log_parameter_max_length=0', 'log_parameter_max_length_on_error=0', 'log_min_error_statement=panic',
  'log_error_verbosity=terse', 'track_activities=off', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'password_encryption=scram-sha-256', 'shared_buffers=64MB', 'max_connections=60', 'jit=off',
];

/**
 * Starts it, or joins the one already running on this data folder. `extraFlags` as `name=value`. The server runs in a process group of its
 * own, so that Ctrl-C reaches the program first and the database is stopped last: by the last program to leave. A server left behind by
 * programs that were killed is joined by the next one.
 */
export async function startEmbedded(dataDir: string, extraFlags: readonly string[] = []): Promise<Embedded> {
  const user = unprivilegedUser();
  // Nobody else need list it; the system user that runs PostgreSQL passes through.
  await mkdir(dataDir, { recursive: true, mode: user.uid === undefined ? 0o700 : 0o711 });
  const cluster: Cluster = { dir: join(dataDir, 'postgres'), user, ...(await findPostgresBinaries()) };
  return underLock(dataDir, async () => {
    await sweep(dataDir);
    const known = await readState(dataDir);
    const isRunning = known !== null && !known.isUnfinished && (await answers(urls(known).superuserUrl, cluster.dir));
    const state = isRunning ? { ...known, programs: [...known.programs.filter(isAlive), process.pid] } : await start(dataDir, cluster, known, extraFlags);
    await writeState(dataDir, state);
    const { gone, unwatch } = watch(state.port);
    const stop = () => {
      unwatch();
      return leave(dataDir, cluster, state.port);
    };
    return { ...urls(state), started: !isRunning, gone, stop };
  });
}

/** Removes what killed programs left aside, with the servers that still run on it, as every start does. */
export function clearAbandoned(dataDir: string): Promise<void> {
  return underLock(dataDir, () => sweep(dataDir));
}

async function sweep(dataDir: string): Promise<void> {
  for (const folder of await abandonedIn(dataDir)) {
    const cluster: Cluster = { dir: join(folder, 'postgres'), user: unprivilegedUser(), ...(await findPostgresBinaries()) };
    const state = await readState(folder).catch(() => null); // a file: initdb's password
    if (state !== null && (await answers(urls(state).superuserUrl, cluster.dir))) await stopServer(cluster);
    await rm(folder, { recursive: true, force: true });
  }
}

/** After a power cut it first reads its log anew, which may take minutes; pg_ctl's own limit of one would have it begin again for ever. */
const START_S = 600;

async function start(dataDir: string, cluster: Cluster, known: EmbeddedState | null, extraFlags: readonly string[]): Promise<EmbeddedState> {
  const isThere = await exists(cluster.dir);
  if (isThere && known === null) throw new Error(`${cluster.dir} holds a database, but postgres.json beside it, which held its passwords, is gone. Put it back from a backup.`);
  const isNew = !isThere || known?.isUnfinished === true;
  const state: EmbeddedState = { port: await freePort(), programs: [process.pid], passwords: known?.passwords ?? newPasswords() };
  await writeState(dataDir, isNew ? { ...state, isUnfinished: true } : state);
  if (!isThere) await makeCluster(cluster, state);
  const flags = [...SERVER_SETTINGS, `port=${state.port}`, ...extraFlags].map((setting) => `-c ${setting.endsWith('=') ? `${setting}''` : setting}`).join(' ');
  const startServer = () => run(cluster.pg_ctl, ['start', '--pgdata', cluster.dir, '--wait', '--timeout', String(START_S), '--silent', '--log', join(cluster.dir, 'server.log'), '--options', flags], cluster);
  await startServer().catch(async (error: unknown) => {
    // A server that a killed program was just starting is in the way, on a port or with roles that nobody noted.
    if (!(await exists(join(cluster.dir, 'postmaster.pid')))) throw error;
    await stopServer(cluster);
    await startServer();
  });
  if (isNew) await createRolesAndDatabase(state);
  return state;
}

/** Made beside its place and renamed: initdb outlives a program that is killed, and must not meet the next one's in one folder. */
async function makeCluster(cluster: Cluster, { passwords }: EmbeddedState): Promise<void> {
  const { dir, user, initdb } = cluster;
  const draft = { ...cluster, dir: asideIn(dirname(dir)) };
  await mkdir(draft.dir, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(draft.dir, user.uid, user.gid);
  await withPasswordFile(draft, passwords.postgres, (file) => run(initdb, ['--pgdata', draft.dir, '--username', 'postgres', '--pwfile', file, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--data-checksums'], draft));
  await rename(draft.dir, dir);
}

function leave(dataDir: string, cluster: Cluster, port: number): Promise<void> {
  return underLock(dataDir, async () => {
    const state = await readState(dataDir);
    const own = state?.programs.indexOf(process.pid) ?? -1;
    const others = (state?.programs ?? []).filter((pid, at) => at !== own && isAlive(pid));
    if (others.length === 0 && (await isListening(port))) await stopServer(cluster);
    if (state !== null) await writeState(dataDir, { ...state, programs: others }); // last, since a full disk refuses it
  });
}

async function withPasswordFile({ dir, user }: Cluster, password: string, work: (file: string) => Promise<void>): Promise<void> {
  const file = `${dir}.pw`;
  await writeFile(file, password, { mode: 0o600, flag: 'wx' });
  if (user.uid !== undefined && user.gid !== undefined) await chown(file, user.uid, user.gid);
  try {
    await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

function urls({ port, passwords }: EmbeddedState): EmbeddedUrls {
  const url = (user: keyof EmbeddedState['passwords']) => `postgres://${user}:${passwords[user]}@127.0.0.1:${port}/${user === 'postgres' ? 'postgres' : DATABASE}`;
  return { superuserUrl: url('postgres'), ownerUrl: url('wardkeep_owner'), appUrl: url('wardkeep_app'), jobsUrl: url('wardkeep_jobs') };
}

async function createRolesAndDatabase(state: EmbeddedState): Promise<void> {
  await asSuperuser(urls(state).superuserUrl, async (client) => {
    await client.query(`drop database if exists ${quoteName(DATABASE)}`); // half-made, of a program that was killed
    for (const role of ['wardkeep_owner', 'wardkeep_app', 'wardkeep_jobs'] as const) {
      await client.query(`drop role if exists ${quoteName(role)}`);
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

/** By the superuser's URL. */
export const asSuperuser = withClient;

function newPasswords(): EmbeddedState['passwords'] {
  const password = () => randomBytes(24).toString('base64url');
  return { postgres: password(), wardkeep_owner: password(), wardkeep_app: password(), wardkeep_jobs: password() };
}

/** Whether it is the server of this folder: a copy of a data folder names the port, and has the passwords, of the one it was copied from. */
async function answers(url: string, dir: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return (await realpath((rows[0] as { data_directory: string }).data_directory)) === (await realpath(dir));
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
