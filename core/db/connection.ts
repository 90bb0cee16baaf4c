import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { Batch, nothingPrepared, toWire, type Answered, type Prepared, type Result, type Statement } from './batch.ts';

/** A connection of a pool, and what is sent on it: gathered into batches, prepared once under names that only this program knows. */
export type Connection = pg.Client & { processID: number; connection: { stream: Duplex }; __knex__disposed?: unknown };

type ConnectionMemory = {
  readonly secret: string;
  readonly prepared: Prepared;
  entries: number;
  gathered: (Statement & Answered)[];
  /** Sent so far, and still without its Sync. */
  begun: Batch | null;
  /** The end of the batch is on the way. */
  isDue: boolean;
  /** What has something to add to it. */
  before: (() => void) | null;
};
const memories = new WeakMap<Connection, ConnectionMemory>();

function memoryOf(connection: Connection): ConnectionMemory {
  let memory = memories.get(connection);
  if (memory === undefined) memories.set(connection, (memory = { secret: randomBytes(12).toString('base64url'), prepared: nothingPrepared(), entries: 0, gathered: [], begun: null, isDue: false, before: null }));
  return memory;
}

/** How manieth transaction this is on the connection, from 1. */
export function countEntry(connection: Connection): number {
  return (memoryOf(connection).entries += 1);
}

/** The pool closes it instead of handing it on. */
export function dispose(connection: Connection, reason: string): void {
  connection.__knex__disposed ??= reason;
}

/** What a prepared statement does not recover from: someone has run DEALLOCATE; a migration has changed what it gives (SQLSTATE 26000, 0A000). */
const STALE_STATEMENT = new Set(['26000', '0A000']);

/**
 * Sends a statement together with all that is asked before the present run of promises is through: BEGIN, binding and first queries cost one
 * system call at either end, the sealing INSERT and COMMIT another. Answers come in the order of the calls.
 */
export function send(connection: Connection, text: string, values: readonly unknown[] = []): Promise<Result> {
  const memory = memoryOf(connection);
  const name = preparedName(text);
  return new Promise((resolve, reject) => {
    const statement = {
      text, values: toWire(values), name: name === undefined ? null : memory.secret + name, resolve,
      reject(error: Error & { code?: string }) {
        if (STALE_STATEMENT.has(error.code ?? '')) dispose(connection, 'A prepared statement of this connection is stale.');
        reject(error);
      },
    };
    memory.gathered.push(statement);
    if (memory.isDue) return;
    memory.isDue = true;
    process.nextTick(sendGathered, connection);
  });
}

/** Sends what has been asked so far without an end: PostgreSQL is at work on it while more of the same batch is being made ready. */
export function sendAhead(connection: Connection): void {
  const memory = memoryOf(connection);
  if (memory.gathered.length === 0) return;
  const { begun } = memory;
  const batch = (memory.begun ??= new Batch(memory.prepared));
  batch.add(memory.gathered);
  memory.gathered = [];
  if (begun === null) connection.query(batch as unknown as pg.Query);
}

/** A message of its own, behind what was gathered before it: several statements in one, or such as cannot be prepared. */
export function sendAlone(connection: Connection, text: string): Promise<pg.QueryResult> {
  const { stream } = connection.connection;
  stream.cork();
  sendGathered(connection);
  const answer = connection.query(text);
  stream.uncork();
  return answer;
}

/** Once all is asked that goes into the present batch, and before it ends: `work` may ask more. The seal's alone: what is registered later in a turn replaces it. */
export function beforeEnd(connection: Connection, work: () => void): void {
  memoryOf(connection).before = work;
}

function sendGathered(connection: Connection): void {
  const memory = memoryOf(connection);
  const { before } = memory;
  memory.before = null;
  try {
    before?.();
  } catch (error) {
    dispose(connection, (error as Error).message); // and with it the transaction: nobody else is told
  }
  memory.isDue = false;
  const { stream } = connection.connection;
  stream.cork();
  sendAhead(connection);
  memory.begun?.finish();
  memory.begun = null;
  stream.uncork();
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
