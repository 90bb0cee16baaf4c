import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// What tests/shipping/ansible.ts leaves out: the role under a systemd at work, its unit with all it forbids, upgrades, and the way back. The
// machine is this one's own system in a container of systemd-nspawn (Debian: systemd-container), over it a layer in memory, without a network.
t.setTimeout(280_000);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TREE = '/srv/wardkeep/';
const FILES = '/srv/files';
const missing = process.getuid?.() !== 0 ? 'only root can start a container' : ['ansible-playbook', 'systemd-nspawn'].filter((command) => spawnSync(command, ['--version']).status !== 0).map((command) => `no ${command} on this machine`).join(', ');
if (missing !== '') {
  if (process.env['CI'] === 'true') t.fail(`needed and not there: ${missing}`);
  else t.pass('the role under systemd', { skip: missing });
  process.exit();
}

const scratch = mkdtempSync(join(tmpdir(), 'wardkeep-machine-'));
chmodSync(scratch, 0o755);
for (const name of ['system', 'files']) mkdirSync(join(scratch, name));
t.teardown(() => rmSync(scratch, { recursive: true, force: true }));

const machine = spawn('unshare', ['--mount', 'sh', '-c', `mount --make-rprivate / && mount --bind / ${join(scratch, 'system')} && exec systemd-nspawn "$@"`, 'sh',
  `--directory=${join(scratch, 'system')}`, '--volatile=overlay', `--bind-ro=${ROOT}:${TREE}`, `--bind-ro=${join(scratch, 'files')}:${FILES}`, '--private-network',
  '--register=no', '--keep-unit', '--link-journal=no', `--uuid=${randomBytes(16).toString('hex')}`, '--console=pipe', '--boot', 'systemd.unit=basic.target'], { stdio: 'ignore' });
t.teardown(async () => {
  spawnSync('kill', [leader()]);
  machine.kill('SIGTERM');
  if (machine.exitCode === null) await new Promise((resolve) => machine.once('exit', resolve));
});

function leader(): string {
  return spawnSync('pgrep', ['--parent', String(machine.pid)], { encoding: 'utf8' }).stdout.trim();
}

type Ran = { readonly status: number | null; readonly stdout: string; readonly stderr: string };
const inside = (...command: string[]): Ran => spawnSync('nsenter', ['--target', leader(), '--all', 'env', '-i', 'PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LC_ALL=C.UTF-8', 'ANSIBLE_PIPELINING=true', ...command], { encoding: 'utf8', timeout: 200_000 });
const shell = (script: string): string => inside('sh', '-c', script).stdout.trim();
/** The setup link is not looked at here, and must not be shown by the play. */
const link = /\/setup\/[\w.-]{20}/;

type Program = { readonly variables: Record<string, unknown>; readonly name: string };
function program(version: string, does: string): Program {
  const file = `wardkeep-${version}-linux-x64`;
  writeFileSync(join(scratch, 'files', file), `#!/bin/sh\n# ${version}\n${does}\n`, { mode: 0o755 });
  const sha256 = createHash('sha256').update(readFileSync(join(scratch, 'files', file))).digest('hex');
  return { variables: { wardkeep_program: `${FILES}/${file}`, wardkeep_program_sha256: sha256 }, name: `${file}-${sha256.slice(0, 12)}` };
}

function play(variables: object): { ok: boolean; changed: number; output: string } {
  const all = { wardkeep_url: 'https://localhost', wardkeep_port: 443, ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3', ...variables };
  writeFileSync(join(scratch, 'files/inventory.json'), JSON.stringify({ wardkeep: { hosts: { 'records.example.org': all } } }));
  const { status, stdout, stderr } = inside('ansible-playbook', '--inventory', `${FILES}/inventory.json`, `${TREE}ansible/site.yml`);
  const output = stdout + stderr;
  return { ok: status === 0, changed: Number(/ changed=(\d+) /.exec(output)?.[1] ?? -1), output };
}

const serves = `exec ${process.execPath.replace(ROOT, TREE)} ${TREE}bin/wardkeep.js "$@"`;
const [first, broken, later] = [program('0.1.0', serves), program('0.2.0', `[ "$1" != serve ] || { echo 'It cannot run.'; echo https://localhost/setup/${'x'.repeat(40)}; exit 78; }`), program('0.3.0', serves)];
const linked = (name: string): string => shell(`readlink /opt/wardkeep/${name}`);
const isActive = (): string => shell('systemctl is-active wardkeep.service');

// No further than basic.target: without the services of this machine.
for (let waitedMs = 0; waitedMs < 30_000 && inside('systemctl', 'is-active', '--quiet', 'basic.target').status !== 0; waitedMs += 200) await sleep(200);

t.test('installs, starts, says where the setup link is; a second run changes nothing', async (t) => {
  const install = play(first.variables);
  t.ok(install.ok, 'the play', { output: install.output });
  t.match(install.output, 'this installation was empty. The link for its first administrator is in the journal');
  t.notMatch(install.output, link);
  t.match(shell('journalctl --unit=wardkeep.service --output=cat'), link);
  t.equal(isActive(), 'active');
  const again = play(first.variables);
  t.same({ ok: again.ok, changed: again.changed }, { ok: true, changed: 0 }, 'again', { output: again.output });
});

t.test('the service has what the unit leaves it, and no secret in its environment', async (t) => {
  const pid = shell('systemctl show --property=MainPID --value wardkeep.service');
  const status = shell(`cat /proc/${pid}/status`);
  t.match(status, /^NoNewPrivs:\t1$/m);
  t.match(status, /^CapBnd:\t0000000000000400$/m, 'CAP_NET_BIND_SERVICE alone, for port 443');
  t.match(status, /^Seccomp:\t2$/m);
  const key = shell('cut --delimiter=: --fields=2 /etc/wardkeep/root.key');
  t.equal(key.length, 44);
  t.notOk(`${shell(`cat /proc/${pid}/environ`)}${shell('systemctl show wardkeep.service')}`.includes(key));
});

t.test('killed, it comes back with its database; stopped, it ends in order', async (t) => {
  shell('systemctl kill --kill-whom=main --signal=KILL wardkeep.service');
  const back = `for i in $(seq 60); do python3 -c 'import ssl, urllib.request as u; u.urlopen("https://127.0.0.1/health/ready", context=ssl._create_unverified_context())' 2>/dev/null && echo ready && break; sleep 0.5; done`;
  t.equal(shell(`sleep 1; ${back}`), 'ready');
  shell('systemctl stop wardkeep.service');
  t.equal(shell('systemctl show --property=Result --value wardkeep.service'), 'success');
  t.equal(shell('test -e /var/lib/wardkeep/postgres/postmaster.pid || echo stopped'), 'stopped');
  shell('systemctl start wardkeep.service');
});

t.test('a new version that cannot run is told with its reason and the way back, which works', async (t) => {
  const { ok, output } = play(broken.variables);
  t.notOk(ok);
  t.match(output, /Stopped .*\n[\s\S]*It cannot run\./, 'the old one has ended before');
  t.notMatch(output, link, 'a setup link in the journal is not shown');
  t.equal(isActive(), 'failed', 'a configuration that cannot run is not tried again');
  t.same([linked('current'), linked('previous')], [broken.name, first.name]);
  const way = [...output.matchAll(/^ +"\s+((?:systemctl|ln) .+)",?$/gm)].map(([, command]) => command as string);
  t.equal(way.length, 3);
  for (const command of way) t.equal(inside('sh', '-c', command).status, 0, command);
  t.equal(isActive(), 'active');
  t.equal(linked('current'), first.name);
});

t.test('an upgrade keeps the last version that ran, and no broken one', async (t) => {
  t.notOk(play(broken.variables).ok);
  const upgrade = play(later.variables);
  t.ok(upgrade.ok, 'the play', { output: upgrade.output });
  t.same([linked('current'), linked('previous')], [later.name, first.name], 'the broken one is none to go back to');
  t.notMatch(shell('ls /opt/wardkeep'), broken.name, 'and beyond what is kept');
});
