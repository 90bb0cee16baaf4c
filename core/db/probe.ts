import pg from 'pg';

export type ProbeResult = { readonly rows: readonly Record<string, unknown>[] } | { /** SQLSTATE. */ readonly refused: string };

/**
 * What PostgreSQL answers to statements under a run-time role outside the door, each in a transaction that is rolled back: for claims that
 * show an attack fails. `setUp` runs before `sql` in the same transaction.
 */
export async function probe(url: string, sql: string, setUp: readonly { sql: string; values: readonly unknown[] }[] = []): Promise<ProbeResult> {
  const client = new pg.Client({ connectionString: url, application_name: 'wardkeep probe' });
  await client.connect();
  try {
    await client.query('begin');
    for (const before of setUp) await client.query(before.sql, [...before.values]);
    return { rows: (await client.query(sql)).rows as Record<string, unknown>[] };
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code !== undefined) return { refused: error.code };
    throw error;
  } finally {
    await client.end(); // without COMMIT: whatever the probe did is undone
  }
}
