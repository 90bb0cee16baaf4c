import { raw } from 'objection';
import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { systemActor, type Scope, type Tx } from '../../db/scope.ts';
import { tellOfGuessing } from '../mail/notices.ts';
import { verifyPassword } from './hash.ts';
import { Password } from './model.ts';

/**
 * NIST SP 800-63B-4 §3.2.2: no more failed attempts in a row with one authenticator on one account. A password that is dead from then on would let any
 * stranger lock a person out; so it is taken on, but from browsers alone that this person has signed in or reset it on (sign-in/known-browser.ts).
 */
export const FAILED_IN_ROW_MAX = 100;

/** `stored`: what the password was compared with. `refused`: why not, for the record alone; whoever asked is told the same in either case. */
export type Checked = { readonly stored: string | null; readonly isOutdated: boolean; readonly refused: 'password' | 'browser_unknown' | null };

/**
 * Checks a person's password, or nobody's. Counted before it is looked at, in the person's own row, so that of parallel attempts in any number of
 * processes no more than those are looked at; a right one starts anew. What is refused costs one verification, right or wrong, known or not.
 */
export async function checkPassword(app: App, scope: Scope, given: { userId: string; password: string; isKnownBrowser: boolean }): Promise<Checked> {
  const { userId, password, isKnownBrowser } = given;
  const counted = await app.withWorkspace(scope, (tx) => countPasswordAttempt(tx, userId));
  const { ok, isOutdated } = await verifyPassword(counted?.hash ?? null, password);
  if (counted === undefined) return { stored: null, isOutdated: false, refused: 'password' };
  const { hash: stored, failed_in_row: failed } = counted;
  const bySystem = { ...scope, actor: systemActor('sign-in') };
  if (ok && (isKnownBrowser || failed <= FAILED_IN_ROW_MAX)) {
    await app.withWorkspace(bySystem, (tx) => startAnew(tx, userId, stored));
    return { stored, isOutdated, refused: null };
  }
  if (failed >= FAILED_IN_ROW_MAX && counted.known_browsers_only_since === null) await app.withWorkspace(bySystem, (tx) => confine(app, tx, userId));
  return { stored, isOutdated, refused: ok ? 'browser_unknown' : 'password' };
}

/**
 * Counts one attempt; the row as it then is, or undefined for who has no password. It does not wait for the disk, which nobody's would not either, so
 * that time tells nobody which e-mails are known: whatever follows an attempt is committed behind it, and takes the count along.
 */
export async function countPasswordAttempt(tx: Tx, userId: string): Promise<Password | undefined> {
  return Password.query(tx).findById(userId).patch({ failed_in_row: raw('failed_in_row + 1') }).returning(['*', raw("set_config('synchronous_commit', 'off', true)")]).first();
}

/** Not a failure of this password: who works in several practices typed the one of another, on a browser that this person has signed in on. */
export async function takeAttemptBack(tx: Tx, userId: string): Promise<void> {
  await Password.query(tx).findById(userId).where('failed_in_row', '>', 0).patch({ failed_in_row: raw('failed_in_row - 1') });
}

/** Unless it is another one by now. */
async function startAnew(tx: Tx, userId: string, hash: string): Promise<void> {
  const anew = await Password.query(tx).findById(userId).where({ hash }).patch({ failed_in_row: 0 }).returning('*').first();
  if (anew === undefined || anew.known_browsers_only_since === null) return;
  await Password.query(tx).findById(userId).patch({ known_browsers_only_since: null });
  record(tx, { action: 'auth.password_released', target: { type: 'user', id: userId } });
}

/** Puts it on the record and tells the person, once: of several attempts that find it due, or after a crash the next, one wins. */
async function confine(app: App, tx: Tx, userId: string): Promise<void> {
  const won = await Password.query(tx).findById(userId).where('failed_in_row', '>=', FAILED_IN_ROW_MAX).whereNull('known_browsers_only_since').patch({ known_browsers_only_since: new Date(tx.now) });
  if (won === 0) return;
  record(tx, { action: 'auth.password_confined', target: { type: 'user', id: userId }, detail: { failedInRow: FAILED_IN_ROW_MAX } });
  await tellOfGuessing(app, tx, userId);
}
