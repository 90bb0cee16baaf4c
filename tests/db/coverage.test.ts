import pg from 'pg';
import t from 'tap';
import { assertCatalog, checkCatalog, checkCatalogOn, CatalogError } from '../../core/db/coverage/check-catalog.ts';
import { RULES } from '../../core/db/coverage/rules/index.ts';
import { quoteName } from '../../core/db/quote-name.ts';
import { createTestDatabase } from '../support/database.ts';

const roles = { app: 'wardkeep_app', jobs: 'wardkeep_jobs' };

/** What is done to a sound schema, and the findings it must give: rule and object, nothing beside them. */
type Break = { /** PostgreSQL's first version that knows it. */ readonly since?: number; readonly by: string; readonly finds: readonly (readonly [rule: string, object: string | RegExp])[] };

const WIDGETS = `create table app.widgets (workspace_id uuid not null, id uuid not null, primary key (workspace_id, id))`;
const PROTECTED = `${WIDGETS}; call sec.protect('app.widgets', 'select, insert')`;

const watch = (events: string, when = '') => `drop trigger leaves_audit_entry on app.contacts;
  create constraint trigger leaves_audit_entry after ${events} on app.contacts deferrable initially deferred for each row ${when} execute function sec.require_audit_entry()`;

const BREAKS: readonly Break[] = [
  { by: 'alter role wardkeep_app superuser', finds: [['role.superuser', 'wardkeep_app']] },
  { by: 'alter role wardkeep_jobs bypassrls', finds: [['role.bypassrls', 'wardkeep_jobs']] },
  { by: 'alter role wardkeep_app createrole', finds: [['role.createrole', 'wardkeep_app']] },
  { by: 'alter role wardkeep_app createdb', finds: [['role.createdb', 'wardkeep_app']] },
  { by: 'alter role wardkeep_app replication', finds: [['role.replication', 'wardkeep_app']] },
  { by: 'grant pg_execute_server_program to wardkeep_app', finds: [['role.membership', 'wardkeep_app']] },
  { by: 'create role clerk; grant clerk to wardkeep_app with inherit false', finds: [['role.membership', 'wardkeep_app']] },
  { by: "alter role wardkeep_app set row_security = off", finds: [['role.settings', 'wardkeep_app']] },
  { by: 'create domain sys.odd as int; alter domain sys.odd owner to wardkeep_app', finds: [['role.ownership', 'wardkeep_app']] },

  { by: 'grant temporary on database {database} to wardkeep_app', finds: [['database.temp', 'wardkeep_app']] },
  { by: 'grant create on database {database} to wardkeep_jobs', finds: [['database.create', 'wardkeep_jobs']] },
  { by: 'grant connect on database {database} to public', finds: [['database.public', /^test_/]] },
  { by: 'create schema reports', finds: [['schema.unknown', 'reports']] },
  { by: 'create role clerk; alter schema sec owner to clerk', finds: [['schema.owner', 'sec']] },
  { by: 'grant create on schema app to wardkeep_app', finds: [['schema.create', 'app']] },
  { by: 'grant usage on schema history to wardkeep_app', finds: [['schema.usage', 'history']] },
  { by: 'grant usage on schema sys to public', finds: [['schema.public', 'sys']] },
  { by: 'create extension pgcrypto schema public', finds: [['extension.unknown', 'pgcrypto']] },
  { by: 'create language plthing handler plpgsql_call_handler', finds: [['language.unknown', 'plthing']] },
  { by: 'create function pg_catalog.spy() returns event_trigger language plpgsql as $$ begin end $$; create event trigger spy on ddl_command_end execute function spy()', finds: [['event_trigger', 'spy'], ['function.unknown', 'spy()']] },
  { by: 'create foreign data wrapper w; create server elsewhere foreign data wrapper w', finds: [['foreign.server', 'elsewhere']] },
  { by: 'create publication everything for all tables', finds: [['replication.logical', 'everything']] },
  { by: "create subscription copy connection 'dbname=elsewhere' publication p with (connect = false, slot_name = none)", finds: [['replication.logical', 'copy']] },
  { by: 'alter default privileges for role wardkeep_owner in schema app grant select on tables to wardkeep_app', finds: [['default.privileges', 'wardkeep_owner']] },
  { by: 'grant set on parameter session_replication_role to wardkeep_app', finds: [['parameter.grant', 'session_replication_role']] },
  { by: 'grant create on tablespace pg_default to wardkeep_app', finds: [['tablespace.create', 'pg_default']] },

  { by: 'alter table app.contacts disable row level security', finds: [['table.rls_off', 'app.contacts']] },
  { by: 'alter table sys.attempt_counters disable row level security', finds: [['table.rls_off', 'sys.attempt_counters']] },
  { by: 'alter table app.contacts no force row level security', finds: [['table.rls_not_forced', 'app.contacts']] },
  { by: 'alter table sys.workspaces no force row level security', finds: [['table.rls_not_forced', 'sys.workspaces']] },
  { by: `${WIDGETS}; call sec.forget_statistics('app.widgets')`, finds: [['table.rls_off', 'app.widgets'], ['audit.trigger', 'app.widgets']] },
  {
    by: `create table app.widgets (workspace_id uuid not null, id uuid not null, primary key (workspace_id, id)) partition by hash (workspace_id); call sec.protect('app.widgets', 'select, insert', true);
         create table app.widgets_0 partition of app.widgets for values with (modulus 1, remainder 0); call sec.forget_statistics('app.widgets_0'); grant select on app.widgets_0 to wardkeep_app`,
    finds: [['partition.unprotected', 'app.widgets_0']],
  },
  {
    by: `${PROTECTED}; alter table app.widgets drop constraint widgets_pkey; alter table app.widgets alter column workspace_id drop not null`,
    finds: [['table.workspace_id', 'app.widgets'], ['table.primary_key', 'app.widgets']],
  },
  { by: 'alter table app.audit_entries drop constraint audit_entries_pkey', finds: [['table.primary_key', 'app.audit_entries']] },
  { by: 'create table sys.widgets (id uuid)', finds: [['table.unknown', 'sys.widgets']] },
  { by: 'create table public.widgets (id uuid)', finds: [['table.unknown', 'public.widgets']] },
  { by: 'create role clerk; alter table app.contacts owner to clerk', finds: [['relation.owner', 'app.contacts']] },
  { by: 'create materialized view app.everyone as select id from app.contacts', finds: [['relation.materialized', 'app.everyone']] },
  { by: 'create foreign data wrapper w; create server s foreign data wrapper w; create foreign table app.remote (workspace_id uuid not null) server s', finds: [['relation.materialized', 'app.remote'], ['foreign.server', 's']] },
  { by: 'create view app.everyone as select id from app.contacts', finds: [['view.invoker', 'app.everyone']] },
  { by: 'create rule quiet as on delete to app.contact_points do instead nothing', finds: [['relation.rule', 'app.contact_points']] },
  { by: 'alter table app.users alter column email set statistics 100', finds: [['column.statistics', 'app.users.email']] },
  { by: 'alter table app.users add column age int', finds: [['column.statistics', 'app.users.age']] },
  { by: 'create statistics app.guess on email, name from app.users', finds: [['statistics.extended', 'guess']] },
  { by: 'drop trigger leaves_audit_entry on app.contacts', finds: [['audit.trigger', 'app.contacts']] },
  { by: 'alter table app.audit_entries disable trigger written_by_the_program', finds: [['audit.voucher', 'app.audit_entries'], ['trigger.disabled', 'app.audit_entries']] },
  { by: 'drop trigger written_by_the_program on app.audit_tiles', finds: [['audit.voucher', 'app.audit_tiles']] },
  { by: 'drop trigger written_by_the_program on app.audit_entries; create trigger written_by_the_program after insert on app.audit_entries for each row when (false) execute function sec.require_entry_voucher()', finds: [['audit.voucher', 'app.audit_entries']] },
  { by: 'alter table app.contacts disable trigger leaves_audit_entry', finds: [['audit.trigger', 'app.contacts'], ['trigger.disabled', 'app.contacts']] },
  { by: watch('insert or delete'), finds: [['audit.trigger', 'app.contacts']] },
  { by: watch('insert or delete or update of status'), finds: [['audit.trigger', 'app.contacts']] },
  { by: watch('insert or delete or update', 'when (false)'), finds: [['audit.trigger', 'app.contacts']] },
  { by: watch('insert or delete or update'), finds: [] },
  { by: "alter table app.sessions add column device uuid; call sec.forget_statistics('app.sessions')", finds: [['audit.trigger', 'app.sessions']] }, // its trigger lists columns
  { by: 'alter table app.contacts disable trigger keep_name_tags', finds: [['trigger.disabled', 'app.contacts']] },
  { by: 'alter table app.import_batches disable trigger all', finds: [['trigger.disabled', 'app.import_batches']] }, // those of its keys
  { by: 'create trigger more after update on app.contacts for each row execute function sec.require_audit_entry()', finds: [['trigger.unknown', 'app.contacts']] },

  { by: 'drop policy tenant on app.contacts', finds: [['policy.missing', 'app.contacts']] },
  { by: 'create policy everyone on app.contacts for select to wardkeep_app using (true)', finds: [['policy.unknown', 'app.contacts']] },
  { by: 'create policy system_door_select on app.contacts for select to wardkeep_jobs using ((select sec.is_system()))', finds: [['policy.unknown', 'app.contacts']] },
  { by: 'alter policy tenant on app.contacts using (true)', finds: [['policy.expression', 'app.contacts']] },
  { by: 'alter policy tenant on app.contacts using (workspace_id = workspace_id)', finds: [['policy.expression', 'app.contacts']] },
  { by: 'alter policy tenant on app.contacts using (workspace_id = sec.workspace())', finds: [['policy.expression', 'app.contacts']] }, // once per row, not an InitPlan
  { by: "alter policy tenant on app.contacts using (workspace_id = current_setting('app.workspace_id')::uuid)", finds: [['policy.expression', 'app.contacts']] },
  { by: 'alter policy tenant on app.contacts with check (workspace_id = (select sec.workspace()) or status = $$new$$)', finds: [['policy.expression', 'app.contacts']] },
  { by: 'alter policy system_door_select on app.users using (true)', finds: [['policy.expression', 'app.users']] },
  { by: 'drop policy tenant on app.contacts; create policy tenant on app.contacts to wardkeep_app, wardkeep_jobs using (workspace_id = (select sec.workspace()))', finds: [['policy.half', 'app.contacts']] },
  {
    by: 'drop policy tenant on app.contacts; create policy tenant on app.contacts as restrictive to wardkeep_app, wardkeep_jobs using (workspace_id = (select sec.workspace())) with check (workspace_id = (select sec.workspace()))',
    finds: [['policy.shape', 'app.contacts']],
  },
  { by: 'alter policy tenant on app.contacts to public', finds: [['policy.roles', 'app.contacts']] },
  { by: 'alter policy system_door_select on app.users to wardkeep_app', finds: [['policy.roles', 'app.users']] },

  { by: 'create unique index one_email on app.users (email)', finds: [['index.unique', 'app.one_email']] },
  { by: `${PROTECTED}; alter table app.widgets drop constraint widgets_pkey, add primary key (id)`, finds: [['index.unique', 'app.widgets_pkey']] },
  { by: 'create index by_email on app.users (email)', finds: [['index.led', 'app.by_email']] },
  { by: 'alter table app.appointments add constraint alone exclude using gist (practitioner_id with =)', finds: [['index.exclusion', 'alone']] },
  { by: `${PROTECTED}; create unique index i on app.contacts (workspace_id, id, status); create unique index w on app.workspaces (workspace_id); alter table app.widgets add column user_id uuid; call sec.forget_statistics('app.widgets');
      alter table app.widgets add foreign key (id, user_id) references app.users (workspace_id, id)`, finds: [['key.foreign', /^widgets_/]] },

  { by: 'create function app.peek() returns bigint language sql security definer set search_path = pg_catalog as $$ select count(*) from app.contacts $$; revoke all on function app.peek() from public', finds: [['function.security_definer', 'app.peek()'], ['function.unknown', 'app.peek()']] },
  { by: 'create function pg_catalog.peek() returns bigint language sql security definer as $$ select count(*) from app.contacts $$', finds: [['function.security_definer', 'peek()'], ['function.unknown', 'peek()']] },
  { by: 'alter function sec.workspace() reset search_path', finds: [['function.search_path', 'sec.workspace()']] },
  { by: 'alter function sec.workspace() set row_security = off', finds: [['function.search_path', 'sec.workspace()']] },
  { by: 'alter function sec.workspace() immutable', finds: [['function.declaration', 'sec.workspace()']] },
  { by: 'alter function sec.workspace() parallel safe', finds: [['function.declaration', 'sec.workspace()']] },
  { by: 'alter function sec.require_audit_entry() leakproof', finds: [['function.declaration', 'sec.require_audit_entry()']] },
  { by: 'alter function sec.enter(text) security invoker', finds: [['function.declaration', 'sec.enter(text)']] },
  { by: 'create role clerk; alter function sec.enter(text) owner to clerk', finds: [['function.owner', 'sec.enter(text)']] },
  { by: "create function pg_catalog.sha256(text) returns bytea language sql as $$ select '\\x00'::bytea $$", finds: [['function.unknown', 'sha256(text)']] },
  { by: "create or replace function sec.workspace() returns uuid language sql stable security definer parallel restricted set search_path = pg_catalog as $$ select current_setting('app.workspace_id')::uuid $$", finds: [['function.altered', 'sec.workspace()']] },
  { by: 'create or replace function sec.require_audit_entry() returns trigger language plpgsql set search_path = pg_catalog as $$ begin return null; end $$', finds: [['function.altered', 'sec.require_audit_entry()']] },
  { by: 'grant execute on function sec.keep_name_tags() to wardkeep_app', finds: [['function.execute', 'sec.keep_name_tags()']] },
  { by: 'grant execute on function sec.enter(text) to public', finds: [['function.public', 'sec.enter(text)']] },
  { by: 'grant execute on function lo_create(oid) to public', finds: [['function.large_objects', 'large objects']] },
  { by: 'grant execute on function pg_prepared_statement() to public', finds: [['function.withdrawn', 'pg_prepared_statement()']] },
  { by: 'grant execute on function pg_read_file(text) to wardkeep_app', finds: [['function.server', 'pg_read_file(text)']] },

  { by: 'grant truncate on app.contacts to wardkeep_app', finds: [['grant.privilege', 'app.contacts']] },
  { by: 'grant references (id) on app.contacts to wardkeep_app', finds: [['grant.privilege', 'app.contacts']] },
  { by: 'grant trigger on sys.secrets to wardkeep_jobs', finds: [['grant.privilege', 'sys.secrets']] },
  { since: 17, by: 'grant maintain on app.contacts to public', finds: [['grant.privilege', 'app.contacts']] },
  { by: 'grant select on app.contacts to wardkeep_app with grant option', finds: [['grant.option', 'app.contacts']] },
  { by: 'grant select on app.contacts to public', finds: [['grant.public', 'app.contacts']] },
  { by: 'create role clerk; grant select on sec.context_keys to clerk', finds: [['grant.other_role', 'sec.context_keys']] },
  { by: 'create role clerk; grant select (email) on app.users to clerk', finds: [['grant.other_role', 'app.users']] },
  { by: 'create role clerk; grant execute on function sec.enter(text) to clerk; grant usage on schema sec to clerk', finds: [['grant.other_role', 'sec.enter(text)'], ['grant.other_role', 'sec']] },
  { by: 'grant update on app.audit_entries to wardkeep_app', finds: [['grant.append_only', 'app.audit_entries']] },
  { by: 'grant update (body) on app.audit_entries to wardkeep_app', finds: [['grant.append_only', 'app.audit_entries']] },
  { by: 'grant delete on app.audit_tiles to wardkeep_jobs', finds: [['grant.append_only', 'app.audit_tiles'], ['grant.exact', 'app.audit_tiles']] },
  { by: 'grant update (wrapped) on sys.secrets to wardkeep_jobs', finds: [['grant.exact', 'sys.secrets']] },
  { by: 'grant insert on sys.secrets to wardkeep_app', finds: [['grant.exact', 'sys.secrets']] },
  { by: 'grant update (public_key) on sys.signing_keys to wardkeep_jobs', finds: [['grant.exact', 'sys.signing_keys']] },
  { by: 'grant insert on sys.key_events to wardkeep_jobs', finds: [['grant.exact', 'sys.key_events']] },
  { by: 'grant update on app.workspace_keys to wardkeep_app', finds: [['grant.exact', 'app.workspace_keys']] },
  { by: 'grant update (suspended_at) on app.workspaces to wardkeep_app', finds: [['grant.exact', 'app.workspaces']] },
  { by: 'grant insert on app.entitlements to wardkeep_app', finds: [['grant.exact', 'app.entitlements']] },
  { by: 'grant select on app.contacts to wardkeep_jobs', finds: [['grant.exact', 'app.contacts']] },
  { by: 'grant update (email) on app.users to wardkeep_jobs', finds: [['grant.exact', 'app.users']] },
  { by: PROTECTED, finds: [] },
  { by: `${PROTECTED}; grant select on app.widgets to wardkeep_jobs`, finds: [['grant.exact', 'app.widgets']] },
  { by: 'grant select on sec.context_keys to wardkeep_app', finds: [['grant.secret', 'sec.context_keys']] },
  { by: 'grant select (id) on sec.context_keys to wardkeep_app', finds: [['grant.secret', 'sec.context_keys']] },
  { by: 'grant usage on sequence sec.entered_high to wardkeep_app', finds: [['grant.secret', 'sec.entered_high']] },
  { by: 'create sequence app.counter owned by none; alter sequence app.counter owner to wardkeep_owner; grant usage on sequence app.counter to wardkeep_app', finds: [['grant.sequence', 'app.counter']] },
  { by: 'grant select on pg_statistic to wardkeep_app', finds: [['grant.catalog', 'pg_statistic']] },

  { by: 'alter table app.contacts drop column notes', finds: [['phi.column', 'contacts.notes']] },
  { by: 'revoke update (file_name) on app.import_outcomes from wardkeep_app', finds: [['phi.unrewritable', 'import_outcomes.file_name']] },
  { by: "alter table app.contacts add column diagnosis text; call sec.forget_statistics('app.contacts')", finds: [['phi.undeclared', 'app.contacts.diagnosis']] },
  { by: "alter table app.contacts add column mood text check (mood in ('good', 'bad')); call sec.forget_statistics('app.contacts')", finds: [] },
  { by: "create domain app.mood as text check (value in ('good', 'bad')); alter table app.contacts add column mood app.mood; call sec.forget_statistics('app.contacts')", finds: [] },
  { by: "create domain app.said as text check (value <> ''); alter table app.contacts add column said app.said; call sec.forget_statistics('app.contacts')", finds: [['phi.undeclared', 'app.contacts.said']] },
];

t.test('the catalog check', async (t) => {
  const database = await createTestDatabase(t);

  await t.test('finds nothing in the schema as migrated, whoever asks', async (t) => {
    for (const url of [database.appUrl, database.jobsUrl, database.ownerUrl]) t.same(await checkCatalog(url, { roles }), []);
    await assertCatalog(database.appUrl, { roles });
  });

  await t.test('finds each break, and that alone', async (t) => {
    const client = new pg.Client({ connectionString: database.superuserUrl });
    await client.connect();
    t.teardown(() => client.end());
    const { major } = (await client.query(`select current_setting('server_version_num')::int / 10000 as major`)).rows[0] as { major: number };
    for (const { by, finds } of BREAKS.filter(({ since = 0 }) => since <= major)) {
      await client.query('begin');
      await client.query(by.replaceAll('{database}', database.name));
      await giveToOwner(client);
      await client.query('set local session authorization wardkeep_app'); // the check needs no privilege
      const found = (await checkCatalogOn(client, { roles })).map(({ rule, object }) => ({ rule, object }));
      await client.query('rollback');
      const left = found.filter(({ rule, object }) => !finds.some(([name, what]) => name === rule && (typeof what === 'string' ? what === object : what.test(object))));
      t.same(left, [], `nothing else: ${by}`);
      for (const [rule, object] of finds) t.ok(found.some((f) => f.rule === rule && (typeof object === 'string' ? object === f.object : object.test(f.object))), `${rule}: ${by}`);
    }
  });

  await t.test('sees settings as a new connection gets them', async (t) => {
    const superuser = new pg.Client({ connectionString: database.superuserUrl });
    await superuser.connect();
    t.teardown(() => superuser.end());
    for (const [setting, value, rule] of [['log_statement', 'all', 'setting.unsafe'], ['log_parameter_max_length', '100', 'setting.unsafe'], ['track_activities', 'on', 'setting.unsafe'], ['search_path', 'app, public', 'setting.search_path']] as const) {
      await superuser.query(`alter database ${quoteName(database.name)} set ${quoteName(setting)} = ${superuser.escapeLiteral(value)}`);
      t.match(await checkCatalog(database.appUrl, { roles }), [{ rule, object: setting }]);
      if (setting !== 'search_path') await superuser.query(`alter database ${quoteName(database.name)} reset ${quoteName(setting)}`);
    }
  });

  await t.test('refuses with every finding in one error, each with its remedy', async (t) => {
    const wrong = { app: 'wardkeep_app', jobs: 'wardkeep_app' };
    const error = await assertCatalog(database.appUrl, { roles: wrong }).then(() => null, (e: unknown) => e);
    t.ok(error instanceof CatalogError);
    const { findings, message } = error as CatalogError;
    t.ok(findings.some(({ rule }) => rule === 'role.shared'));
    for (const { text, remedy } of findings) t.ok(message.includes(text) && message.includes(remedy));
    t.match(await checkCatalog(database.appUrl, { roles: { app: 'wardkeep_app', jobs: 'nobody_here' } }), [{ rule: 'role.missing', object: 'nobody_here' }]);
  });

  await t.test('has a break for every rule', async (t) => {
    const elsewhere = ['setting.unsafe', 'setting.search_path', 'role.missing', 'role.shared'];
    const covered = new Set([...BREAKS.flatMap(({ finds }) => finds.map(([rule]) => rule)), ...elsewhere]);
    t.same(RULES.map(({ name }) => name).filter((name) => !covered.has(name)), []);
  });
});

/** What a case made as the superuser is to belong to the owner, so that ownership is not what is found. */
async function giveToOwner(client: pg.Client): Promise<void> {
  await client.query(`do $$ declare r record; begin
    for r in select oid::regclass as name, relkind from pg_class where relnamespace in ('app'::regnamespace, 'sys'::regnamespace, 'public'::regnamespace) and relowner = 10 and relkind in ('r', 'p', 'v', 'm', 'f') loop
      execute format('alter %s %s owner to wardkeep_owner', case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end, r.name);
    end loop;
    for r in select oid::regprocedure as name from pg_proc where pronamespace in ('app'::regnamespace, 'sec'::regnamespace) and proowner = 10 loop
      execute format('alter function %s owner to wardkeep_owner', r.name);
    end loop;
  end $$`);
}
