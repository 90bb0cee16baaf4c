import knexModule, { type Knex } from 'knex';
import pg from 'pg';

/** One connection for what comes before the door is open: no workspace is entered, so row-level security shows nothing of any. */
export async function withConnection<T>(url: string, fn: (knex: Knex) => Promise<T>): Promise<T> {
  const knex = knexModule({ client: 'pg', connection: url, pool: { min: 0, max: 1 }, compileSqlOnError: false }); // or a failed statement's error would quote its values: keys among them
  try {
    return await fn(knex);
  } finally {
    await knex.destroy();
  }
}

/** The same as the driver has it, for whole statements of our own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
