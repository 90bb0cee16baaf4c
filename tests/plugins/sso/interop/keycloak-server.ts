import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { freePort } from '../../../support/free-port.ts';

/** A real Keycloak: its Quarkus distribution, which Maven brings and keeps in its own local repository. For tests alone. */
const VERSION = '26.4.7';
const ARTIFACT = `org.keycloak:keycloak-quarkus-dist:${VERSION}:tar.gz`;
const STARTING_MAX_MS = 240_000;

export type Keycloak = { readonly origin: string; stop(): Promise<void> };

/** The distribution's archive, or why it cannot be had here. */
export function findKeycloak(): { archive: string } | { missing: string } {
  for (const command of ['mvn', 'java', 'tar']) if (spawnSync(command, ['--version']).error) return { missing: `${command} is not installed` };
  const [, java = '0'] = /version "(\d+)/.exec(String(spawnSync('java', ['-version']).stderr)) ?? [];
  if (Number(java) < 17) return { missing: `Java is ${java}, and 17 is needed` };
  const archive = join(homedir(), '.m2/repository/org/keycloak/keycloak-quarkus-dist', VERSION, `keycloak-quarkus-dist-${VERSION}.tar.gz`);
  if (!existsSync(archive)) spawnSync('mvn', ['-B', '-q', 'dependency:get', `-Dartifact=${ARTIFACT}`, '-Dtransitive=false'], { stdio: 'inherit', timeout: 240_000 });
  return existsSync(archive) ? { archive } : { missing: 'Maven Central did not give the distribution' };
}

/** Unpacked into a folder of its own, started on loopback with this realm; resolves once the realm answers. */
export async function startKeycloak(archive: string, realm: { realm: string }): Promise<Keycloak> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-keycloak-'));
  const unpacked = spawnSync('tar', ['xzf', archive, '-C', folder, '--strip-components=1']);
  if (unpacked.status !== 0) throw new Error(`tar could not unpack Keycloak: ${unpacked.stderr}`);
  await mkdir(join(folder, 'data/import'), { recursive: true });
  await writeFile(join(folder, 'data/import/realm.json'), JSON.stringify(realm));
  const [port, managementPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${port}`; // another site than our own localhost, as providers are
  // A group of its own: the script starts Java below it.
  const child = spawn(join(folder, 'bin/kc.sh'), ['start-dev', '--db=dev-mem', '--import-realm', '--http-host=127.0.0.1', `--http-port=${port}`, `--http-management-port=${managementPort}`], {
    detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1' }, // it lives for a minute: the quick compiler halves its start
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const until = Date.now() + STARTING_MAX_MS;
  while (!(await answers(`${origin}/realms/${realm.realm}`))) {
    if (child.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`Keycloak did not start:\n${said.join('').slice(-4_000)}`);
    }
    await new Promise((done) => setTimeout(done, 500));
  }
  return { origin, stop };
}

const answers = (url: string): Promise<boolean> => fetch(url).then((answer) => answer.ok, () => false);
