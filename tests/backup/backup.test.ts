import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import t from 'tap';
import type { App } from '../../core/app.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { findSession } from '../../core/auth/session/find-session.ts';
import { makeLink } from '../../core/auth/links.ts';
import { nightlyBackup, removeOlder } from '../../core/backup/nightly-backup.ts';
import { makeBackup } from '../../core/backup/make-backup.ts';
import { unpackBackup } from '../../core/backup/unpack-backup.ts';
import { proveCopy } from '../../core/backup/prove-copy.ts';
import { sealBackup } from '../../core/backup/backup-file.ts';
import { boot } from '../../core/boot.ts';
import { backup, restore } from '../../core/commands/backup.ts';
import type { Command } from '../../core/commands/command.ts';
import { readConfig } from '../../core/config.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { createRootKeyFile } from '../../core/crypto/root-key-file.ts';
import { baseBackup } from '../../core/db/base-backup.ts';
import { startEmbedded } from '../../core/db/embedded.ts';
import { systemScope } from '../../core/db/scope.ts';
import { record } from '../../core/audit/record.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import type { Plugin } from '../../core/plugin.ts';
import { useFirstParty } from '../../core/plugins/first-party.ts';
import * as plugins from '../../plugins/list.ts';
import { freePort } from '../support/free-port.ts';
import { makeScratchFolder } from '../support/scratch-folder.ts';
import { createPeople, sessionCookie } from '../support/people.ts';

// One installation with its own PostgreSQL in a data folder, backed up while it runs, and what can be done with the file.

const MAIN = fileURLToPath(new URL('../../core/main.ts', import.meta.url));
t.setTimeout(170_000);

useFirstParty(Object.values<Plugin>(plugins)); // as the program does that is run beside

const { path: root, remove } = await makeScratchFolder();
t.teardown(remove);
const folderOf = async (name: string): Promise<string> => {
  const folder = join(root, name);
  await mkdir(folder, { mode: 0o711 });
  return folder;
};
const dataDir = await folderOf('data');
const kept = await folderOf('kept');
await createRootKeyFile(join(dataDir, 'root.key'));
const port = String(await freePort());
const configOf = (folder: string) => ({ ...readConfig('production', { WARDKEEP_DATA_DIR: folder, WARDKEEP_PORT: port }), logLevel: 'silent' as const });

type Ran = { readonly code: number; readonly out: string; readonly error: string };
const wardkeep = (folder: string, words: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> => new Promise((resolve) => {
  execFile(process.execPath, [MAIN, ...words], { env: { PATH: process.env['PATH'], WARDKEEP_DATA_DIR: folder, WARDKEEP_LOG_LEVEL: 'silent', ...more } }, (error, out, text) => resolve({ code: error === null ? 0 : Number(error.code), out, error: text }));
});
const writeContact = (app: App, workspaceId: string, family_name: string) => app.withWorkspace(systemScope(workspaceId, 'test'), async (tx) => {
  await Contact.query(tx).insert({ given_name: 'Ana', family_name });
  record(tx, { action: 'test.seeded' });
});
const names = (app: App, workspaceId: string) => app.withWorkspace(systemScope(workspaceId, 'test'), async (tx) => (await Contact.query(tx)).map(({ family_name }) => family_name).sort());
const acts = (app: App, workspaceId: string) => app.withWorkspace(systemScope(workspaceId, 'test'), async (tx) => (await tx.query<{ action: string; outcome: string }>("select action, outcome from app.audit_entries where action like 'backup.%' order by seq")).map(({ action, outcome }) => `${action} ${outcome}`));

const embedded = await startEmbedded(dataDir);
const { app, close } = await boot(configOf(dataDir));
t.teardown(async () => {
  await close();
  await embedded.stop();
});
const willow = await createPeople(app, 'willow');
const harbor = await createPeople(app, 'harbor');
await writeContact(app, willow.workspaceId, 'Achterberg');
await writeContact(app, harbor.workspaceId, 'Okonkwo');
const cookie = await sessionCookie(app, willow.admin);
await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => {
  await makeLink(app, tx, 'password_reset', willow.agent.id);
  record(tx, { action: 'test.linked' });
});
await mkdir(join(dataDir, 'tls'), { mode: 0o700 });
await writeFile(join(dataDir, 'tls', 'ca-key.pem'), 'authority', { mode: 0o600 });
let file = '';

t.test('a backup is made and proved while the program runs, and tells nobody anything', async (t) => {
  const { code, out, error } = await wardkeep(dataDir, ['backup', '--out', kept, '--check', '--json']);
  t.equal(code, 0, error);
  const made = JSON.parse(out) as { file: string; bytes: number; unsound: string[]; proved: { workspace: string; fault: string | null; failing: string[]; proved: number }[] };
  file = made.file;
  t.same(made.unsound, []);
  t.same(made.proved.map(({ workspace, fault, failing }) => [workspace, fault, failing]), [['installation', null, []], ['harbor', null, []], ['willow', null, []]]);
  t.ok((made.proved[1]?.proved ?? 0) >= 12, 'claims were proved on the copy');
  t.equal(statSync(file).mode & 0o777, 0o600);
  const bytes = readFileSync(file);
  t.equal(bytes.length, made.bytes);
  const secrets = ['Achterberg', 'willow', 'admin@willow.example', '$argon2id$', 'authority', ...Object.values((JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { passwords: Record<string, string> }).passwords)];
  for (const secret of secrets) t.equal(bytes.indexOf(secret), -1, `no ${secret.slice(0, 12)} in the file`);
  t.same(readdirSync(dataDir).sort(), ['postgres', 'postgres.json', 'root.key', 'tls'], 'nothing is left of the copy');
  for (const { workspaceId } of [willow, harbor]) t.same(await acts(app, workspaceId), ['backup.begun ok', 'backup.made ok', 'backup.proved ok'], 'each workspace has it on its record');
});

t.test('restored, it is the installation of that time, with nobody signed in', async (t) => {
  t.not(await findSession(app, cookie.split('=')[1]), null);
  await writeContact(app, willow.workspaceId, 'Later');
  await verifyStored(app, systemScope(willow.workspaceId, 'test'));
  const elsewhere = await folderOf('elsewhere');
  await copyFile(join(dataDir, 'root.key'), join(elsewhere, 'root.key'));
  const { code, out, error } = await wardkeep(elsewhere, ['restore', file, '--json']);
  t.equal(code, 0, error);
  t.match(JSON.parse(out), { sessionsEnded: 1, proved: [{ workspace: 'installation', fault: null }, { workspace: 'harbor', fault: null, failing: [] }, { workspace: 'willow', fault: null, failing: [] }] });
  t.equal(readFileSync(join(elsewhere, 'tls', 'ca-key.pem'), 'utf8'), 'authority');
  t.equal(statSync(join(elsewhere, 'postgres.json')).mode & 0o777, 0o600);

  const copy = await boot(configOf(elsewhere));
  try {
    t.equal(copy.app.installationId, app.installationId);
    t.same(await names(copy.app, willow.workspaceId), ['Achterberg'], 'its values open, and what came later is not there');
    t.same(await names(copy.app, harbor.workspaceId), ['Okonkwo']);
    t.equal(await findSession(copy.app, cookie.split('=')[1]), null);
    t.same(await copy.app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.query('select id from app.one_time_links where used_at is null')), [], 'no link of that time is good');
    t.same(await acts(copy.app, willow.workspaceId), ['backup.begun ok', 'backup.restored ok']);
    t.same(await names(app, willow.workspaceId), ['Achterberg', 'Later'], 'the two do not touch each other');

    const heads = await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.query<{ note: string }>('select note from app.audit_checkpoints order by size desc limit 1'));
    const [proved] = await proveCopy(copy.app, [{ workspace: willow.workspaceId, name: 'willow', isSound: true, note: (heads[0] as { note: string }).note }], () => undefined);
    t.not(proved?.fault, null, 'to somebody who holds a later head the restored log shows what it lost');
  } finally {
    await copy.close();
  }
});

t.test('what cannot be restored is refused, and leaves nothing', async (t) => {
  const bytes = readFileSync(file);
  const damaged = join(kept, 'damaged');
  await writeFile(damaged, bytes.subarray(0, bytes.length - 100_000));
  const empty = await folderOf('empty');
  const into = (from: string, folder: string, roots = app.roots) => unpackBackup(roots, from, folder, { isSynced: false, signal: new AbortController().signal });
  await t.rejects(into(file, empty, localRootKeys([{ id: 'root-b', bytes: Buffer.alloc(32) }])), { name: 'BackupFileError', message: /opens with the root key root-/ });
  await t.rejects(into(damaged, empty), { name: 'BackupFileError', message: /damaged or was altered/ });
  await t.rejects(into(join(dataDir, 'root.key'), empty), { name: 'BackupFileError', message: /not a backup of Wardkeep/ });
  await t.rejects(into(file, dataDir), { name: 'BackupFileError', message: /holds an installation already \(postgres, postgres\.json, tls\)/ });
  const rest = await folderOf('rest');
  await mkdir(join(rest, 'tls'));
  await t.rejects(into(file, rest), { message: /\(tls\)/ }, 'nor over what is left of one');
  const newer = join(kept, 'newer');
  await writeFile(newer, Buffer.from(bytes.toString('latin1').replace('"postgres":"18', '"postgres":"99'), 'latin1'));
  await t.rejects(into(newer, empty), { name: 'BackupFileError', message: /PostgreSQL 99.*this program brings 18/ });
  t.same(readdirSync(empty), []);

  t.match(await wardkeep(empty, ['restore', file]), { code: 78, error: /No root key is configured/ });
  t.match(await wardkeep(dataDir, ['backup', 'check', damaged]), { code: 2, error: /damaged or was altered/ });
  t.notOk(readdirSync(dataDir).some((name) => name.startsWith('aside-')));
  const external = { WARDKEEP_DATABASE_APP_URL: 'postgres://a:b@localhost/x', WARDKEEP_DATABASE_JOBS_URL: 'postgres://a:b@localhost/x' };
  t.match(await wardkeep(empty, ['backup', '--out', join(kept, 'x')], external), { code: 78, error: /PostgreSQL of your own/ });
  const run = ({ run }: Command, positionals: string[], values: Record<string, string>) => run({ positionals, values, out: { say: () => undefined, result: () => undefined } });
  await t.rejects(run(restore, [join(empty, 'absent')], {}), { message: /no such file/ });
  await t.rejects(run(restore, [], {}), { message: /Name one/ });
  await t.rejects(run(restore, [empty], {}), { message: /is no file/ });
  await t.rejects(run(backup, [], { out: file }), { message: /never written over another/ });
  await t.rejects(run(backup, [], { out: join(root, 'nowhere', 'x') }), { message: /folder of --out/ });
});

t.test('stopped on its way, a backup leaves no file', async (t) => {
  const before = readdirSync(kept).sort();
  const source = { superuserUrl: embedded.superuserUrl, program: '1', postgres: '18.4' };
  const controller = new AbortController();
  const stopped = makeBackup(app, source, join(kept, 'stopped'), controller.signal);
  const timer = setInterval(() => { if (readdirSync(kept).some((name) => name.endsWith('.partial'))) controller.abort(); }, 1);
  await t.rejects(stopped, { name: 'AbortError' });
  clearInterval(timer);
  t.same(readdirSync(kept).sort(), before);
});

t.test('whoever stops reading the database is let go, whatever is still on its way', async (t) => {
  for await (const chunk of baseBackup(embedded.superuserUrl)) {
    t.ok(chunk.length > 0);
    await sleep(300); // PostgreSQL is made to wait by now
    break;
  }
  const client = new pg.Client({ connectionString: embedded.superuserUrl });
  await client.connect();
  const senders = async () => (await client.query("select from pg_stat_activity where backend_type = 'walsender'")).rowCount;
  while ((await senders()) !== 0) await sleep(50);
  await client.end();
});

t.test('a copy of the data folder starts a server of its own, whatever its postgres.json says', async (t) => {
  const copied = await folderOf('copied');
  await unpackBackup(app.roots, file, copied, { isSynced: false, signal: new AbortController().signal });
  await copyFile(join(dataDir, 'postgres.json'), join(copied, 'postgres.json')); // as in a copy: the original's port, where it answers
  const copy = await startEmbedded(copied);
  t.ok(copy.started);
  t.not(new URL(copy.appUrl).port, new URL(embedded.appUrl).port);
  await copy.stop();
});

t.test('tried again, a night’s backup is proved rather than made once more', async (t) => {
  const folder = await folderOf('by-night');
  const [own, before] = [process.argv[1] as string, process.env['WARDKEEP_DATA_DIR']];
  t.teardown(() => {
    process.argv[1] = own;
    if (before === undefined) delete process.env['WARDKEEP_DATA_DIR'];
    else process.env['WARDKEEP_DATA_DIR'] = before;
  });
  process.argv[1] = MAIN; // the program starts itself
  process.env['WARDKEEP_DATA_DIR'] = dataDir;
  const serving = { ...app, config: { ...app.config, backups: { dir: folder, keep: 2 } } };
  const earlier = (await acts(app, willow.workspaceId)).length;
  for (const _ of [1, 2]) await nightlyBackup.run(serving, new Date('2026-06-01T00:30:00Z'));
  t.same(readdirSync(folder), ['2026-06-01T003000Z.wardkeep-backup']);
  t.same((await acts(app, willow.workspaceId)).slice(earlier), ['backup.begun ok', 'backup.made ok', 'backup.proved ok', 'backup.proved ok']);
});

t.test('older backups go, of this installation only', async (t) => {
  const folder = await folderOf('nightly');
  async function* none(): AsyncGenerator<Buffer> {}
  const put = async (name: string, at: string, installation: string) => {
    for await (const piece of sealBackup(app.roots, { id: name, at, installation, program: '1', postgres: '18.4' }, none())) await writeFile(join(folder, name), piece, { flag: 'a' });
  };
  for (const day of [3, 1, 5, 2, 4]) await put(`own-${day}.wardkeep-backup`, `2026-01-0${day}T00:30:00.000Z`, app.installationId);
  await put('other.wardkeep-backup', '2020-01-01T00:00:00.000Z', 'another');
  await put('killed.wardkeep-backup.7.partial', '2026-01-01T00:30:00.000Z', app.installationId);
  await put('under-way.wardkeep-backup.8.partial', new Date().toISOString(), app.installationId);
  await writeFile(join(folder, 'notes.wardkeep-backup'), 'not ours');
  await writeFile(join(folder, 'notes.txt'), 'nor this');
  t.equal(await removeOlder(app, { dir: folder, keep: 2 }), 2);
  t.same(readdirSync(folder).sort(), ['notes.txt', 'notes.wardkeep-backup', 'other.wardkeep-backup', 'own-4.wardkeep-backup', 'own-5.wardkeep-backup', 'under-way.wardkeep-backup.8.partial']);
});
