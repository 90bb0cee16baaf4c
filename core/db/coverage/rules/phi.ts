import type { Rule } from '../rule.ts';

/** Columns against the registry of PHI (core/crypto/phi.ts): every column is either sealed or stated to be plain, with a reason. */
export const PHI_RULES: readonly Rule[] = [
  {
    name: 'phi.column',
    remedy: 'A column of core/crypto/phi.ts is text: it holds sealed values.',
    find: `select e.key || '.' || c as object, 'is in the PHI registry but is no text column of the schema' as text from given, jsonb_each(list -> 'phi') e, jsonb_array_elements_text(e.value) c
           where not exists (select from pg_attribute a where a.attrelid = to_regclass('app.' || e.key) and a.attname = c and a.atttypid = 'text'::regtype and not a.attisdropped)`,
  },
  {
    name: 'phi.unrewritable',
    remedy: 'Key rotation rewrites every sealed value: grant update on the column to the role that serves, as migrations/0026_rewritable_values.sql does.',
    find: `select e.key || '.' || a.attname as object, 'is in the PHI registry and may not be rewritten by ' || r.rolname as text
           from given, jsonb_each(list -> 'phi') e, jsonb_array_elements_text(e.value) c join pg_attribute a on a.attname = c and not a.attisdropped, runtime r
           where a.attrelid = to_regclass('app.' || e.key) and r.rolname = ($1::text[])[1] and not has_column_privilege(r.oid, a.attrelid, a.attnum, 'update')`,
  },
  {
    name: 'phi.undeclared',
    // A CHECK that allows only listed codes is as good as a declaration, on the column or in its domain.
    remedy: 'Put the column into core/crypto/phi.ts, or into core/db/coverage/plain-columns.ts with the reason why it may be stored in the clear.',
    find: `select t.name || '.' || a.attname as object, 'is ' || format_type(a.atttypid, null) || ', neither in the PHI registry nor declared plain' as text
           from given, tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped join pg_type y on y.oid = a.atttypid
           where coalesce(nullif(y.typbasetype, 0), nullif(y.typelem, 0), y.oid) not in (select unnest(array['uuid', 'boolean', 'smallint', 'integer', 'bigint', 'timestamptz', 'xid8', '"char"']::regtype[]))
             and not coalesce(list -> 'phi' -> substr(t.name, 5) ? a.attname, false) and not coalesce(list -> 'plain' -> substr(t.name, 5) ? a.attname, false)
             and not exists (select from pg_constraint k where k.contype = 'c' and case k.contypid when 0 then k.conrelid = t.oid and k.conkey = array[a.attnum] else k.contypid = y.oid end
               and pg_get_constraintdef(k.oid) ~ ('^CHECK \\(\\(' || case k.contypid when 0 then a.attname else 'VALUE' end || ' (= ANY \\(|<@ )ARRAY\\['))`,
  },
];
