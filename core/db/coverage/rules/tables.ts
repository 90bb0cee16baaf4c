import { given, type Rule } from '../rule.ts';

/** Workspace tables and everything else that can be selected from. */
export const TABLE_RULES: readonly Rule[] = [
  {
    name: 'table.rls_off',
    remedy: "call sec.protect('app.…', privileges) in the migration that makes the table.",
    find: `select c.oid::regclass::text as object, 'row-level security is not enabled' as text from pg_class c
           where (c.oid in (select oid from tables) or c.oid::regclass::text in (select split_part(d.door, ':', 1) from ${given('doors')} d (door))) and not c.relrowsecurity and not c.relispartition`,
  },
  {
    name: 'table.rls_not_forced',
    remedy: 'ALTER TABLE … FORCE ROW LEVEL SECURITY.',
    find: `select c.oid::regclass::text as object, 'row-level security does not bind the owner' as text from pg_class c where c.relnamespace in (select oid from ours) and c.relrowsecurity and not c.relforcerowsecurity`,
  },
  {
    name: 'partition.unprotected',
    remedy: 'call sec.protect on each partition as well, or grant nothing on it.',
    find: `select c.oid::regclass::text as object, rolname || ' may reach this partition, which has no policy of its own' as text from pg_class c, bounded r
           where c.relispartition and not (c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid)) and (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE') or has_table_privilege(r.oid, c.oid, 'DELETE'))`,
  },
  {
    name: 'table.workspace_id',
    remedy: 'Every table of schema app starts with `workspace_id uuid not null`.',
    find: `select t.name as object, 'has no column workspace_id uuid not null' as text from tables t
           where not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'workspace_id' and a.atttypid = 'uuid'::regtype and a.attnotnull and not a.attisdropped)`,
  },
  {
    name: 'table.primary_key',
    remedy: 'Add the primary key of the migration that made the table: without it a row can be there twice, an audit entry among them.',
    find: `select t.name as object, 'has no primary key' as text from tables t where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary and i.indisvalid)`,
  },
  {
    name: 'table.unknown',
    remedy: 'Put workspace tables into schema app; list a table of the installation in core/db/coverage/expected.ts.',
    find: `select c.oid::regclass::text as object, 'is not a table Wardkeep knows' as text from pg_class c join ours n on n.oid = c.relnamespace
           where c.relkind in ('r', 'p') and n.nspname not in ('app', 'history') and n.nspname || '.' || c.relname not in ${given('systemTables')}`,
  },
  {
    name: 'relation.owner',
    remedy: 'ALTER … OWNER TO the role that owns schema app.',
    find: `select c.oid::regclass::text as object, 'belongs to ' || c.relowner::regrole as text from pg_class c
           where c.relnamespace in (select oid from ours) and c.relkind not in ('i', 'I', 't') and c.relowner <> (select nspowner from pg_namespace where nspname = 'app') and c.relowner not in (select oid from runtime)`,
  },
  {
    name: 'relation.materialized',
    remedy: 'DROP it: row-level security does not apply to materialised views and foreign tables.',
    find: `select oid::regclass::text as object, case relkind when 'm' then 'is a materialised view' else 'is a foreign table' end as text from pg_class where relkind in ('m', 'f')`,
  },
  {
    name: 'view.invoker',
    remedy: 'ALTER VIEW … SET (security_invoker = true): otherwise it reads with its owner’s rights.',
    find: `select c.oid::regclass::text as object, 'is a view without security_invoker' as text from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema') and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)`,
  },
  {
    name: 'relation.rule',
    remedy: 'DROP RULE: a rewrite rule acts with the rights of the table’s owner.',
    find: `select r.ev_class::regclass::text as object, 'has the rewrite rule ' || r.rulename as text from pg_rewrite r join pg_class c on c.oid = r.ev_class where c.relnamespace in (select oid from ours) and c.relkind in ('r', 'p')`,
  },
  {
    name: 'column.statistics',
    remedy: 'call sec.forget_statistics(table) after adding a column: EXPLAIN would show where other workspaces’ values lie.',
    find: `select c.oid::regclass || '.' || a.attname as object, 'keeps planner statistics' as text from pg_class c join pg_attribute a on a.attrelid = c.oid
           where (c.oid in (select oid from tables) and a.attnum > 0
                  or c.relkind = 'i' and exists (select from pg_index i where i.indexrelid = c.oid and i.indrelid in (select oid from tables) and (i.indkey::int2[])[a.attnum - 1] = 0))
             and not a.attisdropped and coalesce(a.attstattarget, -1) <> 0`,
  },
  {
    name: 'statistics.extended',
    remedy: 'DROP STATISTICS.',
    find: `select stxname as object, 'keeps statistics on ' || stxrelid::regclass as text from pg_statistic_ext where stxrelid in (select oid from tables)`,
  },
  {
    name: 'audit.trigger',
    remedy: "call sec.protect('app.…', privileges), or name the table or column in core/db/coverage/expected.ts with the reason why its changes are no acts.",
    find: `select t.name as object, 'may change without leaving an audit entry' as text from tables t
           where t.name not in ${given('withoutAuditTrigger')} and not exists (
             select from pg_trigger g where g.tgrelid = t.oid and g.tgname = 'leaves_audit_entry' and g.tgenabled in ('O', 'A') and g.tgfoid = to_regproc('sec.require_audit_entry') and g.tgdeferrable and g.tginitdeferred
               and (g.tgtype & 1) = 1 and (g.tgtype & 28) = 28 and g.tgqual is null
               and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
                 and cardinality(g.tgattr::int2[]) > 0 and a.attnum <> all (g.tgattr::int2[]) and t.name || '.' || a.attname not in ${given('unauditedColumns')}))`,
  },
  {
    name: 'audit.voucher',
    remedy: 'Create the triggers of migrations/0031_written_by_the_program.sql again.',
    find: `select t.name as object, 'takes rows that the program did not write' as text from tables t
           join (values ('app.audit_entries', 'sec.require_entry_voucher'), ('app.audit_checkpoints', 'sec.require_voucher'), ('app.audit_tiles', 'sec.require_voucher')) v (name, function) using (name)
           where not exists (
             select from pg_trigger g where g.tgrelid = t.oid and g.tgname = 'written_by_the_program' and g.tgenabled in ('O', 'A') and g.tgfoid = to_regproc(v.function) and (g.tgtype & 1) = 1 and (g.tgtype & 4) = 4 and g.tgqual is null)`,
  },
  {
    name: 'trigger.disabled',
    remedy: 'ALTER TABLE … ENABLE TRIGGER ALL, and look what was written meanwhile.',
    find: `select distinct g.tgrelid::regclass::text as object, 'has a trigger that does not fire' as text from pg_trigger g join pg_class c on c.oid = g.tgrelid where c.relnamespace in (select oid from ours) and g.tgenabled not in ('O', 'A')`,
  },
  {
    name: 'trigger.unknown',
    remedy: 'DROP TRIGGER, or list it in core/db/coverage/expected.ts.',
    find: `select g.tgrelid::regclass::text as object, 'has the trigger ' || g.tgname as text from pg_trigger g join pg_class c on c.oid = g.tgrelid where c.relnamespace in (select oid from ours) and not g.tgisinternal and g.tgname <> 'leaves_audit_entry' and g.tgrelid::regclass || ':' || g.tgname not in ${given('triggers')}`,
  },
];
