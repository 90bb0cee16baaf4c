import type { Installation } from './bench-installation.ts';

/** Contacts taken at random from those loaded, and what one could look them up by. */
export type ContactSample = { readonly ids: readonly string[]; readonly emails: readonly string[]; readonly phones: readonly string[]; readonly birthDates: readonly string[]; readonly familyPrefixes: readonly string[] };

const IDS = 'select id as value from app.contacts where workspace_id = $1 order by md5(id::text) limit 500';
const POINTS = 'select value from app.contact_points where workspace_id = $1 and kind = $2 order by md5(id::text) limit 500';
const BIRTH_DATES = 'select birth_date as value from app.contacts where workspace_id = $1 order by md5(id::text) limit 500';
const FAMILY_PREFIXES = 'select lower(substr(family_name, 1, 3)) as value from app.contacts where workspace_id = $1 order by md5(id::text) limit 500';

export async function takeSample({ floor, people: { workspaceId } }: Installation): Promise<ContactSample> {
  const pick = async (sql: string, ...values: string[]): Promise<string[]> => ((await floor.query(sql, [workspaceId, ...values])).rows as { value: string }[]).map(({ value }) => value);
  return { ids: await pick(IDS), emails: await pick(POINTS, 'email'), phones: await pick(POINTS, 'phone'), birthDates: await pick(BIRTH_DATES), familyPrefixes: await pick(FAMILY_PREFIXES) };
}
