import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';

/**
 * One knex per role. Its transactions send BEGIN and the workspace binding without waiting, in front of the first query (pg's pipeline mode),
 * so binding a workspace costs no round trip of its own; statements are prepared once per connection.
 */
const require = createRequire(import.meta.url);
type Connection = pg.Client & { processID: number };
type TransactionLike = { begin(connection: Connection): Promise<unknown>; commit(connection: Connection, value: unknown): Promise<unknown>; query(connection: Connection, sql: string, status?: 1 | 2, value?: unknown): Promise<unknown> };
// knex documents custom dialects as subclasses of these two files; it exports neither through its types.
const PgDialect = require('knex/lib/dialects/postgres/index.js') as new (config: Knex.Config) => { transaction(container: unknown, config: BoundConfig, outerTx: unknown): unknown; _query(connection: Connection, query: QueryObject): Promise<QueryObject> };
const PgTransaction = require('knex/lib/dialects/postgres/execution/pg-transaction.js') as new (...args: unknown[]) => TransactionLike;

type QueryObject = { sql: string; bindings?: unknown[]; options?: object; response?: unknown };

/** Makes the binding statement for the backend that the transaction got. */
export type Enter = (backendPid: number) => string;
export type BoundConfig = Knex.TransactionConfig & { readonly enter?: Enter };

class BoundTransaction extends PgTransaction {
  readonly #enter: Enter | undefined;

  constructor(client: unknown, container: unknown, config: BoundConfig, outerTx: unknown) {
    super(client, container, config, outerTx); // begins in a later microtask, when #enter is set
    this.#enter = config.enter;
  }

  override begin(connection: Connection): Promise<unknown> {
    const enter = this.#enter;
    if (enter === undefined) return Promise.reject(new Error('A transaction on this pool must enter a workspace: use the door.'));
    const begun = this.query(connection, 'BEGIN');
    // Not awaited: a refused binding aborts the transaction, the first query fails, and commit() below would see the rollback.
    connection.query({ name: 'enter', text: 'select sec.enter($1)', values: [enter(connection.processID)] }).catch(() => undefined);
    begun.catch(() => undefined);
    return Promise.resolve();
  }

  override async commit(connection: Connection, value: unknown): Promise<unknown> {
    // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK and no error.
    const result = (await connection.query('COMMIT').catch((error: unknown) => error)) as pg.QueryResult | Error;
    if (!(result instanceof Error) && result.command === 'COMMIT') return this.settle(1, value);
    return this.settle(2, result instanceof Error ? result : new Error('The transaction was aborted and has been rolled back.'));
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
    const name = query.bindings !== undefined && query.bindings.length > 0 ? preparedName(query.sql) : undefined;
    return super._query(connection, name === undefined ? query : { ...query, options: { ...query.options, name } }).then((done) => Object.assign(query, { response: done.response }));
  }
}

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

export function openPool(url: string, max: number): Knex {
  return knexModule({
    client: BoundDialect as unknown as typeof Knex.Client,
    connection: { connectionString: url, pipeline: true, application_name: 'wardkeep', options: '-c search_path=pg_catalog,app,pg_temp', keepAlive: true } as Knex.PgConnectionConfig,
    pool: { min: 0, max, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 10_000,
  });
}
