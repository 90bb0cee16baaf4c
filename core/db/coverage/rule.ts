/** One thing the catalog must not hold, and what to do about it. */
export type Rule = {
  readonly name: string;
  readonly remedy: string;
  /** A SELECT of `object` and `text`, one row for each finding. It may read the CTEs of COMMON and, through `given(…)`, the lists of expected.ts. */
  readonly find: string;
};

export type Finding = { readonly rule: string; readonly object: string; readonly text: string; readonly remedy: string };

/** A list of what is expected, as a set of text for `in (…)` and `not in (…)`. */
export const given = (list: string): string => `(select jsonb_array_elements_text(list -> '${list}') from given)`;

/**
 * What every query of one check starts with; PostgreSQL plans only what is referred to. $1: names of the run-time roles, $2: the lists.
 * `bounded`: the run-time
 * roles save superusers, who may do everything and are found for that. `ours`: our schemas. `tables`: workspace tables. `functions`: ours, without those of extensions. `grants`: what the run-time roles or PUBLIC
 * hold on relations of ours, whole or by column (`update(content)`).
 */
export const COMMON = `with
  given as (select $2::jsonb as list),
  runtime as (select oid, rolname from pg_roles where rolname = any ($1::text[])),
  bounded as (select oid, rolname from pg_roles where rolname = any ($1::text[]) and not rolsuper),
  ours as (select oid, nspname from pg_namespace where nspname in (select jsonb_array_elements_text(list -> 'ours') from given)),
  tables as (select oid, oid::regclass::text as name from pg_class where relnamespace = to_regnamespace('app') and relkind in ('r', 'p')),
  functions as materialized (
    select p.*, p.oid::regprocedure::text as signature from pg_proc p
    where p.pronamespace = any (array(select oid from ours)) and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')),
  acls as (
    select c.oid, null::name as attname, c.relacl as acl from pg_class c where c.relnamespace = any (array(select oid from ours)) and c.relacl is not null
    union all
    select c.oid, t.attname, t.attacl from pg_class c join pg_attribute t on t.attrelid = c.oid where c.relnamespace = any (array(select oid from ours)) and t.attacl is not null),
  grants as materialized (
    select c.oid::regclass::text as object, c.relnamespace::regnamespace::text as schema, c.relname, c.relkind, a.grantee, coalesce(r.rolname, 'PUBLIC') as who, a.is_grantable,
           lower(a.privilege_type) || coalesce('(' || l.attname || ')', '') as privilege
    from acls l join pg_class c using (oid) cross join aclexplode(l.acl) a left join runtime r on r.oid = a.grantee where a.grantee = 0 or r.oid is not null)
`;
