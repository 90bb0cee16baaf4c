import type { Installation } from './bench-installation.ts';

/** Contacts taken at random from those loaded, and what one could look them up by. */
export type ContactSample = { readonly ids: readonly string[]; readonly emails: readonly string[]; readonly phones: readonly string[]; readonly birthDates: readonly string[]; readonly familyPrefixes: readonly string[] };

const SAMPLE = 500;

export async function takeSample({ floor, people }: Installation): Promise<ContactSample> {
  const pick = async (column: string, from: string): Promise<string[]> => {
    const { rows } = await floor.query(`select ${column} as value from ${from} where workspace_id = $1 order by md5(id::text) limit ${SAMPLE}`, [people.workspaceId]);
    return (rows as { value: string }[]).map(({ value }) => value);
  };
  return {
    ids: await pick('id', 'app.contacts'),
    emails: await pick('value', "(select * from app.contact_points where kind = 'email') p"),
    phones: await pick('value', "(select * from app.contact_points where kind = 'phone') p"),
    birthDates: await pick('birth_date', 'app.contacts'),
    familyPrefixes: await pick('lower(substr(family_name, 1, 3))', 'app.contacts'),
  };
}
