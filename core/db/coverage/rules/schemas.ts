import { given, type Rule } from '../rule.ts';

const databasePrivilege = (name: string, privilege: string, why: string): Rule => ({
  name: `database.${name}`,
  remedy: `REVOKE ${privilege} ON DATABASE … FROM PUBLIC and from the role.`,
  find: `select rolname as object, 'has ${privilege} on the database: ${why}' as text from bounded where has_database_privilege(oid, current_database(), '${privilege}')`,
});

/** What surrounds the tables: the database, its schemas, extensions, and whatever could run or reach out on its own. */
export const SCHEMA_RULES: readonly Rule[] = [
  databasePrivilege('temp', 'TEMPORARY', 'a temporary table outlives the request that made it, and may shadow'),
  databasePrivilege('create', 'CREATE', 'a schema is a place for functions'),
  {
    name: 'database.public',
    remedy: 'REVOKE ALL ON DATABASE … FROM PUBLIC.',
    find: `select datname as object, 'PUBLIC may connect' as text from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a where datname = current_database() and a.grantee = 0 and a.privilege_type = 'CONNECT'`,
  },
  {
    name: 'schema.unknown',
    remedy: 'Drop it, or list it in core/db/coverage/expected.ts with who may look inside.',
    find: `select nspname as object, 'is not a schema of Wardkeep' as text from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' and nspname not in ${given('schemas')}`,
  },
  {
    name: 'schema.owner',
    remedy: 'ALTER SCHEMA … OWNER TO the role that owns schema app: whoever owns a schema may drop what is in it, and put something else there.',
    find: `select nspname as object, 'belongs to ' || nspowner::regrole as text from pg_namespace
           where nspname in ${given('schemas')} and nspname <> 'public' and nspowner <> (select nspowner from pg_namespace where nspname = 'app') and nspowner not in (select oid from runtime)`,
  },
  {
    name: 'schema.create',
    remedy: 'REVOKE CREATE ON SCHEMA … FROM the role and from PUBLIC.',
    find: `select nspname as object, rolname || ' may create objects in it' as text from pg_namespace n, bounded r where nspname !~ '^pg_(temp|toast_temp)_' and has_schema_privilege(r.oid, n.oid, 'CREATE')`,
  },
  {
    name: 'schema.usage',
    remedy: 'REVOKE USAGE ON SCHEMA … FROM the role.',
    find: `select nspname as object, rolname || ' may look inside' as text from pg_namespace n, bounded r
           where nspname in ${given('schemas')} and has_schema_privilege(r.oid, n.oid, 'USAGE') and nspname || ':' || rolname not in ${given('usage')}
             and not exists (select from aclexplode(n.nspacl) a where a.grantee = 0)`,
  },
  {
    name: 'schema.public',
    remedy: 'REVOKE ALL ON SCHEMA … FROM PUBLIC.',
    find: `select nspname as object, 'PUBLIC has ' || a.privilege_type as text from pg_namespace n, aclexplode(n.nspacl) a where nspname in ${given('schemas')} and a.grantee = 0 and a.privilege_type = 'USAGE'`,
  },
  {
    name: 'extension.unknown',
    remedy: 'DROP EXTENSION: many read files, other databases or pages beneath row-level security.',
    find: `select extname as object, 'is an extension Wardkeep does not use' as text from pg_extension where extname not in ${given('extensions')}`,
  },
  {
    name: 'language.unknown',
    remedy: 'DROP LANGUAGE.',
    find: `select lanname as object, 'is a language Wardkeep does not use' as text from pg_language where lanname not in ${given('languages')}`,
  },
  {
    name: 'event_trigger',
    remedy: 'DROP EVENT TRIGGER.',
    find: `select evtname as object, 'runs code of its own on schema changes and sign-ins' as text from pg_event_trigger`,
  },
  {
    name: 'foreign.server',
    remedy: 'DROP SERVER … CASCADE.',
    find: `select srvname as object, 'reaches another server from inside the database' as text from pg_foreign_server`,
  },
  {
    name: 'replication.logical',
    remedy: 'DROP PUBLICATION or SUBSCRIPTION: the one sends rows of every workspace elsewhere, the other writes into them; neither asks the policies. Standbys and backups need none.',
    find: `select pubname as object, 'is a publication' as text from pg_publication
           union all select subname, 'is a subscription' from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())`,
  },
  {
    name: 'default.privileges',
    remedy: 'ALTER DEFAULT PRIVILEGES … REVOKE it: grants are made table by table.',
    find: `select d.defaclrole::regrole::text as object, 'gives future objects to ' || coalesce(r.rolname, 'PUBLIC') as text from pg_default_acl d cross join aclexplode(d.defaclacl) a left join pg_roles r on r.oid = a.grantee
           where a.grantee = 0 or a.grantee in (select oid from runtime)`,
  },
  {
    name: 'parameter.grant',
    remedy: 'REVOKE SET / ALTER SYSTEM ON PARAMETER.',
    find: `select p.parname as object, coalesce(r.rolname, 'PUBLIC') || ' has ' || a.privilege_type as text from pg_parameter_acl p cross join aclexplode(p.paracl) a left join pg_roles r on r.oid = a.grantee
           where a.grantee = 0 or a.grantee in (select oid from runtime)`,
  },
  {
    name: 'tablespace.create',
    remedy: 'REVOKE CREATE ON TABLESPACE.',
    find: `select spcname as object, rolname || ' may create in it' as text from pg_tablespace t, bounded r where has_tablespace_privilege(r.oid, t.oid, 'CREATE')`,
  },
];
