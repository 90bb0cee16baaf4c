import { nativeError } from './database-error.ts';

/** Node's codes for a server that is not there or went away; each comes with the socket's error. */
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** SQLSTATE (PostgreSQL, appendix A): class 08 connection, 57P01–57P03 shutdown, crash and start, 53300 too many connections, 55P03 a lock not had in time, 25P03 idle too long, 40P01 and 40001 given up for another transaction (deadlock, serialization). */
const SQLSTATE = /^(08...|57P0[123]|53300|55P03|25P03|40P01|40001)$/;
/** Not carried out because of a statement in front of it, whose error is its cause (core/db/batch.ts). */
const SKIPPED = '25P02';
/** pg and knex tell these by name or text alone; the texts are their own and fixed, knex puts the statement in front. */
const KNEX_ACQUIRE = 'KnexTimeoutError';
const PG_CLOSED = /(?:^| - )(Connection (?:terminated|ended unexpectedly)|timeout expired$|Client (has encountered a connection error|was closed) and is not queryable)/;

/** Whether `error` says that PostgreSQL cannot be reached or has not taken this work just now: a state that passes, and no fault of the program. */
export function isDatabaseUnavailable(thrown: unknown): boolean {
  const error = nativeError(thrown);
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (code === SKIPPED && error.cause !== undefined) return isDatabaseUnavailable(error.cause);
  if (typeof code === 'string') return SOCKET.has(code) || SQLSTATE.test(code);
  return error.name === KNEX_ACQUIRE || PG_CLOSED.test(error.message);
}
