import type { Connection, Request, Row, Sql, Target } from './target.ts';

/**
 * One attack. It says what it learned or changed of the other workspace, or null. An attack that PostgreSQL refuses with an error has learned
 * nothing, unless the error itself tells: `tells` compares two refusals.
 */
export type Scenario = {
  readonly name: string;
  /** What counts as a leak, in words. */
  readonly leak: string;
  /** Most attacks run inside a request for workspace a. */
  readonly inRequest?: (request: Request & { connection: Connection }, target: Target) => Promise<string | null>;
  /** Those about borrowing, time or several connections get the pooled connection itself. */
  readonly onConnection?: (connection: Connection, target: Target) => Promise<string | null>;
};

/** Runs a statement in a savepoint; an error is an outcome like another. */
export async function attempt(sql: Sql, text: string): Promise<{ rows: Row[]; error: string | null }> {
  await sql('savepoint attempt');
  try {
    const rows = await sql(text);
    await sql('release savepoint attempt');
    return { rows, error: null };
  } catch (error) {
    await sql('rollback to savepoint attempt');
    const { message, detail, hint, where } = error as { message: string; detail?: string; hint?: string; where?: string };
    return { rows: [], error: [message, detail, hint, where].filter(Boolean).join(' | ') };
  }
}

/** What came of it, or null where it was refused. */
export async function outcomeOf<T>(work: PromiseLike<T>): Promise<T | null> {
  try {
    return await work;
  } catch {
    return null; // a refusal is what the attack was to find out
  }
}

/** What of workspace b stands in rows or in an error text. */
export function seenOfB(outcome: { rows: Row[]; error: string | null }, { b }: Target): string | null {
  const text = JSON.stringify(outcome.rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) + (outcome.error ?? '');
  const seen = [b.marker, b.email, b.contactId].filter((value) => text.includes(value));
  return seen.length === 0 ? null : `saw ${seen.join(', ')}`;
}

/** A leak if the statement is accepted at all. */
export async function accepted(sql: Sql, text: string): Promise<string | null> {
  const { error } = await attempt(sql, text);
  return error === null ? `accepted: ${text.trim().slice(0, 80)}` : null;
}

/** A leak if the same statement about a value b has and about one nobody has ends differently: rows, counts, or error. */
export async function tells(sql: Sql, statement: (value: 'theirs' | 'nobodys') => string, read: (rows: Row[]) => unknown = (rows) => rows.length): Promise<string | null> {
  const [theirs, nobodys] = [await attempt(sql, statement('theirs')), await attempt(sql, statement('nobodys'))];
  const describe = ({ rows, error }: { rows: Row[]; error: string | null }) => error?.replace(/[0-9a-f-]{36}|\S+@\S+/g, '…').replace(/"?[0-9a-f]{8,}"?/g, '…') ?? JSON.stringify(read(rows));
  return describe(theirs) === describe(nobodys) ? null : `a value of theirs gives ${describe(theirs)}, nobody's gives ${describe(nobodys)}`;
}
