import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type pg from 'pg';

/** A connection of a pool, and what is sent on it: gathered into few writes, prepared once under names that only this program knows. */
export type Connection = pg.Client & { processID: number; connection: { stream: Duplex }; __knex__disposed?: unknown };

type ConnectionMemory = { readonly secret: string; entries: number };
const memories = new WeakMap<Connection, ConnectionMemory>();

export function memoryOf(connection: Connection): ConnectionMemory {
  let memory = memories.get(connection);
  if (memory === undefined) memories.set(connection, (memory = { secret: randomBytes(12).toString('base64url'), entries: 0 }));
  return memory;
}

/** The pool closes it instead of handing it on. */
export function dispose(connection: Connection, reason: string): void {
  connection.__knex__disposed ??= reason;
}

/**
 * What is asked before the present run of promises is through leaves in one write: reset, BEGIN, binding and first queries cost one system
 * call at either end, the sealing INSERT and COMMIT another.
 */
export function gatherWrites({ connection: { stream } }: Connection): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** What a prepared statement does not recover from: someone has run DEALLOCATE; a migration has changed what it gives (SQLSTATE 26000, 0A000). */
const STALE_STATEMENT = new Set(['26000', '0A000']);

export function sendNamed<R extends object>(connection: Connection, query: { text: string; values: unknown[] }): Promise<pg.QueryResult<R>> {
  gatherWrites(connection);
  const name = preparedName(query.text);
  return new Promise((resolve, reject) => {
    connection.query<R>(name === undefined ? query : { ...query, name: memoryOf(connection).secret + name }, (error: (Error & { code?: string }) | null, result) => {
      if (error === null) return resolve(result);
      if (STALE_STATEMENT.has(error.code ?? '')) dispose(connection, 'A prepared statement of this connection is stale.');
      reject(error);
    });
  });
}

const MAX_PREPARED = 400;

/** Statement texts are few and fixed, save those whose width follows a list; past the bound they run unprepared. */
const preparedNames = new Map<string, string>();
function preparedName(sql: string): string | undefined {
  const known = preparedNames.get(sql);
  if (known !== undefined || preparedNames.size >= MAX_PREPARED || sql.length > 4000) return known;
  const name = createHash('sha256').update(sql).digest('base64url').slice(0, 32);
  preparedNames.set(sql, name);
  return name;
}
