import { given, type Rule } from '../rule.ts';

const attribute = (name: string, column: string, keyword: string): Rule => ({
  name: `role.${name}`,
  remedy: `ALTER ROLE … ${keyword}`,
  find: `select r.rolname as object, 'has the attribute ${name.toUpperCase()}' as text from pg_roles r where r.oid in (select oid from runtime) and r.${column}`,
});

/** The run-time roles: nothing but LOGIN, members of nothing, owners of nothing. */
export const ROLE_RULES: readonly Rule[] = [
  attribute('superuser', 'rolsuper', 'NOSUPERUSER'),
  attribute('bypassrls', 'rolbypassrls', 'NOBYPASSRLS'),
  attribute('createrole', 'rolcreaterole', 'NOCREATEROLE'),
  attribute('createdb', 'rolcreatedb', 'NOCREATEDB'),
  attribute('replication', 'rolreplication', 'NOREPLICATION'),
  {
    name: 'role.missing',
    remedy: 'Create the role (docs/postgresql.md) and name it in the URL.',
    find: `select n as object, 'does not exist' as text from unnest($1::text[]) n where n not in (select rolname from runtime)`,
  },
  {
    name: 'role.shared',
    remedy: 'Give the program two roles, one for requests and one for jobs.',
    find: `select min(n) as object, 'serves requests and jobs alike, so the system door would stand open to requests' as text from unnest($1::text[]) n having count(distinct n) < 2`,
  },
  {
    name: 'role.membership',
    remedy: 'REVOKE the membership: a run-time role is a member of nothing, least of all of an owner or a pg_* role.',
    find: `select m.member::regrole::text as object, 'is a member of ' || m.roleid::regrole as text from pg_auth_members m where m.member in (select oid from runtime)`,
  },
  {
    name: 'role.ownership',
    remedy: 'ALTER … OWNER TO the owner role: whoever owns a table may switch its row-level security off.',
    find: `select d.refobjid::regrole::text as object,
             'owns ' || case when d.dbid in (0, (select oid from pg_database where datname = current_database())) then pg_describe_object(d.classid, d.objid, d.objsubid) else 'something in another database' end as text
           from pg_shdepend d where d.deptype = 'o' and d.refclassid = 'pg_authid'::regclass and d.refobjid in (select oid from runtime)`,
  },
  {
    name: 'role.settings',
    remedy: 'ALTER ROLE … RESET it. A role may set this for itself, so look for who did.',
    find: `select s.setrole::regrole::text as object, 'carries the setting ' || split_part(c, '=', 1) as text from pg_db_role_setting s, unnest(s.setconfig) c
           where s.setrole in (select oid from runtime) and split_part(c, '=', 1) not in ${given('roleSettings')}`,
  },
];
