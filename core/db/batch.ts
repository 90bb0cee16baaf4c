import { createRequire } from 'node:module';
import pg from 'pg';

/**
 * Statements that go out in one write and are answered in one: Bind and Execute of each, one Sync behind the last (PostgreSQL 18, section 54.2.4,
 * "Pipelining"). pg alone puts a Sync behind every statement, which PostgreSQL answers with a send of its own, and asks for the columns of a
 * prepared statement each time it is run; here they are remembered from the first.
 *
 * Statements may be added while those before them are at work, up to the Sync: PostgreSQL begins with each as it comes, and answers behind the last.
 *
 * After a failure PostgreSQL skips what stands behind it up to the Sync: these statements reject as in any aborted transaction (SQLSTATE 25P02).
 * All settle once the batch has been answered whole, so a COMMIT in it, or what a Sync commits, is on disk by then.
 */
export type Statement = { readonly text: string; readonly values: readonly WireValue[]; /** Prepared once under it; null: parsed each time. */ readonly name: string | null };
export type WireValue = string | Buffer | null;
export type Result = { readonly command: string; readonly rowCount: number | null; readonly rows: object[] };
export type Answered = { resolve(result: Result): void; reject(error: Error): void };

type Columns = { readonly names: readonly string[]; readonly parsers: readonly ((text: string) => unknown)[] };
/** What a connection has prepared: the columns each statement gives, null while not yet told. */
export type Prepared = { readonly columns: Map<string, Columns | null>; /** Failed while they were prepared, so PostgreSQL may know them or not. */ readonly doubtful: Set<string> };
export const nothingPrepared = (): Prepared => ({ columns: new Map(), doubtful: new Set() });

/** The messages of the protocol, as pg's connection sends them. */
type Wire = {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { text: string; name: string }): void;
  bind(message: { statement: string; values: readonly WireValue[] }): void;
  describe(message: { type: 'P' }): void;
  execute(message: object): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
};
type Described = { readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[] };

// Both are pg's own: what it takes for a query in pipeline mode must be one, and values are written as it writes them.
const Query = pg.Query as unknown as new (text: string) => object;
const { prepareValue } = createRequire(import.meta.url)('pg/lib/utils.js') as { prepareValue(value: unknown): WireValue };
export const toWire = (values: readonly unknown[]): WireValue[] => values.map(prepareValue);

const NO_COLUMNS: Columns = { names: [], parsers: [] };

export class Batch extends Query {
  readonly #statements: (Statement & Answered)[] = [];
  readonly #prepared: Prepared;
  readonly #columns: (Columns | null)[] = [];
  readonly #outcomes: (Result | Error)[] = [];
  #wire: Wire | null = null;
  #isWhole = false;
  #rows: object[] = [];
  #unreadable: Error | null = null;
  /** What meets whoever is added behind a failure. */
  #aborted: Error | null = null;

  constructor(prepared: Prepared) {
    super('');
    this.#prepared = prepared;
  }

  add(statements: readonly (Statement & Answered)[]): void {
    if (this.#aborted !== null) {
      for (const { reject } of statements) reject(this.#aborted);
      return;
    }
    this.#statements.push(...statements);
    if (this.#wire !== null) this.#write(this.#wire);
  }

  /** Nothing can be added from here on. */
  finish(): void {
    this.#isWhole = true;
    if (this.#wire !== null) this.#write(this.#wire);
  }

  /** Called by pg, once the connection is open. */
  submit(wire: Wire): null {
    this.#wire = wire;
    this.#write(wire);
    return null;
  }

  #write(wire: Wire): void {
    const { columns, doubtful } = this.#prepared;
    wire.stream.cork();
    for (let at = this.#columns.length; at < this.#statements.length; at++) {
      const { text, name, values } = this.#statements[at] as Statement;
      const statement = name ?? '';
      const known = name === null ? null : columns.get(name);
      if (known === undefined || name === null) {
        if (doubtful.delete(statement)) wire.close({ type: 'S', name: statement });
        wire.parse({ text, name: statement });
        if (name !== null) columns.set(name, null);
      }
      wire.bind({ statement, values });
      if (known == null) wire.describe({ type: 'P' });
      wire.execute({});
      this.#columns.push(known ?? null);
    }
    if (this.#isWhole) wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: Described): void {
    this.#columns[this.#outcomes.length] = { names: fields.map(({ name }) => name), parsers: fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown) };
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    try {
      const { names, parsers } = this.#columns[this.#outcomes.length] as Columns;
      for (let at = 0; at < fields.length; at++) {
        const field = fields[at] as string | null;
        row[names[at] as string] = field === null ? null : (parsers[at] as (text: string) => unknown)(field);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#unreadable ??= error as Error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const at = this.#outcomes.length;
    const { name } = this.#statements[at] as Statement;
    if (name !== null) this.#prepared.columns.set(name, this.#columns[at] ?? NO_COLUMNS);
    const [, command = '', count] = /^([A-Z]+(?: [A-Z]+)*)(?: \d+)*? ?(\d+)?$/.exec(text) ?? [];
    this.#outcomes.push(this.#unreadable ?? { command, rowCount: count === undefined ? null : Number(count), rows: this.#rows });
    this.#rows = [];
    this.#unreadable = null;
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleReadyForQuery(): void {
    this.#statements.forEach((_statement, at) => this.#settle(at));
  }

  /** A row that cannot be read is an error of its own statement alone: the COMMIT behind it has been carried out. */
  #settle(at: number): void {
    const { resolve, reject } = this.#statements[at] as Answered;
    const outcome = this.#outcomes[at];
    if (outcome instanceof Error) reject(outcome);
    else resolve(outcome as Result);
  }

  /** Of the first statement not answered; or, when all are, of the commit that a Sync brings. Also of a connection that broke. */
  handleError(error: Error): void {
    const failed = Math.min(this.#outcomes.length, this.#statements.length - 1);
    // What ends the connection, rather than the transaction, is everybody's own error.
    const isSkipped = error instanceof pg.DatabaseError && error.severity === 'ERROR';
    const aborted = (this.#aborted = isSkipped ? Object.assign(new Error('current transaction is aborted, commands ignored until end of transaction block', { cause: error }), { code: '25P02' }) : error);
    this.#statements.forEach(({ name, reject }, at) => {
      if (at < failed) return this.#settle(at);
      if (name !== null && this.#prepared.columns.get(name) === null) {
        this.#prepared.columns.delete(name);
        this.#prepared.doubtful.add(name);
      }
      reject(at === failed ? error : aborted);
    });
  }
}
