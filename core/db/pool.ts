import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import type { Backend } from './context.ts';

/**
 * One knex per role. Its transactions send a session reset, BEGIN and the workspace binding without waiting, in front of the first query (pg's
 * pipeline mode), so binding a workspace costs no round trip of its own; statements are prepared once per connection.
 *
 * A borrower who got to run SQL of his own (an injection) must leave nothing for the next one, who may be of another workspace: hence the
 * reset; settings pinned at connection time, which a role cannot change for itself by ALTER ROLE; and statement names nobody can guess, or
 * he could DEALLOCATE one and PREPARE his own under its name (docs/tenancy.md).
 */
const require = createRequire(import.meta.url);
type Connection = pg.Client & { processID: number; connection: { stream: Duplex }; __knex__disposed?: unknown };
type TransactionLike = { begin(connection: Connection): Promise<unknown>; commit(connection: Connection, value: unknown): Promise<unknown>; rollback(connection: Connection, error: unknown): Promise<unknown>; query(connection: Connection, sql: string, status?: 1 | 2, value?: unknown): Promise<unknown> };
// knex documents custom dialects as subclasses of these two files; it exports neither through its types.
const PgDialect = require('knex/lib/dialects/postgres/index.js') as new (config: Knex.Config) => { transaction(container: unknown, config: BoundConfig, outerTx: unknown): unknown; _query(connection: Connection, query: QueryObject): Promise<QueryObject> };
const PgTransaction = require('knex/lib/dialects/postgres/execution/pg-transaction.js') as new (...args: unknown[]) => TransactionLike;

type QueryObject = { sql: string; bindings?: unknown[]; options?: object; response?: unknown };

/** Mints the token for the backend that the transaction got. */
export type Enter = (backend: Backend) => string;
export type BoundConfig = Knex.TransactionConfig & { readonly enter?: Enter };

/** RESET ALL goes back to what the connection was opened with, so to PINNED. */
const SESSION_RESET = 'CLOSE ALL; UNLISTEN *; RESET ALL';
const PINNED = Object.entries({
  search_path: 'pg_catalog,app,pg_temp', row_security: 'on', standard_conforming_strings: 'on', backslash_quote: 'off', DateStyle: 'ISO,YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', bytea_output: 'hex',
  default_transaction_isolation: 'read\\ committed', default_transaction_read_only: 'off', debug_print_parse: 'off', debug_print_rewritten: 'off', debug_print_plan: 'off', log_parameter_max_length_on_error: '0',
}).map(([name, value]) => `-c ${name}=${value}`).join(' ');

type ConnectionMemory = { readonly secret: string; entries: number };
const memories = new WeakMap<Connection, ConnectionMemory>();

function memoryOf(connection: Connection): ConnectionMemory {
  let memory = memories.get(connection);
  if (memory === undefined) memories.set(connection, (memory = { secret: randomBytes(12).toString('base64url'), entries: 0 }));
  return memory;
}

/**
 * What is asked before the present run of promises is through leaves in one write: reset, BEGIN, binding and first queries cost one system
 * call at either end, the sealing INSERT and COMMIT another.
 */
function gatherWrites({ connection: { stream } }: Connection): void {
  stream.cork();
  process.nextTick(() => stream.uncork());
}

class BoundTransaction extends PgTransaction {
  readonly #enter: Enter | undefined;
  #refusal: Error | undefined;

  constructor(client: unknown, container: unknown, config: BoundConfig, outerTx: unknown) {
    super(client, container, config, outerTx); // begins in a later microtask, when #enter is set
    this.#enter = config.enter;
  }

  override begin(connection: Connection): Promise<unknown> {
    if (this.#enter === undefined) return Promise.reject(new Error('A transaction on this pool must enter a workspace: use the door.'));
    gatherWrites(connection);
    const memory = memoryOf(connection);
    memory.entries += 1;
    const token = this.#enter({ pid: connection.processID, nth: memory.entries });
    // Not awaited: a refused binding aborts the transaction, the first query fails, and commit() below sees the refusal.
    const refused = (error: Error) => {
      this.#refusal ??= error;
      connection.__knex__disposed = 'The connection could not be bound to a workspace.'; // the pool closes it
    };
    connection.query(SESSION_RESET).catch(refused);
    connection.query('BEGIN').catch(refused);
    connection.query({ name: `${memory.secret}enter`, text: 'select sec.enter($1)', values: [token] }).catch(refused);
    return Promise.resolve();
  }

  override async commit(connection: Connection, value: unknown): Promise<unknown> {
    if (this.#refusal !== undefined) return this.rollback(connection, this.#refusal);
    // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK and no error.
    const result = (await connection.query('COMMIT').catch((error: unknown) => error)) as pg.QueryResult | Error;
    if (!(result instanceof Error) && result.command === 'COMMIT') return this.settle(1, value);
    return this.settle(2, this.#refusal ?? (result instanceof Error ? result : new Error('The transaction was aborted and has been rolled back.')));
  }

  /** What was refused says more than the first statement's "transaction is aborted". */
  override rollback(connection: Connection, error: unknown): Promise<unknown> {
    return super.rollback(connection, this.#refusal ?? error);
  }

  private settle(status: 1 | 2, value: unknown): unknown {
    const self = this as unknown as { _completed: boolean; _resolver(value: unknown): void; _rejecter(error: unknown): void };
    self._completed = true;
    return status === 1 ? self._resolver(value) : self._rejecter(value);
  }
}

const MAX_PREPARED = 400;

class BoundDialect extends PgDialect {
  override transaction(container: unknown, config: BoundConfig, outerTx: unknown): TransactionLike {
    return new BoundTransaction(this, container, config, outerTx);
  }

  override _query(connection: Connection, query: QueryObject): Promise<QueryObject> {
    gatherWrites(connection);
    const name = query.bindings !== undefined && query.bindings.length > 0 ? preparedName(query.sql) : undefined;
    const named = name === undefined ? query : { ...query, options: { ...query.options, name: memoryOf(connection).secret + name } };
    return super._query(connection, named).then(
      (done) => Object.assign(query, { response: done.response }),
      (error: { code?: string }) => {
        if (error.code === INVALID_SQL_STATEMENT_NAME) connection.__knex__disposed = 'A prepared statement of this connection is gone.';
        throw error;
      },
    );
  }
}

const INVALID_SQL_STATEMENT_NAME = '26000'; // someone has run DEALLOCATE

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

export function openPool(url: string, max: number): Knex {
  return knexModule({
    log: SILENT,
    compileSqlOnError: false, // an error's message holds the statement with its placeholders, not with the values
    client: BoundDialect as unknown as typeof Knex.Client,
    connection: { connectionString: url, pipeline: true, application_name: 'wardkeep', options: PINNED, keepAlive: true } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 10_000,
  });
}
