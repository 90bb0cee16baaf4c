import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { basename } from 'node:path';

/** A database's folder, and the programs of PostgreSQL that make it and run a server on it, as the system user they run as. */
export type Cluster = { readonly dir: string; readonly user: { uid?: number; gid?: number }; readonly initdb: string; readonly pg_ctl: string };

const WATCH_MS = 5_000;

/** Resolves `gone` when nobody listens any more. A backend that crashes is the server's own matter, which goes on listening; the server's own end is ours. */
export function watch(port: number): { gone: Promise<void>; unwatch: () => void } {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const look = setInterval(async () => {
    if (await isListening(port)) return;
    clearInterval(look);
    resolve();
  }, WATCH_MS).unref();
  return { gone, unwatch: () => clearInterval(look) };
}

/** Rather than by its process id: whatever runs as the first process of a container has dead ones that nobody takes away. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

export function stopServer(cluster: Cluster): Promise<void> {
  return run(cluster.pg_ctl, ['stop', '--pgdata', cluster.dir, '--mode', 'fast', '--wait', '--silent'], cluster);
}

/** @throws with what the command says of it; neither initdb nor pg_ctl prints a password. */
export async function run(command: string, args: readonly string[], { user, dir }: Cluster): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { ...user, detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } });
    let last = '';
    child.stderr.on('data', (chunk: Buffer) => { last = (last + chunk.toString('utf8')).slice(-2000); });
    child.on('error', reject);
    // `exit`, not `close`: the server inherits stderr and keeps it open.
    child.on('exit', (code) => {
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`The bundled PostgreSQL's ${basename(command)} failed in ${dir} (${reasonIn(last) ?? `exit ${code}`}). The disk must have room, and every folder above be open to the system user that runs PostgreSQL; server.log there may say more.`));
    });
  });
}

/** Not always the last line: behind it initdb tells what it clears up, and pg_ctl where to look. */
function reasonIn(output: string): string | undefined {
  const lines = output.trim().split('\n').filter(Boolean);
  return lines.findLast((line) => /error:|FATAL:|PANIC:|could not/.test(line)) ?? lines.at(-1);
}
