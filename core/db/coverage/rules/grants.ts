import { given, type Rule } from '../rule.ts';

const RUNTIME = 'g.grantee <> 0';

/** What the run-time roles may do to tables. */
export const GRANT_RULES: readonly Rule[] = [
  {
    name: 'grant.privilege',
    remedy: 'REVOKE it: TRUNCATE ignores row-level security, REFERENCES and TRIGGER attach to other rows, MAINTAIN rewrites the table.',
    find: `select g.object, g.who || ' has ' || upper(g.privilege) as text from grants g where g.privilege ~ '^(truncate|references|trigger|maintain)'`,
  },
  {
    name: 'grant.option',
    remedy: 'REVOKE GRANT OPTION FOR it.',
    find: `select g.object, g.who || ' may pass on ' || upper(g.privilege) as text from grants g where g.is_grantable and ${RUNTIME}`,
  },
  {
    name: 'grant.public',
    remedy: 'REVOKE it FROM PUBLIC.',
    find: `select g.object, 'PUBLIC has ' || upper(g.privilege) as text from grants g where g.grantee = 0 and g.privilege !~ '^(truncate|references|trigger|maintain)'`,
  },
  {
    name: 'grant.other_role',
    remedy: 'REVOKE it: three roles have to do with these objects, the owner and the two that the program runs under.',
    find: `select o.object, o.grantee::regrole || ' has ' || o.privilege_type as text from (
             select c.oid::regclass::text as object, a.grantee, a.privilege_type, c.relowner as owner from acls l join pg_class c using (oid) cross join aclexplode(l.acl) a
             union all select p.signature, a.grantee, a.privilege_type, p.proowner from functions p cross join aclexplode(p.proacl) a
             union all select n.nspname, a.grantee, a.privilege_type, n.nspowner from pg_namespace n cross join aclexplode(n.nspacl) a where n.nspname in ${given('schemas')}) o
           where o.grantee not in (0, o.owner) and o.grantee not in (select oid from runtime) and not exists (select from pg_roles r where r.oid = o.grantee and r.rolsuper)`,
  },
  {
    name: 'grant.append_only',
    remedy: 'REVOKE it: what is on the record is never changed by a program.',
    find: `select g.object, g.who || ' has ' || upper(g.privilege) as text from grants g where g.object in ${given('appendOnly')} and g.privilege ~ '^(update|delete)' and ${RUNTIME}`,
  },
  {
    name: 'grant.exact',
    remedy: 'REVOKE it, or list it in core/db/coverage/expected.ts.',
    find: `select g.object, g.who || ' has ' || upper(g.privilege) as text from grants g
           where (g.schema = 'sys' and g.relkind in ('r', 'p') or g.object in ${given('exactlyGranted')} or g.schema = 'app' and g.relkind <> 'S' and g.who = ($1::text[])[2]) and g.privilege !~ '^(truncate|references|trigger|maintain)' and ${RUNTIME}
             and g.object || ':' || g.who || ':' || g.privilege not in ${given('exactGrants')}`,
  },
  {
    name: 'grant.secret',
    remedy: 'REVOKE it: who reads the context key signs for any workspace, who sets the sequences is in any workspace.',
    find: `select g.object, g.who || ' has ' || upper(g.privilege) as text from grants g where g.schema in ('sec', 'history') and ${RUNTIME}`,
  },
  {
    name: 'grant.sequence',
    remedy: 'REVOKE it: ids are random, and a shared counter tells how much others write.',
    find: `select g.object, g.who || ' has ' || upper(g.privilege) as text from grants g where g.schema not in ('sec', 'history') and g.relkind = 'S' and ${RUNTIME}`,
  },
  {
    name: 'grant.catalog',
    remedy: 'REVOKE it: pg_statistic, pg_authid and the like hold samples of all rows, or password hashes.',
    find: `select c.oid::regclass::text as object, coalesce(r.rolname, 'PUBLIC') || ' has ' || a.privilege_type as text from pg_class c cross join aclexplode(c.relacl) a left join pg_roles r on r.oid = a.grantee
           where c.relnamespace = 'pg_catalog'::regnamespace and (a.grantee = 0 or a.grantee in (select oid from runtime))
             and not exists (select from pg_init_privs i cross join aclexplode(i.initprivs) b where i.classoid = 'pg_class'::regclass and i.objoid = c.oid and i.objsubid = 0 and b.grantee = a.grantee and b.privilege_type = a.privilege_type)`,
  },
];
