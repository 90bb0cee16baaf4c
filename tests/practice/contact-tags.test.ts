import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { asSuperuser, createDatabase, withDatabase } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { openPractice } from '../api/open-server.ts';
import { rows } from '../support/rows.ts';

const { database, people, as } = await openPractice(t);
const [admin, agent] = [await as(people.admin), await as(people.agent)];
const { body: { id } } = await agent('POST', '/contacts', { familyName: 'Tagged', tags: ['Fall Risk', 'hiv clinic'] });
const found = async (tag: string, body?: object): Promise<number> => (body === undefined ? await admin('GET', `/contacts?tag=${encodeURIComponent(tag)}`) : await admin('POST', '/contacts/search', { ...body, tag })).body.items.length as number;

t.test('a tag is nowhere in the clear', async (t) => {
  const other = (await admin('POST', '/contacts', { familyName: 'Tagged', tags: ['oncology'] })).body;
  const { etag } = (await admin('GET', `/contacts/${other.id}`)).headers;
  t.same((await admin('PATCH', `/contacts/${other.id}`, { tags: ['oncology', 'renal'] }, { 'if-match': etag as string })).body.tags, ['oncology', 'renal']);
  t.equal((await admin('POST', `/contacts/${id}/merge`, { mergedId: other.id })).status, 200);
  const held = await Promise.all(['contacts', 'contact_merges', 'contact_name_tags', 'audit_entries'].map((table) => rows(database, `select * from app.${table}`)));
  t.notMatch(JSON.stringify(held), /fall|risk|hiv|clinic|oncology|renal/i);
  for (const { tags } of await rows<{ tags: string }>(database, 'select tags from app.contacts where tags is not null')) t.match(tags, /^v1\.d1\.[\w-]{16}\.[\w-]+$/);
  t.same((await admin('GET', `/contacts/${id}`)).body.tags, ['Fall Risk', 'hiv clinic', 'oncology', 'renal'], 'and reads as it was written');
});

t.test('lists and searches are filtered by a whole tag, however it is typed', async (t) => {
  for (const tag of ['Fall Risk', 'fall risk', 'FALL  RISK', 'hiv clinic']) t.equal(await found(tag), 1, tag);
  for (const tag of ['fall', 'risk', 'hiv', 'Fall Risk hiv clinic']) t.equal(await found(tag), 0, tag);
  t.equal(await found('hiv clinic', { q: 'tagged' }), 1);
  t.equal(await found('other', { q: 'tagged' }), 0);
});

t.test('a database with tags in the clear is not migrated, and loses none', async (t) => {
  const roles = { app: 'wardkeep_app', jobs: 'wardkeep_jobs' };
  const name = `${database.name}_plain_tags`;
  await createDatabase(database.superuserUrl, name);
  t.teardown(() => asSuperuser(database.superuserUrl, (client) => client.query(`drop database ${quoteName(name)} with (force)`)));
  const before = await mkdtemp(join(tmpdir(), 'wardkeep-migrations-'));
  t.teardown(() => rm(before, { recursive: true }));
  for (const file of await readdir(CORE_MIGRATIONS.dir)) if (file < '0018') await cp(join(CORE_MIGRATIONS.dir, file), join(before, file));
  const owner = withDatabase(database.ownerUrl, name);
  await migrate(owner, roles, [{ ...CORE_MIGRATIONS, dir: before }]);

  const client = new pg.Client({ connectionString: withDatabase(database.superuserUrl, name) });
  await client.connect();
  t.teardown(() => client.end());
  await client.query('set session_replication_role = replica');
  await client.query(`insert into app.contacts (workspace_id, id, tags) values (gen_random_uuid(), gen_random_uuid(), '{oncology}')`);
  await t.rejects(migrate(owner, roles, [CORE_MIGRATIONS]), { message: /0018_sealed_tags failed and was rolled back: 1 contacts have tags in the clear/ });
  t.same((await client.query('select tags from app.contacts')).rows, [{ tags: ['oncology'] }]);

  await client.query(`update app.contacts set tags = '{}'`);
  t.equal((await migrate(owner, roles, [CORE_MIGRATIONS]))[0], '0018_sealed_tags');
  t.same((await client.query('select tags, label_tags from app.contacts')).rows, [{ tags: null, label_tags: [] }]);
});
