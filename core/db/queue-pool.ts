import pg from 'pg';

/** Connections of the jobs role for the queue's own statements; jobs themselves go through the door. `onLost` hears of broken ones. */
export function openQueuePool(url: string, max: number, onLost: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, application_name: 'wardkeep jobs', options: '-c search_path=pg_catalog,pg_temp', keepAlive: true });
  pool.on('error', onLost);
  pool.on('connect', (client) => void client.on('error', onLost));
  return pool;
}
