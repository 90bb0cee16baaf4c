import t from 'tap';
import { randomUUID } from 'node:crypto';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope } from '../../core/db/scope.ts';
import { takeCensus } from '../../core/keys/census.ts';
import { COUNTED, countValues } from '../../core/keys/nightly-census.ts';
import { workspaceKeyStatus } from '../../core/keys/key-status.ts';
import { rotateDataKey } from '../../core/keys/rotate-key.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { record } from '../../core/audit/record.ts';
import { countOrRead } from '../../core/trust/counted.ts';
import { newestOnRecord } from '../../core/trust/on-record.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople } from '../support/people.ts';

const { app, database } = await openTestApp(t);
const { workspaceId } = await createPeople(app, 'willow');
const { workspaceId: other } = await createPeople(app, 'harbor');
const scope = systemScope(workspaceId, 'test');
const subject = { app, workspaceId, scope };
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica');
  return (await client.query(text, values)).rows as Record<string, unknown>[];
});
const insert = (workspace: string, count: number) => app.withWorkspace(systemScope(workspace, 'test'), async (tx) => {
  for (let at = 0; at < count; at += 500) await tx.knex('app.contacts').insert(Array.from({ length: Math.min(500, count - at) }, () => sealedContact(tx)));
  record(tx, { action: 'test.seeded' });
});
type Sealing = Parameters<Parameters<typeof app.withWorkspace>[1]>[0];
const sealedContact = (tx: Sealing) => {
  const id = randomUUID();
  return { workspace_id: tx.scope.workspaceId, id, family_name: tx.keys.seal('Ruiz', { table: 'contacts', column: 'family_name', rowId: id }), notes: tx.keys.seal('About', { table: 'contacts', column: 'notes', rowId: id }) };
};
await insert(workspaceId, 4_321); // a few goes
await insert(other, 10);

t.test('every value is looked at once, by key version, of this workspace alone', async (t) => {
  const counted = await app.withWorkspace(scope, (tx) => workspaceKeyStatus(tx, app.roots));
  const census = await takeCensus(app, scope);
  t.equal(census?.data[1], counted.find(({ kind }) => kind === 'data')?.values);
  t.ok((census?.data[1] ?? 0) >= 2 * 4_321);
  t.equal(census?.index[1], counted.find(({ kind }) => kind === 'index')?.values);
  t.same(census?.plain, []);
  t.equal(await takeCensus(app, scope, { until: Date.now() - 1 }), null, 'not in the time given');
});

t.test('the oldest value in the clear is found, and one in half an envelope', async (t) => {
  const [oldest, next] = await sql('select id, notes, family_name from app.contacts where workspace_id = $1 order by id limit 2', [workspaceId]);
  await sql(`update app.contacts set notes = 'Allergic to penicillin' where id = $1`, [oldest?.['id']]);
  await sql(`update app.contacts set family_name = left(family_name, 40) where id = $1`, [next?.['id']]);
  t.same((await takeCensus(app, scope))?.plain.toSorted((a, b) => (a.column < b.column ? -1 : 1)), [{ table: 'contacts', column: 'family_name', count: 1 }, { table: 'contacts', column: 'notes', count: 1 }]);
  await countValues.run(app, scope, {});
  t.match(await countOrRead(subject, -1), { isNow: false, plain: [{ count: 1 }, { count: 1 }] }, 'the night found it');
  await sql('update app.contacts set notes = $2 where id = $1', [oldest?.['id'], oldest?.['notes']]);
  await sql('update app.contacts set family_name = $2 where id = $1', [next?.['id'], next?.['family_name']]);
});

t.test('who cannot wait goes by the night, if it is on the record', async (t) => {
  t.equal(await countOrRead({ app, workspaceId: other, scope: systemScope(other, 'test') }, -1), null);
  await countValues.run(app, scope, {});
  const all = await takeCensus(app, scope);
  t.match(await countOrRead(subject, -1), { ...all, isNow: false });
  t.match(await countOrRead(subject), { ...all, isNow: true });

  const newest = await sql('select id, notes from app.contacts where workspace_id = $1 order by id desc limit 1', [workspaceId]);
  await sql(`update app.contacts set notes = 'In the clear since' where id = $1`, [newest[0]?.['id']]);
  t.match(await countOrRead(subject, -1), { plain: [{ table: 'contacts', column: 'notes', count: 1 }] }, 'the newest rows are looked at all the same');
  await sql('update app.contacts set notes = $2 where id = $1', [newest[0]?.['id'], newest[0]?.['notes']]);

  // Somebody's own entry, in which a later night found nothing.
  await sql(`insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, action, outcome, body, hash, key_id, signature)
    select workspace_id, seq + 1, gen_random_uuid(), at, actor_kind, action, outcome, body, hash, key_id, signature from app.audit_entries where workspace_id = $1 and action = $2 order by seq desc limit 1`, [workspaceId, COUNTED]);
  t.match(await app.withWorkspace(scope, (tx) => newestOnRecord(tx, app, COUNTED, 1)), { isOurs: false });
  t.equal(await countOrRead(subject, -1), null);
  await sql('delete from app.audit_entries e where workspace_id = $1 and seq = (select max(seq) from app.audit_entries where workspace_id = e.workspace_id)', [workspaceId]);
  t.match(await countOrRead(subject, -1), { isNow: false });

  await sql(`update app.audit_entries set at = at - interval '27 hours' where workspace_id = $1 and action = $2`, [workspaceId, COUNTED]);
  t.equal(await countOrRead(subject, -1), null, 'nor is the night before last one');
});

t.test('after a rotation nothing is under the key before', async (t) => {
  const before = (await takeCensus(app, scope))?.data[1];
  await rotateDataKey(app, scope, { batch: 1000 });
  t.same((await takeCensus(app, scope))?.data, { 2: before });
});

t.test('an empty workspace has nothing to count', async (t) => {
  const { workspaceId: empty } = await createPeople(app, 'empty');
  t.match(await takeCensus(app, systemScope(empty, 'test')), { plain: [] });
  t.equal(await app.withWorkspace(systemScope(empty, 'test'), (tx) => Contact.query(tx).resultSize()), 0);
});
