import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

/**
 * Runs a pod's one container as a kubelet would have it run: its arguments and environment and nothing else, as its user, without capabilities,
 * first in process, mount and IPC namespaces of its own, on a read-only root, with its volumes at their mounts and in the modes a kubelet gives
 * them. For the image stands this machine's system with the source tree at /opt/wardkeep; the network is the machine's.
 */
export type PodSpec = {
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number; readonly fsGroup: number };
  readonly containers: readonly [Container];
  readonly volumes: readonly Volume[];
};
type Container = {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
};
type Volume = {
  readonly name: string;
  readonly emptyDir?: object;
  readonly projected?: { readonly defaultMode: number; readonly sources: readonly { readonly secret: { readonly name: string; readonly items: readonly { readonly key: string; readonly path: string }[] } }[] };
};

export type Cluster = {
  /** By name: what the operator made. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders of claims, by the volume's name; they outlive the pod. */
  readonly claims: Readonly<Record<string, string>>;
  /** What the chart fixes and one machine cannot give twice: the port. */
  readonly env: Readonly<Record<string, string>>;
};

export type RunningPod = {
  output(): string;
  /** To the program, as a kubelet sends it. */
  send(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** The program's exit code; 128 + signal after one. */
  readonly ended: Promise<number>;
};

const PROGRAM = fileURLToPath(new URL('../../', import.meta.url));

/** Why pods cannot be run here, or null. */
export function whyNoPods(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can run a pod';
  return spawnSync('unshare', ['--mount', '--pid', '--ipc', '--fork', 'true']).status === 0 ? null : 'this machine gives no namespaces';
}

/** The folder of a new claim, as a kubelet hands it on: open to the pod's group, which new files belong to. */
export function makeClaim(t: Pick<Test, 'teardown'>, gid: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'wardkeep-claim-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return openToGroup(folder, gid, 0o2775);
}

export function runPod(t: Pick<Test, 'teardown'>, spec: PodSpec, cluster: Cluster): RunningPod {
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext;
  const [{ args, env, volumeMounts, securityContext }] = spec.containers;
  const place = mkdtempSync(join(tmpdir(), 'wardkeep-pod-'));
  const root = join(place, 'root');
  const volumeOf = new Map(spec.volumes.map((volume) => [volume.name, makeVolume(join(place, volume.name), volume, cluster, fsGroup)]));
  for (const [name, folder] of Object.entries(cluster.claims)) volumeOf.set(name, folder);

  const script = ['set -e', 'mount --make-rprivate /', ...makeRoot(root)];
  for (const { mountPath } of volumeMounts) mkdirSync(join(root, mountPath), { recursive: true });
  script.push(`mount --bind ${root} ${root}`, ...['/usr', '/dev'].map((path) => `mount --rbind ${path} ${root}${path}`), `mount --bind ${PROGRAM} ${root}/opt/wardkeep`, `mount -t proc proc ${root}/proc`);
  if (securityContext.readOnlyRootFilesystem) script.push(...['', '/usr', '/opt/wardkeep'].map((path) => `mount -o remount,bind,ro ${root}${path}`));
  for (const { name, mountPath, readOnly } of volumeMounts) {
    const folder = volumeOf.get(name);
    if (folder === undefined) throw new Error(`The pod mounts ${name}, which is no volume of its.`);
    script.push(`mount --bind ${folder} ${root}${mountPath}`, ...(readOnly === true ? [`mount -o remount,bind,ro ${root}${mountPath}`] : []));
  }
  script.push('exec "$@"');

  const variables = { PATH: '/opt/wardkeep/node_modules/.bin:/usr/bin:/bin', HOME: '/nonexistent', HOSTNAME: 'wardkeep-0', KUBERNETES_SERVICE_HOST: '10.96.0.1', ...Object.fromEntries(env.map(({ name, value }) => [name, value])), ...cluster.env };
  const command = [
    'chroot', root, 'setpriv', `--reuid=${runAsUser}`, `--regid=${runAsGroup}`, `--groups=${fsGroup}`, '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all',
    'env', '-i', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`), 'node', '/opt/wardkeep/bin/wardkeep.js', ...args,
  ];
  const child = spawn('unshare', ['--mount', '--pid', '--ipc', '--fork', 'sh', '-c', script.join('\n'), 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]) => code as number);
  const send = (signal: NodeJS.Signals): void => {
    // The namespace's first process is unshare's one child; when it goes, everything in the namespace does.
    const [pid] = existsSync(`/proc/${child.pid}`) ? readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean) : [];
    if (pid !== undefined) process.kill(Number(pid), signal);
  };
  t.teardown(async () => {
    send('SIGKILL');
    await ended;
    rmSync(place, { recursive: true, force: true });
  });
  return { output: () => said, send, ended };
}

/** An empty root that has what an image has, and the lines that cannot be done before the mounts. */
function makeRoot(root: string): string[] {
  for (const folder of ['usr', 'dev', 'proc', 'etc', 'tmp', 'opt/wardkeep']) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(root, name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nwardkeep:x:10001:10001::/nonexistent:/usr/sbin/nologin\n'); // as helm/Dockerfile has it
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  chmodSync(dirname(root), 0o755);
  return existsSync('/etc/ld.so.cache') ? [`cp /etc/ld.so.cache ${root}/etc/`] : [];
}

function makeVolume(folder: string, { name, emptyDir, projected }: Volume, { secrets }: Cluster, gid: number): string {
  mkdirSync(folder);
  if (emptyDir !== undefined) return openToGroup(folder, gid, 0o2777);
  for (const { secret } of projected?.sources ?? []) {
    for (const { key, path } of secret.items) {
      const value = secrets[secret.name]?.[key];
      if (value === undefined) throw new Error(`The pod's volume ${name} wants ${key} of the Secret ${secret.name}, which has none: a kubelet would wait for it for ever.`);
      writeFileSync(join(folder, path), value);
      openToGroup(join(folder, path), gid, projected?.defaultMode ?? 0o644);
    }
  }
  return openToGroup(folder, gid, 0o2755);
}

function openToGroup(path: string, gid: number, mode: number): string {
  chownSync(path, 0, gid);
  chmodSync(path, mode);
  return path;
}
