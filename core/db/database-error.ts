import pg from 'pg';

/** SQLSTATE of an error that PostgreSQL sent, else null. Its message is not for people: PostgreSQL quotes values of rows in some. */
export function sqlstateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError && error.code !== undefined ? error.code : null;
}
