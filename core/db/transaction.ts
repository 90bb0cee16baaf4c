import { availableParallelism } from 'node:os';
import type { Knex } from 'knex';
import { beforeEnd, countEntry, dispose, send, sendAhead, sendAlone, type Connection } from './connection.ts';
import type { Backend } from './context.ts';

/** Mints the token for the backend that the transaction got. */
export type Enter = (backend: Backend) => string;

/** Throws where a statement comes too late, and for an answer that the transaction does not stand. */
export type Watch = { before(): void; after(answer: Answer | readonly Answer[]): void };
/** `command`: PostgreSQL's command tag, or its first word. */
export type Answer = { readonly command: string };
/** Makes a query builder on one connection. */
export type Compose = (connection: Connection, watch: Watch) => Knex.Transaction;

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
  /**
   * For what needs nothing more of the database, such as opening and writing out rows already read: it is done while PostgreSQL commits. What it
   * throws is thrown to whoever asked for the transaction, which is committed all the same.
   */
  whileCommitting(work: () => void): void;
  /**
   * What was asked so far is sent at once, for PostgreSQL to begin with while the next is made ready; a write more. Nothing happens where other
   * transactions keep the processors busy anyway.
   */
  sendAhead(): void;
  /** `work` may add to the batch of what is asked in the present turn, behind all of it. */
  beforeEnd(work: () => void): void;
};
export type Query = <R extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<R[]>;

/**
 * Behind every transaction, in front of the next borrower's BEGIN. RESET ALL goes back to what the connection was opened with, so to PINNED. A
 * message of its own, since one message is one transaction: BEGIN in the same one would take the modes that the borrower before had made the
 * default, and UNLISTEN would wait for the commit.
 */
const SESSION_RESET = 'CLOSE ALL; UNLISTEN *; RESET ALL';

/**
 * What is committed without waiting (`synchronous_commit = off`) reaches the disk in order: once anything later is there, so is it. The message, a
 * few bytes that only logical decoding sees, is something later to commit. On the very session that made the commit: another one might by then
 * be served by a server that recovered, or took over, without it. PostgreSQL lets the waits of many share one write; under the audit chain's
 * lock (core/audit/seal.ts) their commits could not.
 */
const FLUSH = "select pg_catalog.pg_logical_emit_message(true, 'wardkeep', '')";

/** A rollback that is not answered by then stands behind a statement that runs on; whoever asked is told, and the connection is cut: PostgreSQL rolls back once that statement ends. */
const ROLLBACK_MS = 5_000;

/**
 * What ends a transaction from within, or takes back a part of it. Nothing of ours does: it is somebody's own SQL, and with what it takes back goes the
 * entry of the act, where that was sealed by then. Whatever it gave is not handed out.
 */
const CONTROL = new Set(['BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE']);

/** How many transactions may be under way in this process for one of them to gain by writes of its own: half of the processors are PostgreSQL's. */
const FEW = Math.max(1, Math.floor(availableParallelism() / 2));

export class Transaction implements Bound {
  static #underWay = 0;
  readonly #connection: Connection;
  readonly #compose: Compose;
  #isOpen = true;
  #isFlushedBehind = false;
  #refusal: Error | undefined;
  #knex: Knex.Transaction | undefined;
  #settle: () => void = () => undefined;
  readonly #meanwhile: (() => void)[] = [];
  readonly ended: Promise<void>;

  constructor(connection: Connection, enter: Enter, compose: Compose) {
    this.#compose = compose;
    this.#connection = connection;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
    const token = enter({ pid: connection.processID, nth: countEntry(connection) });
    Transaction.#underWay += 1;
    // Not awaited: a refused binding aborts the transaction, the first query fails, and commit() below sees the refusal.
    const refused = (error: Error) => {
      this.#refusal ??= error;
      dispose(connection, 'The connection could not be bound to a workspace.');
    };
    send(connection, 'begin').catch(refused);
    send(connection, 'select sec.enter($1)', [token]).catch(refused);
    this.sendAhead();
  }

  readonly query: Query = async <R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> => {
    this.#watch.before();
    const answer = await send(this.#connection, text, values);
    this.#watch.after(answer);
    return answer.rows as R[];
  };

  readonly #watch: Watch = {
    before: () => {
      if (!this.#isOpen) throw new TransactionEnded();
    },
    after: (answer) => {
      for (const { command } of [answer].flat()) if (CONTROL.has(command?.split(' ', 1)[0] ?? '')) throw (this.#refusal ??= new ControlledFromWithin(command));
    },
  };

  get knex(): Knex.Transaction {
    return (this.#knex ??= this.#compose(this.#connection, this.#watch));
  }

  flushBehind(): void {
    this.#isFlushedBehind = true;
  }

  whileCommitting(work: () => void): void {
    this.#meanwhile.push(work);
  }

  sendAhead(): void {
    if (this.#isOpen && Transaction.#underWay <= FEW) sendAhead(this.#connection);
  }

  beforeEnd(work: () => void): void {
    beforeEnd(this.#connection, () => this.#isOpen && work());
  }

  async commit(): Promise<void> {
    this.#isOpen = false;
    const { __knex__disposed: unfit } = this.#connection; // the reset behind the transaction before it may have failed by now
    if (unfit !== undefined) this.#refusal ??= unfit instanceof Error ? unfit : new Error(String(unfit));
    if (this.#refusal !== undefined) return this.rollback(this.#refusal);
    const committed = send(this.#connection, 'commit');
    const flushed = this.#isFlushedBehind ? send(this.#connection, FLUSH) : committed;
    flushed.catch(() => undefined);
    const isReset = this.#reset();
    let failure: { readonly error: unknown } | null = null;
    try {
      for (const work of this.#meanwhile) work();
    } catch (error) {
      failure = { error };
    }
    try {
      const { command } = await committed;
      await flushed;
      // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK and no error.
      if (command !== 'COMMIT') throw new Error('The transaction was aborted and has been rolled back.');
    } catch (error) {
      await isReset; // refused, where the transaction is still open
      return this.rollback(error);
    }
    void isReset.then((error) => error && dispose(this.#connection, 'A connection could not be reset.'));
    if (failure !== null) throw failure.error;
  }

  /** Nobody waits for it: whatever the next borrower sends stands behind it. */
  async #reset(): Promise<Error | null> {
    return sendAlone(this.#connection, SESSION_RESET).then(() => null, (error: Error) => error);
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
      sendAlone(connection, 'ROLLBACK').catch(() => dispose(connection, 'A rollback failed.')).finally(() => {
        clearTimeout(late);
        resolve();
      });
    });
    if ((await this.#reset()) !== null) dispose(connection, 'A connection could not be reset.');
    throw this.#refusal ?? error;
  }

  end(): void {
    this.#isOpen = false;
    Transaction.#underWay -= 1;
    this.#settle();
  }
}

class ControlledFromWithin extends Error {
  constructor(command: string) {
    super(`A transaction is begun and ended by its door alone: ${command} came from within.`);
    this.name = 'ControlledFromWithin';
  }
}

class TransactionEnded extends Error {
  constructor() {
    super('A statement came after the end of its transaction.');
    this.name = 'TransactionEnded';
  }
}
