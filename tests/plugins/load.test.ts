import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Hapi from '@hapi/hapi';
import t from 'tap';
import type { App } from '../../core/app.ts';
import { definePlugin, type PluginRoute, type Subject } from '../../core/plugin.ts';
import { checkDefinition } from '../../core/plugins/check-definition.ts';
import { hostClaims } from '../../core/plugins/claims.ts';
import { registerPlugins } from '../../core/plugins/register-routes.ts';
import { loadFolder } from '../../core/plugins/load-folder.ts';
import { MANIFEST_FILE, signManifest, type SignedManifest } from '../../core/plugins/manifest.ts';
import { PluginError } from '../../core/plugins/plugin-error.ts';
import { scaffold } from '../../core/plugins/scaffold.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/appointment-webhook', import.meta.url));
const acme = generateKeyPairSync('ed25519').privateKey;
const stranger = generateKeyPairSync('ed25519').privateKey;
const pin = (name: string, key = acme) => [{ name, publicKey: Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x as string, 'base64url') }];

const good = { contract: 1, name: 'bed-board', version: '1.0.0', title: 'Beds', summary: 'Shows beds.', tier: 'free', phi: 'none', subprocessors: [] } as const;

const root = mkdtempSync(join(tmpdir(), 'wardkeep-load-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));
let made = 0;

/** An operator's folder with one plugin in it, signed by acme unless `sign` says otherwise. Each is another folder, since modules are loaded once. */
function install(fill: (folder: string) => void, { name = 'appointment-webhook', version = '1.0.0', contract = 1, sign = true } = {}): { dir: string; folder: string } {
  const dir = join(root, String((made += 1)));
  const folder = join(dir, name);
  mkdirSync(folder, { recursive: true });
  fill(folder);
  if (sign) writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(signManifest(folder, { name, version, contract }, 'acme', acme)));
  return { dir, folder };
}
const example = (folder: string) => cpSync(EXAMPLE, folder, { recursive: true });
const source = (text: string) => (folder: string) => {
  for (const [file, content] of Object.entries(scaffold('bed-board'))) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  appendFileSync(join(folder, 'index.ts'), text);
};
const BED = { name: 'bed-board', version: '0.1.0' };

async function refusal(dir: string, publishers = pin('acme')): Promise<string> {
  try {
    await loadFolder(dir, publishers);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    return error.message;
  }
  return 'loaded';
}

t.test('a stranger\'s plugin, signed by a pinned publisher, is loaded', async (t) => {
  const { dir } = install(example);
  const [loaded] = await loadFolder(dir, pin('acme'));
  t.match(loaded, { publisher: 'acme', plugin: { name: 'appointment-webhook', version: '1.0.0' } });
  t.same([...(loaded?.templates.keys() ?? [])], ['appointment-webhook/deliveries']);
});

t.test('anything else stops the program with one sentence', async (t) => {
  const edit = (change: (folder: string) => void) => { const { dir, folder } = install(example); change(folder); return refusal(dir); };
  const sign = (folder: string, change: (signed: SignedManifest) => object) => writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(change(JSON.parse(readFileSync(join(folder, MANIFEST_FILE), 'utf8')) as SignedManifest)));
  const cases: [what: string, said: Promise<string>, expected: RegExp][] = [
    ['unsigned', refusal(install(example, { sign: false }).dir), /it is not signed/],
    ['a manifest that is none', edit((folder) => writeFileSync(join(folder, MANIFEST_FILE), '{}')), /is not a signed manifest/],
    ['one byte changed', edit((folder) => appendFileSync(join(folder, 'index.ts'), ' ')), /index\.ts was changed after acme signed it/],
    ['one byte changed in a migration', edit((folder) => appendFileSync(join(folder, 'migrations/0001_deliveries.sql'), '\n')), /migrations\/0001_deliveries\.sql was changed/],
    ['a file added', edit((folder) => writeFileSync(join(folder, 'more.ts'), '')), /more\.ts was added/],
    ['a file gone', edit((folder) => rmSync(join(folder, 'README.md'))), /README\.md is missing/],
    ['a link', edit((folder) => symlinkSync('/etc/hostname', join(folder, 'hostname'))), /hostname is a link/],
    ['a publisher nobody pinned', refusal(install(example).dir, pin('someone')), /signed by "acme", who is not in WARDKEEP_PLUGIN_PUBLISHERS/],
    ['another key of that name', refusal(install(example).dir, pin('acme', stranger)), /its signature is not one of acme's key/],
    ['a manifest changed with the file', edit((folder) => { appendFileSync(join(folder, 'index.ts'), ' '); sign(folder, (signed) => ({ ...signed, manifest: signManifest(folder, { name: 'appointment-webhook', version: '1.0.0', contract: 1 }, 'acme', stranger).manifest })); }), /its signature is not one of acme's key/],
    ['another contract', refusal(install(example, { contract: 2 }).dir), /written for contract 2 and this program offers 1/],
    ['another name', refusal((() => { const { dir, folder } = install(example); renameSync(folder, join(dir, 'webhook')); return dir; })()), /acme signed it as appointment-webhook/],
    ['another version', refusal(install(example, { version: '1.0.1' }).dir), /it is version 1\.0\.0 and was signed as 1\.0\.1/],
    ['a folder that is not there', refusal(join(root, 'nowhere')), /which is not there/],
    ['no index', refusal(install((folder) => writeFileSync(join(folder, 'README.md'), 'x')).dir), /neither index\.ts nor index\.js/],
    ['a module that throws', refusal(install(source('throw new Error("boom\\nsecond line");'), BED).dir), /it cannot be loaded: boom$/],
    ['no export', refusal(install((folder) => writeFileSync(join(folder, 'index.ts'), 'export {};'), BED).dir), /no default export made by definePlugin/],
  ];
  for (const [what, said, expected] of cases) {
    t.match(await said, expected, what);
    t.notMatch(await said, '\n', `${what}: one sentence`);
  }
});

t.test('a plugin imports its own folder, its packages and the contract', async (t) => {
  const cases: [text: string, expected: RegExp][] = [
    [`import '${new URL('../../core/db/scope.ts', import.meta.url).href}';`, /which lies outside its folder/],
    [`import net from 'node:net'; net.connect(1);`, /index\.ts imports node:net\. Outgoing calls go through deps\.send/],
    [`await import('node:child_process');`, /imports node:child_process/],
    [`import '../../../etc/passwd';`, /outside its folder|cannot be loaded/],
    [`import pg from 'pg'; void pg;`, /outside its folder|cannot be loaded/],
    [`import { createHash } from 'node:crypto'; createHash('sha256');`, /^loaded$/],
  ];
  for (const [text, expected] of cases) t.match(await refusal(install(source(text), BED).dir), expected, text.slice(0, 40));
});

t.test('what is signed is what runs: a module changed between check and import is refused', async (t) => {
  const { dir, folder } = install((folder) => {
    source(`\nawait (await import('./late.ts')).default();`)(folder);
    writeFileSync(join(folder, 'late.ts'), `import { appendFileSync } from 'node:fs';\nimport { join } from 'node:path';\nexport default async () => { appendFileSync(join(import.meta.dirname, 'later.ts'), '// changed'); await import('./later.ts'); };`);
    writeFileSync(join(folder, 'later.ts'), 'export {};');
  }, BED);
  t.match(await refusal(dir), /later\.ts was changed while the program started/);
  t.match(readFileSync(join(folder, 'later.ts'), 'utf8'), 'changed');
});

t.test('the trust page looks again', async (t) => {
  const { dir, folder } = install(example);
  const loaded = await loadFolder(dir, pin('acme'));
  const [signed] = hostClaims(loaded);
  const prove = () => signed?.prove({ app: { config: { pluginPublishers: pin('acme') } } } as unknown as Subject);
  t.match(await prove(), { status: 'proved', evidence: { plugins: ['appointment-webhook 1.0.0 (acme)'], altered: [] } });
  appendFileSync(join(folder, 'index.ts'), '\n');
  t.match(await prove(), { status: 'failing', evidence: { altered: ['appointment-webhook'] } });
  rmSync(folder, { recursive: true });
  t.match(await prove(), { status: 'failing' });
  t.match(await hostClaims([])[0]?.prove({} as Subject), { status: 'not_applicable' });
});

t.test('a route that breaks the contract stops the program', async (t) => {
  const because = { wardkeep: { openBecause: 'a test' } };
  const cases: [route: object, expected: RegExp | null][] = [
    [{ path: '/x', options: { auth: false } }, /does not say why/],
    [{ path: '/x', options: { auth: false, plugins: because } }, /must hold \{workspace\}/],
    [{ path: '/x', options: { plugins: because } }, /says why it is open and is not/],
    [{ path: '/x', options: { auth: { mode: 'try' } } }, /without signing in/],
    [{ path: '/x', options: { auth: 'basic' } }, /a way of its own/],
    [{ path: '/x', options: { plugins: { csrf: { token: false } } } }, /takes forms from elsewhere/],
    [{ path: '/../admin' }, /no path below/],
    [{ path: '/x', method: '*' }, /names no method/],
    [{ path: '/x' }, null],
    [{ path: '/{workspace}/x', options: { auth: false, plugins: because } }, null],
  ];
  for (const [route, expected] of cases) {
    const plugin = definePlugin({ ...good, register: (server) => server.route({ method: 'GET', handler: () => 'x', ...route } as unknown as PluginRoute) });
    const server = Hapi.server();
    for (const name of ['session', 'token']) { server.auth.scheme(name, () => ({ authenticate: (_request, h) => h.continue })); server.auth.strategy(name, name); }
    const app = { config: { outboundAllowed: [], origin: 'https://x.example' }, log: {}, formKey: Buffer.alloc(32) } as unknown as App;
    const registering = registerPlugins(server, app, [{ plugin, folder: '', publisher: null, templates: new Map() }]);
    if (expected === null) await registering;
    else await t.rejects(registering, expected, JSON.stringify(route));
  }
});

t.test('definitions are held to the contract', async (t) => {
  t.equal(checkDefinition(good, 'bed-board').name, 'bed-board');
  const faulty: [change: object, expected: RegExp][] = [
    [{ contract: 2 }, /written for contract 2 and this program offers 1/],
    [{ name: 'other' }, /folder and name must be the same/],
    [{ version: 'one' }, /version/],
    [{ tier: 'gold' }, /tier/],
    [{ phi: 'some' }, /phi/],
    [{ capabilities: { 'contact.read': { roles: ['READONLY'] } } }, /capabilities/],
    [{ capabilities: { 'other.bed.read': { roles: ['ADMIN'] } } }, /capabilities/],
    [{ auditActions: ['contact.updated.now'] }, /auditActions/],
    [{ faults: { 'bed-board.bed.taken': [200, 'Fine.'] } }, /faults/],
    [{ tables: { contacts: {} } }, /tables/],
    [{ jobs: [{ name: 'audit.verify', input: {}, run: () => undefined }] }, /jobs/],
    [{ jobs: [{ name: 'bed_board.count', input: {}, schedule: 'daily', run: () => undefined }] }, /no crontab/],
    [{ jobs: [{ name: 'bed_board.count', input: { bedId: 'id' }, schedule: '0 1 * * *', run: () => undefined }] }, /hands it no input/],
    [{ answers: { everything: () => null } }, /answers/],
    [{ surprise: true }, /surprise/],
  ];
  for (const [change, expected] of faulty) t.throws(() => checkDefinition({ ...good, ...change }, 'bed-board'), expected, JSON.stringify(change));
});
