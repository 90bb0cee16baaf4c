import type { App } from '../app.ts';
import { Fault, fault } from '../errors.ts';
import type { WardkeepCredentials } from '../http/credentials.ts';

type Token = { readonly workspaceId: string; readonly hash: Buffer };
/** What a token was found to be, with the row that said so. */
type Remembered = { readonly row: string; readonly credentials: WardkeepCredentials };

/**
 * Only a guess at what will be found: every request asks anew, in the transaction that it acts in, and a row that differs in anything counts as
 * another (`anticipate` in core/db/door.ts). It saves waiting for the answer before the act is sent. By what identifies the program that asks: an app is
 * copied where some of it is exchanged.
 */
const remembered = new WeakMap<App['identify'], Map<string, Remembered>>();
const MAX_REMEMBERED = 10_000;
const nameOf = ({ workspaceId, hash }: Token): string => workspaceId + hash.toString('base64');

function recall({ identify }: App, token: Token): Remembered | undefined {
  return remembered.get(identify)?.get(nameOf(token));
}

function remember({ identify }: App, token: Token, found: Remembered): void {
  let known = remembered.get(identify);
  if (known === undefined) remembered.set(identify, (known = new Map()));
  if (known.size >= MAX_REMEMBERED) known.clear();
  known.set(nameOf(token), found);
}

function forget({ identify }: App, token: Token): void {
  remembered.get(identify)?.delete(nameOf(token));
}

/** `guessed`: nobody has asked yet whether they are still good. `gone`: somebody has, and they are not. */
const standings = new WeakMap<WardkeepCredentials, 'guessed' | 'gone'>();
export function standingOf(credentials: WardkeepCredentials): 'guessed' | 'gone' | 'found' {
  return standings.get(credentials) ?? 'found';
}

/** `is_due`: that the token is in use was last noted more than a minute ago. */
type FoundRow = { readonly token_id: string; readonly is_due: boolean };
/** Both begin with the workspace as $1; then `find` takes the token's hash, `note` the row's id. */
type Statements = { readonly find: string; readonly note: string };
/** `isUse`: false where a page asks of itself, without anybody having done anything. */
export type FindOptions = { readonly mayAnticipate?: boolean; readonly isUse?: boolean };

/**
 * Whose a secret token is, or null. One round trip: the answer does not wait for the transaction's end, in which the request's first act may
 * go on (`identify` in core/db/door.ts). With `mayAnticipate` none at all, where the token was seen before. What was noted stays noted, whatever
 * becomes of the act: then the transaction ends by itself.
 */
export async function findCredentials<R extends FoundRow>(app: App, token: Token, statements: Statements, credentialsOf: (row: R) => WardkeepCredentials, { mayAnticipate = false, isUse = true }: FindOptions = {}): Promise<WardkeepCredentials | null> {
  const { workspaceId, hash } = token;
  const { find, note } = statements;
  const before = mayAnticipate ? recall(app, token) : undefined;
  if (before !== undefined) {
    const credentials = { ...before.credentials, actor: { ...before.credentials.actor } }; // this request's own: transactions go by the actor's identity
    standings.set(credentials, 'guessed');
    app.anticipate(credentials.actor, {
      async isStill({ query }) {
        standings.delete(credentials);
        const [row] = await query<R>(find, [workspaceId, hash]);
        return row !== undefined && !row.is_due && JSON.stringify(row) === before.row;
      },
      async again() {
        const now = await findCredentials(app, token, statements, credentialsOf);
        if (now === null) {
          forget(app, token);
          standings.set(credentials, 'gone');
          throw fault(credentials.actor.kind === 'agent' ? 'token.refused' : 'session.expired');
        }
        standings.delete(credentials);
        Object.assign(credentials, now, { actor: Object.assign(credentials.actor, now.actor) });
      },
    });
    return credentials;
  }
  try {
    return await app.identify(workspaceId, async ({ query }) => {
      const [row] = await query<R>(find, [workspaceId, hash]);
      if (row === undefined) return { answer: null, actor: null };
      const credentials = credentialsOf(row);
      remember(app, token, { row: JSON.stringify({ ...row, is_due: false }), credentials });
      if (!row.is_due || !isUse) return { answer: credentials, actor: credentials.actor };
      await query(note, [workspaceId, row.token_id]);
      return { answer: credentials, actor: null };
    });
  } catch (error) {
    if (error instanceof Fault && error.code === 'workspace.not_found') return null; // a token that names no workspace of ours
    throw error;
  }
}
