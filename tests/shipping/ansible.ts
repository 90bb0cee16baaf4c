import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { freePort } from '../support/free-port.ts';

/**
 * The Ansible role, run for real into a scratch root: everything but the service's own steps, which need a systemd at work; what the unit says is
 * then started by hand, as its user. In place of the packed program stands a script that runs this tree, so that nothing has to be packed first.
 */
t.setTimeout(170_000); // ansible-playbook starts a Python for each of its steps
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROLE = join(ROOT, 'ansible/roles/wardkeep');
const has = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const missing = process.getuid?.() !== 0 ? 'only root can make users and give files away' : ['ansible-playbook', 'systemd-analyze'].filter((command) => !has(command)).map((command) => `no ${command} on this machine`).join(', ');
if (missing !== '') {
  if (process.env['CI'] === 'true') t.fail(`needed and not there: ${missing}`);
  else t.pass('the role', { skip: missing });
  process.exit();
}

const scratch = mkdtempSync(join(tmpdir(), 'wardkeep-ansible-'));
chmodSync(scratch, 0o755); // the service's user passes through
const user = `wardkeep-${randomBytes(4).toString('hex')}`;
t.teardown(() => {
  spawnSync('userdel', [user]);
  spawnSync('groupdel', [user]);
  rmSync(scratch, { recursive: true, force: true });
});

const port = await freePort();
const at = (...names: string[]): string => join(scratch, 'root', ...names);
const [first, second] = ['0.1.0', '0.2.0'].map((version) => {
  const file = join(scratch, `wardkeep-${version}-linux-x64`);
  const compiles = 'mkdir -p "$WARDKEEP_PROGRAM_DIR/0/node_modules/.cache/wardkeep/$(id -u)" 2>/dev/null'; // as Node does in the unpacked program, for each user
  writeFileSync(file, `#!/bin/sh\n# ${version}\n[ -z "$WARDKEEP_PROGRAM_DIR" ] || ${compiles}\nexec ${process.execPath} ${join(ROOT, 'bin/wardkeep.js')} "$@"\n`, { mode: 0o755 });
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  return { wardkeep_program: file, wardkeep_program_sha256: sha256, name: `wardkeep-${version}-linux-x64-${sha256.slice(0, 12)}` };
}) as [Program, Program];
type Program = { wardkeep_program: string; wardkeep_program_sha256: string; name: string };

const VARIABLES = {
  ...first, wardkeep_url: `https://localhost:${port}`, wardkeep_host: '127.0.0.1', wardkeep_port: port, wardkeep_manage_service: false, wardkeep_user: user,
  wardkeep_install_dir: at('opt/wardkeep'), wardkeep_config_dir: at('etc/wardkeep'), wardkeep_data_dir: at('var/lib/wardkeep'), wardkeep_unit_dir: at('systemd'), wardkeep_command: at('sbin/wardkeep'),
  ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3',
};
for (const folder of ['systemd', 'sbin']) mkdirSync(at(folder), { recursive: true });

/** `changed` is the recap's count. Variables go by a file, as secrets must. */
async function play(variables: Readonly<Record<string, unknown>>, ...flags: string[]): Promise<{ ok: boolean; changed: number; output: string }> {
  const inventory = join(scratch, `${randomBytes(4).toString('hex')}.json`);
  writeFileSync(inventory, JSON.stringify({ wardkeep: { hosts: { 'records.example.org': variables } } }), { mode: 0o600 });
  const ansible = spawn('ansible-playbook', ['--inventory', inventory, ...flags, join(ROOT, 'ansible/site.yml')], {
    cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8', ANSIBLE_PIPELINING: 'true', ANSIBLE_NOCOLOR: 'true' },
  });
  let output = '';
  for (const stream of [ansible.stdout, ansible.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(ansible, 'close')) as [number | null];
  return { ok: code === 0, changed: Number(/ changed=(\d+) /.exec(output)?.[1] ?? -1), output };
}

const rootKey = (): string => readFileSync(at('etc/wardkeep/root.key'), 'utf8').trim();
const keyMaterial = (keys: string): string[] => keys.split(',').map((pair) => pair.split(':')[1] as string);

/** `rwx` modes and owners by name, e.g. `0440 root:service`. */
function standing(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  const own = (flag: '-u' | '-g') => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout);
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid === 0 ? 'root' : uid === own('-u') ? 'service' : uid}:${gid === 0 ? 'root' : gid === own('-g') ? 'service' : gid}`;
}

t.test('installs, and a second run changes nothing', async (t) => {
  const install = await play(VARIABLES);
  t.ok(install.ok, 'the play', { output: install.output });
  t.match(install.output, `A root key was made on records.example.org: ${at('etc/wardkeep/root.key')}.`);
  t.match(install.output, createHash('sha256').update(Buffer.from(keyMaterial(rootKey())[0] as string, 'base64')).digest('hex'), 'its fingerprint');
  t.match(install.output, 'Put a copy into your key escrow NOW');
  t.notMatch(install.output, keyMaterial(rootKey())[0], 'and not the key');

  const again = await play(VARIABLES);
  t.same({ ok: again.ok, changed: again.changed }, { ok: true, changed: 0 }, 'again', { output: again.output });
  t.notMatch(again.output, 'A root key was made');

  const program = join('opt/wardkeep', first.name);
  t.same(Object.fromEntries([program, `${program}/bin/wardkeep`, `${program}/unpacked`, 'etc/wardkeep', 'etc/wardkeep/secrets', 'etc/wardkeep/root.key', 'etc/wardkeep/wardkeep.env', 'var/lib/wardkeep', 'sbin/wardkeep', 'systemd/wardkeep.service'].map((path) => [path, standing(at(path))])), {
    [program]: '0755 root:root', [`${program}/bin/wardkeep`]: '0755 root:root', [`${program}/unpacked`]: '0755 root:root',
    'etc/wardkeep': '0750 root:service', 'etc/wardkeep/secrets': '0750 root:service', 'etc/wardkeep/root.key': '0440 root:service', 'etc/wardkeep/wardkeep.env': '0440 root:service',
    'var/lib/wardkeep': '0700 service:service', 'sbin/wardkeep': '0755 root:root', 'systemd/wardkeep.service': '0644 root:root',
  });
  const compiled = `${program}/unpacked/0/node_modules/.cache/wardkeep/${lstatSync(at('var/lib/wardkeep')).uid}`;
  for (const folder of [compiled, join(compiled, '..')]) t.equal(standing(at(folder)), '0755 root:root', 'compiled for the service, which cannot change it');
  t.match(readFileSync('/etc/passwd', 'utf8'), new RegExp(`^${user}:.*:/usr/sbin/nologin$`, 'm'));
});

t.test('systemd understands the unit and finds it closed', async (t) => {
  const unit = at('systemd/wardkeep.service');
  const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  t.equal(verified.status, 0);
  t.notMatch(verified.stderr, 'wardkeep');
  const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', '--no-pager', unit], { encoding: 'utf8' });
  t.equal(security.status, 0, 'exposure of 1.5 at the most', { said: security.stdout });
});

t.test('what the unit says runs: TLS, the setup link, the doctor beside it, a clean end', async (t) => {
  const unit = readFileSync(at('systemd/wardkeep.service'), 'utf8');
  const says = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(unit)?.[1] ?? t.fail(`${name} in the unit`) as never;
  const environment = Object.fromEntries([...readFileSync(says('EnvironmentFile'), 'utf8').matchAll(/^(WARDKEEP_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const serving = spawn('setpriv', ['--reuid', says('User'), '--regid', says('Group'), '--clear-groups', '--no-new-privs', '--bounding-set=-all', ...says('ExecStart').split(' ')], {
    cwd: says('WorkingDirectory'), stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/bin:/bin', ...environment },
  });
  let journal = '';
  for (const stream of [serving.stdout, serving.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (journal += text));
  const ended = once(serving, 'close');
  t.teardown(() => serving.kill('SIGKILL'));
  const deadline = Date.now() + 60_000;
  while (!journal.includes('/setup/') && serving.exitCode === null && Date.now() < deadline) await sleep(100);
  t.match(journal, /This installation is empty\..*\nhttps:\/\/localhost:\d+\/setup\/\S+\n/, 'the lines that the play looks for and points to');

  const ca = readFileSync(at('var/lib/wardkeep/tls/ca.pem'));
  for (const path of ['/health/ready', '/sign-in']) t.equal(await statusOf(`https://localhost:${port}${path}`, ca), 200, path);
  const doctor = spawnSync(at('sbin/wardkeep'), ['doctor'], { encoding: 'utf8', cwd: '/' });
  t.equal(doctor.status, 0, 'doctor', { said: doctor.stdout + doctor.stderr });

  serving.kill('SIGTERM');
  t.same(await ended, [0, null], 'a clean end', { journal });
  t.notOk(readdirSync(at('var/lib/wardkeep/postgres')).includes('postmaster.pid'), 'PostgreSQL has stopped');
});

t.test('secrets reach the program as files and nothing else', async (t) => {
  const secret = () => randomBytes(12).toString('hex');
  const urls = {
    smtp_url: `smtps://mail:${secret()}@mail.example.org`, database_owner_url: `postgres://owner:${secret()}@db.example.org/wardkeep`,
    database_app_url: `postgres://app:${secret()}@db.example.org/wardkeep`, database_jobs_url: `postgres://jobs:${secret()}@db.example.org/wardkeep`,
  };
  const given = Object.fromEntries(Object.entries(urls).map(([name, url]) => [`wardkeep_${name}`, url]));
  const keys = `root-new:${randomBytes(32).toString('base64')},${rootKey()}`;
  for (const name of ['chain.pem', 'key.pem']) writeFileSync(join(scratch, name), secret(), { mode: 0o600 });
  const settings = { mail_from: `Dr. O'Neil "$HOME" \`id\` \\ <no-reply@example.org>`, rate_signed_in: false, trust_proxy: true };
  const upgrade = await play({
    ...VARIABLES, ...second, ...given, wardkeep_move_database: true, wardkeep_root_keys: keys, wardkeep_settings: settings, wardkeep_attest_workspaces: ['willow'],
    wardkeep_tls_cert: 'chain.pem', wardkeep_tls_key: 'key.pem', wardkeep_port: 443,
  }, '-vvv', '--diff');
  t.ok(upgrade.ok, 'the play', { output: upgrade.output });
  for (const hidden of [...Object.values(urls).map((url) => new URL(url).password), ...keyMaterial(keys), readFileSync(join(scratch, 'key.pem'), 'utf8')]) t.notOk(upgrade.output.includes(hidden), 'not in the play’s output');
  t.equal(rootKey(), keys, 'a root key in front of the old one needs no leave');

  const files = { ...urls, 'tls.key': readFileSync(join(scratch, 'key.pem'), 'utf8') };
  for (const [name, content] of Object.entries(files)) {
    t.equal(readFileSync(at('etc/wardkeep/secrets', name), 'utf8').trim(), content, name);
    t.equal(standing(at('etc/wardkeep/secrets', name)), '0440 root:service', name);
  }
  const environment = readFileSync(at('etc/wardkeep/wardkeep.env'), 'utf8');
  for (const content of [...Object.values(files), ...keyMaterial(keys)]) t.notOk(environment.includes(content));
  const sourced = spawnSync('sh', ['-c', `. ${at('etc/wardkeep/wardkeep.env')}; printf '%s\\n' "$WARDKEEP_MAIL_FROM" "$WARDKEEP_RATE_SIGNED_IN" "$WARDKEEP_TRUST_PROXY" "$WARDKEEP_SMTP_URL_FILE"`], { encoding: 'utf8' });
  t.same(sourced.stdout.trimEnd().split('\n'), [settings.mail_from, 'off', 'true', at('etc/wardkeep/secrets/smtp_url')]);

  t.equal(readlinkSync(at('opt/wardkeep/current')), second.name);
  t.equal(readlinkSync(at('opt/wardkeep/previous')), first.name, 'the version before stays');
  const units = readdirSync(at('systemd')).map((name) => at('systemd', name));
  t.equal(units.length, 3);
  t.notMatch(spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' }).stderr, 'wardkeep');
  t.match(readFileSync(at('systemd/wardkeep.service'), 'utf8'), /^CapabilityBoundingSet=CAP_NET_BIND_SERVICE$/m, 'for a port under 1024');
});

t.test('refuses in a sentence, before anything changes', async (t) => {
  const { wardkeep_url: _, ...withoutUrl } = VARIABLES;
  const stranger = `root-other:${randomBytes(32).toString('base64')}`;
  const refusals: readonly [Record<string, unknown>, RegExp][] = [
    [withoutUrl, /missing required arguments: wardkeep_url/],
    [{ ...VARIABLES, wardkeep_program_sha256: '0'.repeat(64) }, /has the SHA-256 [0-9a-f]{64}, not the one in wardkeep_program_sha256/],
    [{ ...VARIABLES, wardkeep_settings: { log_levle: 'debug' } }, /log_levle\. Supported parameters include/],
    [{ ...VARIABLES, wardkeep_root_keys: stranger }, /holds a root key that wardkeep_root_keys lacks/],
    [{ ...VARIABLES, wardkeep_config_dir: at('etc/elsewhere') }, /holds a database, but its root key is not in/],
    [{ ...VARIABLES, wardkeep_database_app_url: 'postgres://app@db.example.org/wardkeep' }, /or none for the bundled PostgreSQL/],
    [VARIABLES, /has worked on an external PostgreSQL, and no wardkeep_database_\*_url is given/],
    [{ ...VARIABLES, ...Object.fromEntries(['owner', 'app', 'jobs'].map((role) => [`wardkeep_database_${role}_url`, `postgres://${role}@db.example.org/wardkeep`])) }, /holds the bundled one/],
  ];
  const kept = rootKey();
  const half = refusals.length / 2;
  for (const some of [refusals.slice(0, half), refusals.slice(half)]) {
    await Promise.all(some.map(async ([variables, sentence]) => {
      const { ok, changed, output } = await play(variables, '-vvv');
      t.match(output, sentence);
      t.same({ ok, changed }, { ok: false, changed: 0 }, 'nothing changed', { output });
      t.notOk(output.includes(keyMaterial(stranger)[0] as string));
    }));
  }
  t.equal(rootKey(), kept);
});

t.test('knows every setting of the program, and explains every variable', async (t) => {
  const role = (file: string): string => readFileSync(join(ROLE, file), 'utf8');
  const names = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => (name as string).toUpperCase());
  const settings = names(readFileSync(join(ROOT, 'core/config.ts'), 'utf8'), /^ {2}WARDKEEP_([A-Z_]+): /gm);
  const written = [
    ...names(role('templates/wardkeep.env.j2'), /^WARDKEEP_([A-Z_]+)=/gm).map((name) => name.replace('ROOT_KEYS_FILE', 'ROOT_KEYS')),
    ...names(role('vars/main.yml'), /^ {2}([a-z_]+_url): /gm), ...names(role('meta/argument_specs.yml'), /^ {10}([a-z_]+):$/gm),
  ];
  t.same(written.sort(), settings.sort());
  const variables = names(role('meta/argument_specs.yml'), /^ {6}(wardkeep_\w+):$/gm);
  const required = ['WARDKEEP_PROGRAM', 'WARDKEEP_PROGRAM_SHA256', 'WARDKEEP_URL'];
  t.same([...names(role('defaults/main.yml'), /^(wardkeep_\w+): /gm), ...required].sort(), [...variables].sort());
  const page = readFileSync(join(ROOT, 'docs/ansible.md'), 'utf8');
  t.same(variables.filter((name) => !page.includes(`\`${name.toLowerCase()}\``)), [], 'docs/ansible.md');
});

async function statusOf(url: string, ca: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject));
}
