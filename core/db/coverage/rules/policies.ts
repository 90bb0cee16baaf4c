import { given, type Rule } from '../rule.ts';

/** The two expressions a policy may have: sub-selects without correlation, which the planner runs once per statement (an InitPlan). */
const TENANT = `(workspace_id = ( SELECT sec.workspace() AS workspace))`;
const SYSTEM = `( SELECT sec.is_system() AS is_system)`;

const POLICIES = `(select p.polname, p.polrelid::regclass::text as tbl, p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as chk,
  p.polrelid::regclass || ':' || case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end as door
  from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace in (select oid from ours)) p`;

/** Row-level security: one policy by one form on every workspace table, and the system door where it is listed. */
export const POLICY_RULES: readonly Rule[] = [
  {
    name: 'policy.missing',
    remedy: "call sec.protect('app.…', privileges).",
    find: `select t.name as object, 'has no policy that keeps it to its workspace' as text from tables t join pg_class c using (oid) where c.relrowsecurity and not exists (select from pg_policy p where p.polrelid = t.oid and p.polname = 'tenant')`,
  },
  {
    name: 'policy.unknown',
    remedy: 'DROP POLICY: permissive policies add up, so any other one widens what a workspace sees. A door is listed in core/db/coverage/expected.ts.',
    find: `select p.tbl as object, 'has the policy ' || p.polname as text from ${POLICIES} where p.polname <> 'tenant' and not (p.polname ~ '^system_door' and p.door in ${given('doors')})`,
  },
  {
    name: 'policy.expression',
    remedy: 'The only expressions are workspace_id = (select sec.workspace()) and, for a door, (select sec.is_system()).',
    find: `select p.tbl as object, 'policy ' || p.polname || ' decides by ' || e as text from ${POLICIES}, unnest(array[p.qual, p.chk]) e
           where e is not null and (p.polname = 'tenant' and e <> '${TENANT}' or p.polname ~ '^system_door' and p.door in ${given('doors')} and e <> '${SYSTEM}')`,
  },
  {
    name: 'policy.half',
    remedy: 'State USING and WITH CHECK both.',
    find: `select p.tbl as object, 'policy ' || p.polname || ' states ' || case when p.chk is null then 'no WITH CHECK' else 'no USING' end as text from ${POLICIES}
           where p.polcmd = '*' and (p.chk is null or p.qual is null)`,
  },
  {
    name: 'policy.shape',
    remedy: 'The tenant policy is permissive and for all commands.',
    find: `select p.tbl as object, 'policy tenant is ' || case when p.polpermissive then 'not for all commands' else 'restrictive' end as text from ${POLICIES} where p.polname = 'tenant' and (p.polcmd <> '*' or not p.polpermissive)`,
  },
  {
    name: 'policy.roles',
    remedy: 'The tenant policy is TO the two run-time roles, a door TO the jobs role.',
    find: `select p.tbl as object, 'policy ' || p.polname || ' is for the roles ' || (select string_agg(case r when 0 then 'PUBLIC' else r::regrole::text end, ', ') from unnest(p.polroles) r) as text from ${POLICIES}
           where p.polname = 'tenant' and not (p.polroles @> array(select oid from runtime) and p.polroles <@ array(select oid from runtime))
              or p.polname ~ '^system_door' and p.polroles <> array(select oid from pg_roles where rolname = ($1::text[])[2])`,
  },
];
