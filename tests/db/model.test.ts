import pg from 'pg';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { EnvelopeError } from '../../core/crypto/envelope.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { systemScope, type Tx } from '../../core/db/scope.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';

t.test('a Model', async (t) => {
  const { app, database } = await openTestApp(t);
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  t.teardown(() => superuser.end());
  await superuser.query('set session_replication_role = replica'); // moves rows about as no program may
  const willow = systemScope(await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' }), 'test');
  const harbor = systemScope(await createWorkspace(app, { slug: 'harbor', name: 'Harbor', timeZone: 'UTC' }), 'test');
  const within = <T>(scope: typeof willow, work: (tx: Tx) => PromiseLike<T>) => app.withWorkspace(scope, async (tx) => {
    record(tx, { action: 'test.did' });
    return await work(tx);
  });
  const add = (scope: typeof willow, row: Partial<Contact>) => within(scope, (tx) => Contact.query(tx).insert(row));
  const stored = async (id: string) => (await superuser.query('select * from app.contacts where id = $1', [id])).rows[0] as Record<string, string>;

  await t.test('is nothing without the door’s Tx', async (t) => {
    // eslint-disable-next-line wardkeep/query-needs-tx -- the run-time half of that rule
    t.throws(() => Contact.query(), /never without/);
    t.throws(() => Contact.query({} as never), /never without/);
    await within(willow, async (tx) => t.throws(() => Contact.query(tx.knex as never), /never without/));
  });

  await t.test('seals what the registry names and gives it back plain', async (t) => {
    const { id } = await add(willow, { given_name: 'Ottoline', family_name: 'Brzezinski', notes: 'allergic to penicillin', status: 'active' });
    const row = await stored(id);
    t.notMatch(JSON.stringify(row), /ottoline|brzezinski|penicillin/i);
    for (const column of ['given_name', 'family_name', 'notes']) t.match(row[column], /^v1\.d1\.[\w-]{16}\.[\w-]+$/);
    t.equal(row['status'], 'active');
    t.match(await within(willow, (tx) => Contact.query(tx).findById(id)), { given_name: 'Ottoline', family_name: 'Brzezinski', notes: 'allergic to penicillin' });
    t.equal(await within(harbor, (tx) => Contact.query(tx).findById(id)), undefined);
  });

  await t.test('puts the workspace on the row, whatever was asked', async (t) => {
    const { id } = await add(willow, { family_name: 'Stray', workspace_id: harbor.workspaceId });
    t.equal((await stored(id))['workspace_id'], willow.workspaceId);
  });

  await t.test('patches what it was told to and no more', async (t) => {
    const { id } = await add(willow, { given_name: 'Ada', family_name: 'Byron', status: 'active' });
    const before = await stored(id);
    await within(willow, async (tx) => (await Contact.query(tx).findById(id))?.$query(tx).patch({ family_name: 'Lovelace' }));
    const after = await stored(id);
    t.equal(after['given_name'], before['given_name']);
    t.equal(after['status'], 'active');
    t.match(await within(willow, (tx) => Contact.query(tx).findById(id)), { given_name: 'Ada', family_name: 'Lovelace' });
    await t.rejects(within(willow, (tx) => Contact.query(tx).where({ id }).patch({ family_name: 'Everyone' })), /must go through the row/);
    await within(willow, (tx) => Contact.query(tx).where({ id }).patch({ status: 'inactive' }));
    t.equal((await stored(id))['family_name'], after['family_name']);
  });

  await t.test('patches PHI only on a row that knows what its search tags are made of', async (t) => {
    const { id } = await add(willow, { given_name: 'Ottoline', family_name: 'Brzezinski', birth_date: '1970-01-02' });
    const before = await stored(id);
    await t.rejects(within(willow, async (tx) => {
      const row = await Contact.query(tx).findById(id).select('id', 'notes').throwIfNotFound();
      await row.$query(tx).patch({ notes: 'new' });
    }), /must know given_name/);
    t.same((await stored(id))['name_tags'], before['name_tags']);
  });

  await t.test('does not open what was moved to another row, column or workspace', async (t) => {
    const { id } = await add(willow, { given_name: 'Grace', family_name: 'Hopper' });
    const other = await add(willow, { given_name: 'Grace', family_name: 'Hopper' });
    const foreign = await add(harbor, { given_name: 'Grace', family_name: 'Hopper' });
    const source = await stored(id);
    const reads = (scope: typeof willow, row: string) => within(scope, (tx) => Contact.query(tx).findById(row));
    for (const [what, scope, row, column, value] of [
      ['row', willow, other.id, 'family_name', source['family_name']],
      ['column', willow, id, 'given_name', source['family_name']],
      ['workspace', harbor, foreign.id, 'family_name', source['family_name']],
    ] as const) {
      const kept = (await stored(row))[column];
      await superuser.query(`update app.contacts set ${quoteName(column)} = $1 where id = $2`, [value, row]);
      await t.rejects(reads(scope, row), EnvelopeError, what);
      await superuser.query(`update app.contacts set ${quoteName(column)} = $1 where id = $2`, [kept, row]);
      t.match(await reads(scope, row), { given_name: 'Grace', family_name: 'Hopper' });
    }
    await superuser.query('update app.contacts set workspace_id = $1, id = gen_random_uuid() where id = $2', [harbor.workspaceId, id]);
    await t.rejects(within(harbor, (tx) => Contact.query(tx).select()), EnvelopeError, 'a whole row under another workspace');
  });

  await t.test('gives equal values other tags in another workspace', async (t) => {
    const here = await stored((await add(willow, { given_name: 'Joan', family_name: 'Clarke', birth_date: '1917-06-24' })).id);
    const again = await stored((await add(willow, { given_name: 'Joan', family_name: 'Clarke', birth_date: '1917-06-24' })).id);
    const there = await stored((await add(harbor, { given_name: 'Joan', family_name: 'Clarke', birth_date: '1917-06-24' })).id);
    t.equal(here['birth_date_tag'], again['birth_date_tag']);
    t.not(here['birth_date_tag'], there['birth_date_tag']);
    const tags = new Set(here['name_tags']);
    t.ok(tags.size > 4);
    t.notOk([...(there['name_tags'] as unknown as string[])].some((tag) => tags.has(tag)));
    t.not(here['given_name'], again['given_name'], 'sealed values never repeat');
  });

  await t.test('holds the words a column may have, in the database too', async (t) => {
    const { id } = await add(willow, { given_name: 'Hedy', family_name: 'Lamarr', status: 'active' });
    const refused = (change: string) => t.rejects(superuser.query(change), { code: '23514' }, change);
    for (const column of ['status', 'preferred_channel']) await refused(`update app.contacts set ${column} = 'whatever' where id = '${id}'`);
    await refused(`update app.contacts set status = 'merged' where id = '${id}'`);
    for (const [kind, use] of [['fax', 'home'], ['phone', 'temporary']]) await refused(`insert into app.contact_points values ('${willow.workspaceId}', gen_random_uuid(), '${id}', '${kind}', '${use}', 1, 'sealed')`);
    await refused(`insert into app.contact_addresses (workspace_id, id, contact_id, use) values ('${willow.workspaceId}', gen_random_uuid(), '${id}', 'mobile')`);
    for (const [column, value] of [['seq', '0'], ['actor_kind', "'nobody'"], ['outcome', "'maybe'"], ['hash', "'\\x00'"], ['signature', "'\\x00'"]]) await refused(`update app.audit_entries set ${column} = ${value}`);
  });
});
