import pg from 'pg';

/** The driver's own error: Objection wraps it in one of its own, whose `nativeError` it is. */
export function nativeError(error: unknown): unknown {
  return error instanceof Error && 'nativeError' in error && error.nativeError instanceof Error ? error.nativeError : error;
}

/** SQLSTATE of an error that PostgreSQL sent, else null. Its message is not for people: PostgreSQL quotes values of rows in some. */
export function sqlstateOf(error: unknown): string | null {
  const native = nativeError(error);
  return native instanceof pg.DatabaseError && native.code !== undefined ? native.code : null;
}
