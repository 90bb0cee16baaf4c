import { given, type Rule } from '../rule.ts';

/** Code inside the database: ours is exactly what the migrations hold, and nobody calls more of it than listed. */
export const FUNCTION_RULES: readonly Rule[] = [
  {
    name: 'function.security_definer',
    remedy: 'Make it SECURITY INVOKER, or drop it.',
    find: `select p.oid::regprocedure::text as object, 'runs with the rights of ' || p.proowner::regrole as text from pg_proc p where p.prosecdef and p.oid::regprocedure::text not in ${given('securityDefiners')}`,
  },
  {
    name: 'function.search_path',
    remedy: 'ALTER FUNCTION … SET search_path = pg_catalog.',
    find: `select p.signature as object, 'does not pin its search_path to pg_catalog, and nothing else' as text from functions p where p.proconfig is distinct from array['search_path=pg_catalog']`,
  },
  {
    name: 'function.owner',
    remedy: 'ALTER FUNCTION … OWNER TO the role that owns schema app.',
    find: `select p.signature as object, 'belongs to ' || p.proowner::regrole as text from functions p where p.proowner <> (select nspowner from pg_namespace where nspname = 'app') and p.proowner not in (select oid from runtime)`,
  },
  {
    name: 'function.declaration',
    // A plan keeps what an immutable function gave: a prepared statement would go on with the workspace that the connection served first.
    remedy: 'Declare it as the migration that made it does.',
    find: `select p.signature as object, 'is declared ' || d.as as text from functions p, lateral (values
             ('IMMUTABLE', p.provolatile = 'i'), ('PARALLEL SAFE', p.proparallel = 's'), ('LEAKPROOF', p.proleakproof), ('SECURITY INVOKER', not p.prosecdef and p.signature in ${given('securityDefiners')})) d ("as", is_so) where d.is_so`,
  },
  {
    name: 'function.unknown',
    remedy: 'DROP it: functions are made by migrations.',
    // What is made in pg_catalog, whose own functions have lower oids, stands in front of every search_path.
    find: `select p.signature as object, 'is in no migration' as text from functions p where not (select list -> 'functions' from given) ? (p.pronamespace::regnamespace || '.' || p.proname)
           union all select p.oid::regprocedure::text, 'is no function of PostgreSQL' from pg_proc p where p.oid >= 16384 and p.pronamespace = 'pg_catalog'::regnamespace
             and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
  },
  {
    name: 'function.altered',
    remedy: 'Restore the function from the migration that made it, and find out who changed it.',
    find: `select p.signature as object, 'is not what the migrations hold' as text from functions p
           where (select list -> 'functions' ->> (p.pronamespace::regnamespace || '.' || p.proname) from given) <> encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')`,
  },
  {
    name: 'function.execute',
    remedy: 'REVOKE EXECUTE ON FUNCTION … FROM the role and from PUBLIC.',
    find: `select p.signature as object, r.rolname || ' may call it' as text from functions p, bounded r
           where has_function_privilege(r.oid, p.oid, 'EXECUTE') and p.signature not in ${given('executable')}`,
  },
  {
    name: 'function.public',
    remedy: 'REVOKE EXECUTE ON FUNCTION … FROM PUBLIC.',
    find: `select p.signature as object, 'PUBLIC may call it' as text from functions p where p.signature in ${given('executable')} and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)`,
  },
  {
    name: 'function.large_objects',
    remedy: 'Run the block of docs/postgresql.md that withdraws them as a superuser: large objects live outside row-level security.',
    find: `select 'large objects' as object, string_agg(distinct r.rolname, ', ') || ' may call ' || count(distinct p.oid) || ' functions on them, ' || min(p.proname) || ' first' as text from pg_proc p, bounded r
           where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^(lo_|loread|lowrite)' and has_function_privilege(r.oid, p.oid, 'EXECUTE') having count(*) > 0`,
  },
  {
    name: 'function.withdrawn',
    remedy: 'Run the block of docs/postgresql.md that withdraws it as a superuser.',
    find: `select distinct p.oid::regprocedure::text as object, r.rolname || ' may call it' as text from pg_proc p, bounded r
           where p.pronamespace = 'pg_catalog'::regnamespace and p.proname in ${given('withdrawnFunctions')} and has_function_privilege(r.oid, p.oid, 'EXECUTE')`,
  },
  {
    name: 'function.server',
    remedy: 'REVOKE EXECUTE: PostgreSQL keeps it from everybody because it reads files, settings or other sessions.',
    find: `select p.oid::regprocedure::text as object, r.rolname || ' may call it' as text from pg_init_privs i join pg_proc p on p.oid = i.objoid, bounded r
           where i.classoid = 'pg_proc'::regclass and not exists (select from aclexplode(i.initprivs) a where a.grantee = 0) and has_function_privilege(r.oid, p.oid, 'EXECUTE')`,
  },
];
