import pg from 'pg';

/**
 * Anybody with SQL on the database may NOTIFY, and the queue's library stops its workers on a notification that its schema has changed. Here
 * the owner changes it before a program starts (core/db/migrate.ts), so that channel is not listened to.
 */
class QueueClient extends pg.Client {
  override emit(event: string | symbol, ...given: unknown[]): boolean {
    if (event === 'notification' && (given[0] as pg.Notification).channel === 'worker:migrate') return false;
    return super.emit(event as 'notification', ...(given as [pg.Notification]));
  }
}

/** Connections of the jobs role for the queue's own statements; jobs themselves go through the door. `onLost` hears of broken ones. */
export function openQueuePool(url: string, max: number, onLost: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ Client: QueueClient, connectionString: url, max, application_name: 'wardkeep jobs', options: '-c search_path=pg_catalog,pg_temp', keepAlive: true, keepAliveInitialDelayMillis: 10_000 });
  pool.on('error', onLost);
  pool.on('connect', (client) => void client.on('error', onLost));
  return pool;
}
