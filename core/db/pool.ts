import { createRequire } from 'node:module';
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import { send, sendAlone, type Connection } from './connection.ts';
import { Transaction, type Answer, type Bound, type Compose, type Enter } from './transaction.ts';

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

type QueryObject = { sql: string; bindings?: unknown[]; options?: object; response?: unknown };
type DialectClient = Knex.Client & { _query(connection: Connection, query: QueryObject): Promise<QueryObject> };

// knex documents custom dialects as subclasses of this file, and makes its own transactions' query builders with the other; its types export neither.
const require = createRequire(import.meta.url);
const PgDialect = require('knex/lib/dialects/postgres/index.js') as new (config: Knex.Config) => DialectClient;
const makeKnex = require('knex/lib/knex-builder/make-knex.js') as (client: object) => Knex.Transaction;

/** What RESET ALL goes back to. */
const PINNED = Object.entries({
  search_path: 'pg_catalog,app,pg_temp', row_security: 'on', standard_conforming_strings: 'on', backslash_quote: 'off', DateStyle: 'ISO,YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', bytea_output: 'hex',
  default_transaction_isolation: 'read\\ committed', default_transaction_read_only: 'off', debug_print_parse: 'off', debug_print_rewritten: 'off', debug_print_plan: 'off', log_parameter_max_length_on_error: '0',
  // Plans are kept for as long as a connection lives, and tables grow meanwhile: whoever was the first to ask a small one would go through all of it for
  // ever. Each workspace's rows are found by an index that begins with it. Compiling (jit) takes longer than any of our statements.
  enable_seqscan: 'off', jit: 'off',
  // A program that vanished (a lost node, a halted machine) must not hold a workspace's chain, and with it everybody's connections. A minute is what
  // a binding lives (CONTEXT_LIFE_MS): no transaction has business idling longer.
  idle_in_transaction_session_timeout: '60s', lock_timeout: '20s', tcp_user_timeout: '20s', tcp_keepalives_idle: '10', tcp_keepalives_interval: '5', tcp_keepalives_count: '3',
}).map(([name, value]) => `-c ${name}=${value}`).join(' ');

class BoundDialect extends PgDialect {
  override async _query(connection: Connection, query: QueryObject): Promise<QueryObject> {
    const { sql, bindings = [] } = query;
    query.response = await (bindings.length > 0 ? send(connection, sql, bindings) : sendAlone(connection, sql));
    return query;
  }
}

/** As knex makes them for its own transactions: a client that neither takes nor gives back another connection. */
const composeOn = (client: DialectClient): Compose => (only, watch) => {
  const pool = client as DialectClient & Record<string, unknown>;
  const own = Object.create(BoundDialect.prototype) as DialectClient & Record<string, unknown>;
  for (const name of ['version', 'config', 'driver', 'connectionSettings', 'valueForUndefined', 'logger']) own[name] = pool[name];
  const ask = own._query;
  Object.assign(own, {
    transacting: true,
    acquireConnection: async () => only,
    releaseConnection: async () => undefined,
    _query: async (connection: Connection, query: QueryObject) => {
      watch.before();
      const asked = await ask.call(own, connection, query);
      watch.after(asked.response as Answer);
      return asked;
    },
  });
  return Object.assign(makeKnex(own), { isTransaction: true });
};

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
  const compose = composeOn(client);
  return {
    knex,
    async transaction(enter, fn) {
      const connection = (await client.acquireConnection()) as Connection;
      let transaction: Transaction | undefined;
      try {
        const begun = (transaction = new Transaction(connection, enter, compose));
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
