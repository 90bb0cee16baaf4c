import { SEARCH_PATH } from '../expected.ts';
import type { Rule } from '../rule.ts';

/** Server settings as a new connection of this role gets them. */
export const SETTING_RULES: readonly Rule[] = [
  {
    name: 'setting.unsafe',
    remedy: 'ALTER DATABASE … SET it as docs/postgresql.md says (a superuser must).',
    find: `select s.name as object, 'is ' || s.reset_val || ', must be ' || (select string_agg(v, ' or ') from jsonb_array_elements_text(list -> 'settings' -> s.name) v) as text from given, pg_settings s
           where list -> 'settings' ? s.name and not list -> 'settings' -> s.name ? s.reset_val`,
  },
  {
    name: 'setting.search_path',
    remedy: `ALTER DATABASE … SET search_path = ${SEARCH_PATH}.`,
    find: `select 'search_path' as object, 'is ' || reset_val || ', must be ${SEARCH_PATH}' as text from pg_settings where name = 'search_path' and reset_val <> '${SEARCH_PATH}'`,
  },
];
