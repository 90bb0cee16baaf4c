import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import type { Backend } from './context.ts';

/**
 * Connections of one role, and transactions on them. A transaction sends a session reset, BEGIN and the workspace binding without waiting, in
 * front of the first query (pg's pipeline mode), so binding a workspace costs no round trip of its own; statements are prepared once per
 * connection. Fixed statements go to pg as they are (`query`); a query builder on the same transaction is made when somebody asks for it.
 *
 * A borrower who got to run SQL of his own (an injection) must leave nothing for the next one, who may be of another workspace: hence the
 * reset; settings pinned at connection time, which a role cannot change for itself by ALTER ROLE; and statement names nobody can guess, or
 * he could DEALLOCATE one and PREPARE his own under its name (docs/tenancy.md).
 */
export type Pool = {
  /** Commits what `fn` did, or rolls it back if it throws. */
  transaction<T>(enter: Enter, fn: (bound: Bound) => Promise<T>): Promise<T>;
  /** Outside of any workspace. */
  readonly knex: Knex;
  destroy(): Promise<void>;
};

/** Mints the token for the backend that the transaction got. */
export type Enter = (backend: Backend) => string;

/** A transaction that entered a workspace. */
export type Bound = {
  /** Sends a fixed statement with `$1` placeholders at once, behind those sent before it. Rows as pg gives them. */
  readonly query: Query;
  /** For statements that are composed. */
  readonly knex: Knex.Transaction;
  /** Settles, and never rejects, when the transaction has been committed or rolled back. */
  readonly ended: Promise<void>;
  /**
   * For a transaction that was told not to wait for the disk at its COMMIT: a statement sent right behind it waits instead, and whoever asked
   * for the transaction is answered after that.
   */
  flushBehind(): void;
};
export type Query = <R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<R[]>;

type Connection = pg.Client & { processID: number; connection: { stream: Duplex }; __knex__disposed?: unknown };
type QueryObject = { sql: string; bindings?: unknown[]; options?: object; response?: unknown };
type DialectClient = Knex.Client & { _query(connection: Connection, query: QueryObject): Promise<QueryObject> };

// knex documents custom dialects as subclasses of this file, and makes its own transactions' query builders with the other; its types export neither.
const require = createRequire(import.meta.url);
const PgDialect = require('knex/lib/dialects/postgres/index.js') as new (config: Knex.Config) => DialectClient;
const makeKnex = require('knex/lib/knex-builder/make-knex.js') as (client: object) => Knex.Transaction;

/**
 * RESET ALL goes back to what the connection was opened with, so to PINNED. A message of its own, since one message is one transaction: BEGIN in the
 * same one would take the modes that an earlier borrower had made the default, and UNLISTEN would wait for the commit.
 */
const SESSION_RESET = 'CLOSE ALL; UNLISTEN *; RESET ALL';
const PINNED = Object.entries({
  search_path: 'pg_catalog,app,pg_temp', row_security: 'on', standard_conforming_strings: 'on', backslash_quote: 'off', DateStyle: 'ISO,YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', bytea_output: 'hex',
  default_transaction_isolation: 'read\\ committed', default_transaction_read_only: 'off', debug_print_parse: 'off', debug_print_rewritten: 'off', debug_print_plan: 'off', log_parameter_max_length_on_error: '0',
  // A program that vanished (a lost node, a halted machine) must not hold a workspace's chain, and with it everybody's connections. A minute is what
  // a binding lives (CONTEXT_LIFE_MS): no transaction has business idling longer.
  idle_in_transaction_session_timeout: '60s', lock_timeout: '20s', tcp_user_timeout: '20s', tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '3',
}).map(([name, value]) => `-c ${name}=${value}`).join(' ');

/**
 * What is committed without waiting (`synchronous_commit = off`) reaches the disk in order: once anything later is there, so is it. The message, a
 * few bytes that only logical decoding sees, is something later to commit. On the very session that made the commit: another one might by then
 * be served by a server that recovered, or took over, without it. PostgreSQL lets the waits of many share one write; under the audit chain's
 * lock (core/audit/seal.ts) their commits could not.
 */
const COMMIT_AND_FLUSH = "COMMIT; select pg_catalog.pg_logical_emit_message(true, 'wardkeep', '')";

/** A rollback that is not answered by then stands behind a statement that runs on; whoever asked is told, and the connection is cut: PostgreSQL rolls back once that statement ends. */
const ROLLBACK_MS = 5_000;

type ConnectionMemory = { readonly secret: string; entries: number };
const memories = new WeakMap<Connection, ConnectionMemory>();

function memoryOf(connection: Connection): ConnectionMemory {
  let memory = memories.get(connection);
  if (memory === undefined) memories.set(connection, (memory = { secret: randomBytes(12).toString('base64url'), entries: 0 }));
  return memory;
}

/** The pool closes it instead of handing it on. */
function dispose(connection: Connection, reason: string): void {
  connection.__knex__disposed ??= reason;
}

/**
 * What is asked before the present run of promises is through leaves in one write: reset, BEGIN, binding and first queries cost one system
 * call at either end, the sealing INSERT and COMMIT another.
 */
function gatherWrites({ connection: { stream } }: Connection): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

class Transaction implements Bound {
  readonly #connection: Connection;
  readonly #client: DialectClient;
  #isOpen = true;
  #isFlushedBehind = false;
  #refusal: Error | undefined;
  #knex: Knex.Transaction | undefined;
  #settle: () => void = () => undefined;
  readonly ended: Promise<void>;

  constructor(client: DialectClient, connection: Connection, enter: Enter) {
    this.#client = client;
    this.#connection = connection;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    gatherWrites(connection);
    const memory = memoryOf(connection);
    memory.entries += 1;
    const token = enter({ pid: connection.processID, nth: memory.entries });
    // Not awaited: a refused binding aborts the transaction, the first query fails, and commit() below sees the refusal.
    const refused = (error: Error) => {
      this.#refusal ??= error;
      dispose(connection, 'The connection could not be bound to a workspace.');
    };
    connection.query(SESSION_RESET).catch(refused);
    connection.query('BEGIN').catch(refused);
    connection.query({ name: `${memory.secret}enter`, text: 'select sec.enter($1)', values: [token] }).catch(refused);
  }

  readonly query: Query = async <R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> => {
    if (!this.#isOpen) throw new TransactionEnded();
    return (await sendNamed<R>(this.#connection, { text, values: values as unknown[] })).rows;
  };

  get knex(): Knex.Transaction {
    return (this.#knex ??= this.#builder());
  }

  /** A client that knows one connection and neither takes nor gives back another, as knex makes them for its own transactions. */
  #builder(): Knex.Transaction {
    const pool = this.#client as DialectClient & Record<string, unknown>;
    const own = Object.create(BoundDialect.prototype) as DialectClient & Record<string, unknown>;
    for (const name of ['version', 'config', 'driver', 'connectionSettings', 'valueForUndefined', 'logger']) own[name] = pool[name];
    const ask = own._query;
    Object.assign(own, {
      transacting: true,
      acquireConnection: async () => this.#connection,
      releaseConnection: async () => undefined,
      _query: async (connection: Connection, query: QueryObject) => {
        if (!this.#isOpen) throw new TransactionEnded();
        return ask.call(own, connection, query);
      },
    });
    return Object.assign(makeKnex(own), { isTransaction: true });
  }

  flushBehind(): void {
    this.#isFlushedBehind = true;
  }

  async commit(): Promise<void> {
    this.#isOpen = false;
    if (this.#refusal !== undefined) return this.rollback(this.#refusal);
    gatherWrites(this.#connection);
    const answer = (await this.#connection.query(this.#isFlushedBehind ? COMMIT_AND_FLUSH : 'COMMIT').catch((error: unknown) => error)) as pg.QueryResult | pg.QueryResult[] | Error;
    const result = Array.isArray(answer) ? (answer[0] as pg.QueryResult) : answer;
    // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK and no error.
    if (!(result instanceof Error) && result.command === 'COMMIT') return;
    throw this.#refusal ?? (result instanceof Error ? result : new Error('The transaction was aborted and has been rolled back.'));
  }

  /** @throws `error`, or what was refused before it, which says more than the first statement's "transaction is aborted". */
  async rollback(error: unknown): Promise<never> {
    this.#isOpen = false;
    const connection = this.#connection;
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        dispose(connection, 'A rollback was not answered.');
        connection.connection.stream.destroy();
        resolve();
      }, ROLLBACK_MS);
      connection.query('ROLLBACK').catch(() => dispose(connection, 'A rollback failed.')).finally(() => {
        clearTimeout(late);
        resolve();
      });
    });
    throw this.#refusal ?? error;
  }

  end(): void {
    this.#isOpen = false;
    this.#settle();
  }
}

class TransactionEnded extends Error {
  constructor() {
    super('A statement came after the end of its transaction.');
    this.name = 'TransactionEnded';
  }
}

/** What a prepared statement does not recover from: someone has run DEALLOCATE; a migration has changed what it gives (SQLSTATE 26000, 0A000). */
const STALE_STATEMENT = new Set(['26000', '0A000']);

function sendNamed<R extends object>(connection: Connection, query: { text: string; values: unknown[] }): Promise<pg.QueryResult<R>> {
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

class BoundDialect extends PgDialect {
  override async _query(connection: Connection, query: QueryObject): Promise<QueryObject> {
    const { sql, bindings = [] } = query;
    query.response = bindings.length > 0 ? await sendNamed(connection, { text: sql, values: bindings }) : await connection.query(sql);
    return query;
  }
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

pg.types.setTypeParser(pg.types.builtins.INT8, (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text));
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/** What knex has to say is thrown as well; its own lines would carry statements. */
const SILENT = { warn: () => undefined, error: () => undefined, debug: () => undefined, deprecate: () => undefined };

export function openPool(url: string, max: number): Pool {
  const knex = knexModule({
    log: SILENT,
    compileSqlOnError: false, // an error's message holds the statement with its placeholders, not with the values
    client: BoundDialect as unknown as typeof Knex.Client,
    connection: { connectionString: url, pipeline: true, application_name: 'wardkeep', options: PINNED, keepAlive: true, keepAliveInitialDelayMillis: 10_000 } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 10_000,
  });
  const client = knex.client as DialectClient;
  return {
    knex,
    async transaction(enter, fn) {
      const connection = (await client.acquireConnection()) as Connection;
      let transaction: Transaction | undefined;
      try {
        const begun = (transaction = new Transaction(client, connection, enter));
        const outcome = await (async () => fn(begun))().catch((error: unknown) => begun.rollback(error));
        await begun.commit();
        return outcome;
      } finally {
        transaction?.end();
        await client.releaseConnection(connection);
      }
    },
    destroy: () => knex.destroy(),
  };
}
