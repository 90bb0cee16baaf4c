import t from 'tap';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openApp, type App } from '../../core/app.ts';
import { record } from '../../core/audit/record.ts';
import { readRootKeyFile } from '../../core/crypto/root-key-file.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { RESERVATION } from '../../core/db/key-store.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { addRootKey } from '../../core/keys/add-root-key.ts';
import { keyStatus } from '../../core/keys/key-status.ts';
import { rewrapKeys } from '../../core/keys/rewrap-keys.ts';
import { takeOutRootKey } from '../../core/keys/take-out-root-key.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { openTestApp } from '../support/database.ts';

const { app, database, config } = await openTestApp(t);
const old = TEST_ROOT_KEYS[0];
const next = { id: 'next', bytes: Buffer.alloc(32, 2) };
const restarted = (rootKeys: readonly { id: string; bytes: Buffer }[]) => openApp({ config: { ...config, rootKeys }, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
const asOwner = (sql: string, values: unknown[]) => asSuperuser(database.superuserUrl, (client) => client.query(sql, values));

const willow = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'America/New_York' });
const harbor = await createWorkspace(app, { slug: 'harbor', name: 'Harbor', timeZone: 'America/Chicago' });
await app.withWorkspace(systemScope(willow, 'test'), async (tx) => {
  await Contact.query(tx).insert({ given_name: 'Ana', family_name: 'Ruiz' });
  record(tx, { action: 'test.seeded' });
});
const names = async (opened: App) => opened.withWorkspace(systemScope(willow, 'test'), async (tx) => (await Contact.query(tx)).map(({ given_name }) => given_name));

t.test('status says what each version holds and what wraps it', async (t) => {
  const status = await keyStatus(app);
  t.same(status.rootKeys, [{ id: 'test', isCurrent: true, wraps: 7 }], 'four workspace keys and three secrets');
  t.same(status.workspaces.map(({ slug }) => slug), ['harbor', 'willow']);
  const data = status.workspaces[1]?.keys[0];
  t.match(data, { kind: 'data', version: 1, status: 'active', wrappedBy: 'test', values: 2, warning: null, byColumn: [{ table: 'contacts', column: 'family_name', count: 1 }, { table: 'contacts', column: 'given_name', count: 1 }] });
  t.equal(data?.encryptions, RESERVATION, 'a block is counted before it is used');
  t.same((await keyStatus(app, harbor)).workspaces.map(({ slug }) => slug), ['harbor']);
});

t.test('a key near its limit is warned of', async (t) => {
  const warning = async (encryptions: number) => {
    await asOwner("update app.workspace_keys set encryptions = $1 where workspace_id = $2 and kind = 'data'", [encryptions, willow]);
    return (await keyStatus(app, willow)).workspaces[0]?.keys[0]?.warning;
  };
  t.equal(await warning(2 ** 31 - 1), null);
  t.equal(await warning(2 ** 31), 'rotate_soon');
  t.equal(await warning(2 ** 32), 'rotate_now');
  await warning(RESERVATION);
});

t.test('root key rotation: both known, all re-wrapped, the old one taken away', async (t) => {
  const both = await restarted([next, old]);
  const file = join(t.testdir({}), 'root.key');
  await writeFile(file, [next, old].map(({ id, bytes }) => `${id}:${bytes.toString('base64')}`).join(','), { mode: 0o600 });
  const kept = await readFile(file);
  const added = await addRootKey(app, file);
  t.same((await readRootKeyFile(file)).map(({ id }) => id), [added.id, 'next', 'test']);
  await writeFile(file, kept);
  t.teardown(() => both.close());
  t.same(await names(both), ['Ana'], 'before the re-wrap the old key still opens');
  for (const program of [app, both]) await t.rejects(takeOutRootKey(program, file, old.id), { code: 'key.root_in_use' }, 'what it wraps would be lost with it');
  t.same((await readRootKeyFile(file)).length, 2);
  t.same(await rewrapKeys(both), { rootKey: 'next', secrets: 3, keys: 4 });
  t.same(await rewrapKeys(both), { rootKey: 'next', secrets: 0, keys: 0 }, 'nothing is left to do');
  t.same((await keyStatus(both)).rootKeys, [{ id: 'next', isCurrent: true, wraps: 7 }, { id: 'test', isCurrent: false, wraps: 0 }]);
  t.same((await keyStatus(app)).unknownRootKeys, ['next'], 'a program without the new key says which it lacks');

  await takeOutRootKey(both, file, old.id);
  t.same((await readRootKeyFile(file)).map(({ id }) => id), ['next']);
  const after = await restarted([next]);
  t.teardown(() => after.close());
  t.same(await names(after), ['Ana']);
  await t.rejects(restarted([old]), { name: 'WrongRootKeyError', message: /wrapped by root key next, and given is test\./ }, 'the old key alone opens nothing any more');
  await t.rejects(restarted([{ ...next, bytes: old.bytes }]), { name: 'WrongRootKeyError', message: /under that name is another one/ });
  const entries = await after.withWorkspace(systemScope(willow, 'test'), (tx) => tx.knex('app.audit_entries').where({ action: 'key.rewrapped' }));
  t.equal(entries.length, 1);
  const own = await after.withSystem('command', (tx) => tx.knex('app.audit_entries').whereLike('action', 'key.root_%').orderBy('seq').select('action', 'target_id'));
  t.same(own, [{ action: 'key.root_added', target_id: added.id }, { action: 'key.root_removed', target_id: old.id }], 'what is done to the file is on the record of the installation');
});

t.test('nobody but the system door changes a wrapped key, and it changes nothing else', async (t) => {
  const refused = { code: '42501' };
  const change = (column: string, value: string) => `update app.workspace_keys set ${column} = ${value}`;
  await t.rejects(app.withWorkspace(systemScope(willow, 'test'), (tx) => tx.knex.raw(change('wrapped', "'x'"))), refused);
  await t.rejects(app.withWorkspace(systemScope(willow, 'test'), (tx) => tx.knex.raw(change('version', 'version + 1'))), refused);
  await t.rejects(app.withSystem('key.manage', (tx) => tx.knex.raw(change('status', "'retired'"))), refused);
});
