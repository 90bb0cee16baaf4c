import type { Rule } from '../rule.ts';

const LED_BY_WORKSPACE = (attnum: string, relation: string) => `exists (select from pg_attribute a where a.attrelid = ${relation} and a.attnum = ${attnum} and a.attname = 'workspace_id')`;

/** Keys and indexes work across all rows whatever the policy says: each must start with the workspace, or it tells of foreign rows. */
export const KEY_RULES: readonly Rule[] = [
  {
    name: 'index.unique',
    remedy: 'Start the unique index or primary key with workspace_id.',
    find: `select i.indexrelid::regclass::text as object, 'is unique across workspaces: a refused insert tells that another workspace holds the value' as text from pg_index i
           where i.indrelid in (select oid from tables) and i.indisunique and not ${LED_BY_WORKSPACE('(i.indkey::int2[])[0]', 'i.indrelid')}`,
  },
  {
    name: 'index.led',
    remedy: 'Start the index with workspace_id.',
    find: `select i.indexrelid::regclass::text as object, 'finds rows of all workspaces by value: EXPLAIN ANALYZE counts those the policy removes' as text from pg_index i
           where i.indrelid in (select oid from tables) and not i.indisunique and not i.indisexclusion and not ${LED_BY_WORKSPACE('(i.indkey::int2[])[0]', 'i.indrelid')}`,
  },
  {
    name: 'index.exclusion',
    remedy: 'Start the exclusion constraint with workspace_id WITH =.',
    find: `select c.conname as object, 'excludes across workspaces' as text from pg_constraint c
           where c.contype = 'x' and c.conrelid in (select oid from tables)
             and not (${LED_BY_WORKSPACE('c.conkey[1]', 'c.conrelid')} and c.conexclop[1] = 'pg_catalog.=(uuid,uuid)'::regoperator)`,
  },
  {
    name: 'key.foreign',
    remedy: 'Start both sides of the foreign key with workspace_id.',
    find: `select c.conname as object, c.conrelid::regclass || ' may point at rows of another workspace' as text from pg_constraint c
           where c.contype = 'f' and (c.conrelid in (select oid from tables) or c.confrelid in (select oid from tables))
             and not (${LED_BY_WORKSPACE('c.conkey[1]', 'c.conrelid')} and ${LED_BY_WORKSPACE('c.confkey[1]', 'c.confrelid')})`,
  },
];
