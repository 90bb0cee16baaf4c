import { accepted, attempt, outcomeOf, seenOfB, type Scenario } from '../scenario.ts';
import type { Target } from '../target.ts';

const refused = (name: string, text: string | ((target: Target) => string), leak = 'it is accepted'): Scenario => ({
  name, leak, inRequest: ({ sql }, target) => accepted(sql, typeof text === 'string' ? text : text(target)),
});
const shows = (name: string, text: string | ((target: Target) => string)): Scenario => ({
  name, leak: 'rows of b', inRequest: async ({ sql }, target) => seenOfB(await attempt(sql, typeof text === 'string' ? text : text(target)), target),
});

/** Everything of these kinds that may be selected from, whole: tables, partitions, views, materialised views, and the system's own. */
const everyRelation = (name: string, kinds: string): Scenario => ({
  name, leak: 'rows of b',
  inRequest: async ({ sql }, target) => {
    const names = await sql(`select c.oid::regclass::text as name from pg_class c where ${kinds} and has_table_privilege(c.oid, 'select')`);
    for (const { name: relation } of names) {
      const seen = seenOfB(await attempt(sql, `select t::text as row from ${String(relation)} t`), target);
      if (seen !== null) return `${String(relation)}: ${seen}`;
    }
    return null;
  },
});
const OURS = `c.relnamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`;

/** Reading and writing what is not one's own, by every statement there is. */
export const REACH_ATTACKS: readonly Scenario[] = [
  shows('tautology', `select * from app.contacts where workspace_id is not null or true`),
  shows('by id', ({ b }) => `select * from app.contacts where id = '${b.contactId}'`),
  shows('a sub-select with a set operation', `select * from app.contacts union all select * from app.contacts order by 1`),
  shows('a join from one’s own rows', `select p.*, u.* from app.contacts c join app.contact_points p on true join app.users u on true`),
  shows('SELECT … FOR UPDATE', ({ b }) => `select * from app.contacts where id = '${b.contactId}' for update`),
  shows('TABLESAMPLE', `select * from app.contacts tablesample bernoulli (100)`),
  shows('an error that quotes a foreign value', `select family_name::int from app.contacts where family_name not like 'willow%'`),
  shows('a function run over rows the policy removes', `select * from app.contacts where case when family_name like 'harbor%' then 1 / 0 else 1 end = 1`),
  shows('query_to_xml', `select query_to_xml('select * from app.contacts', true, false, '')`),
  shows('database_to_xml', `select schema_to_xml('app', true, false, '')`),
  shows('ts_stat', `select * from ts_stat('select to_tsvector(family_name) from app.contacts')`),
  shows('a DO block', `do $$ declare r record; begin for r in select * from app.contacts loop raise exception '%', r; end loop; end $$`),
  shows('UPDATE … RETURNING', ({ b }) => `update app.contacts set status = 'inactive' where id = '${b.contactId}' returning *`),
  shows('DELETE … RETURNING', ({ b }) => `delete from app.contact_points where contact_id = '${b.contactId}' returning *`),
  shows('MERGE', ({ b }) => `merge into app.contacts c using (values ('${b.contactId}'::uuid)) v (id) on c.id = v.id when matched then update set status = 'inactive' returning c.*`),
  everyRelation('every table', `${OURS} and c.relkind in ('r', 'p') and not c.relispartition`),
  everyRelation('every partition', `${OURS} and c.relispartition`),
  everyRelation('every view', `${OURS} and c.relkind = 'v'`),
  everyRelation('every materialised view', `${OURS} and c.relkind = 'm'`),
  everyRelation('every system catalogue and view', `c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) and c.relkind in ('r', 'v')`),
  {
    name: 'writing to a partition', leak: 'rows of b go',
    inRequest: async ({ sql }) => {
      for (const { name } of await sql(`select oid::regclass::text as name from pg_class where relispartition and has_table_privilege(oid, 'delete')`)) {
        const { rows } = await attempt(sql, `with gone as (delete from ${String(name)} returning 1) select count(*)::int as n from gone`);
        if (Number(rows[0]?.['n']) > 1) return `deleted ${String(rows[0]?.['n'])} rows of ${String(name)}`;
      }
      return null;
    },
  },
  refused('INSERT for another workspace', ({ b }) => `insert into app.contacts (workspace_id, id, status) values ('${b.id}', gen_random_uuid(), 'new')`),
  refused('moving a row to another workspace', ({ a, b }) => `update app.contacts set workspace_id = '${b.id}' where id = '${a.contactId}'`),
  refused('TRUNCATE', 'truncate app.contact_points', 'rows of b go'),
  refused('DROP TABLE', 'drop table app.contact_points'),
  refused('switching row-level security off', 'alter table app.contacts disable row level security'),
  refused('a policy of one’s own', 'create policy loot on app.contacts using (true)'),
  refused('dropping a policy', 'drop policy tenant on app.contacts'),
  refused('a function of one’s own', 'create function app.loot() returns int language sql as $$ select 1 $$'),
  refused('a schema of one’s own', 'create schema loot'),
  refused('a trigger on a table', 'create trigger loot after insert on app.contacts for each row execute function suppress_redundant_updates_trigger()'),
  refused('a foreign key onto a table', 'create temporary table loot (id uuid references app.contacts)'),
  refused('a rewrite rule', 'create rule loot as on select to app.contacts do instead select 1'),
  refused('GRANT', 'grant bypassrls to current_user'),
  refused('an index on a table', 'create index loot on app.contacts (family_name)'),
  refused('COPY … TO PROGRAM', `copy app.contacts to program 'cat > /dev/null'`),
  refused('COPY … TO a file', `copy app.contacts to '/tmp/loot'`),
  refused('COPY … FROM a file', `copy app.users from '/etc/passwd'`),
  refused('pg_read_file', `select pg_read_file('PG_VERSION')`),
  refused('pg_ls_dir', `select pg_ls_dir('.')`),
  refused('lo_import', `select lo_import('/etc/passwd')`),
  refused('CREATE EXTENSION', 'create extension dblink'),
  refused('LOAD', `load 'auto_explain'`),
  refused('a job for another workspace', ({ b }) => `select sec.enqueue('audit.verify', '{}', null, null, '${b.id}')`, 'it runs in b'),
  refused('a job past the function that names its workspace', `select graphile_worker.add_job('audit.verify', '{}')`, 'it runs in b'),
  refused('reading the queue', 'select * from graphile_worker._private_jobs', 'what b is about to do'),
  refused('a key’s wrapping', `update app.workspace_keys set wrapped = 'loot'`),
  refused('taking a suspension back', 'update app.workspaces set suspended_at = null'),
  refused('a plan of one’s own', ({ a }) => `insert into app.entitlements (workspace_id, id, tier) values ('${a.id}', gen_random_uuid(), 'enterprise')`),
  refused('a signing key of one’s own', `insert into sys.signing_keys (key_id, public_key) values ('0000000000000000', decode(repeat('00', 32), 'hex'))`, 'the log believes it'),
  refused('an event of one’s own in the key log', `insert into sys.key_events (seq, event) values (99, '{}')`, 'no log verifies any more'),
  refused('another signing secret', `select sec.rotate_audit_key(1, 'loot', '{}', '{}')`),
  refused('the directory of workspaces', 'select * from sys.workspaces', 'who else is here'),
  refused('another role’s password', `alter role wardkeep_jobs password 'loot'`, 'the system door'),
  refused('a publication', 'create publication loot for table app.contacts', 'rows of b leave'),
  refused('a replication origin', `select pg_replication_origin_create('loot')`),
  refused('turning on a log of statements', `set log_statement = 'all'`),
  {
    name: 'large objects', leak: 'b’s attacker reads what a’s stored',
    onConnection: async (c, target) => {
      const stored = await outcomeOf(c.request(target.a, async ({ sql }) => (await sql(`select lo_from_bytea(0, 'loot') as oid`))[0]?.['oid']));
      return stored === null ? null : outcomeOf(c.request(target.b, async ({ sql }) => ((await sql(`select lo_get(${String(stored)}) as body`)).length > 0 ? 'read it' : null)));
    },
  },
];
