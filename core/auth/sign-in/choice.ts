import { createHmac, timingSafeEqual } from 'node:crypto';
import type { App } from '../../app.ts';
import { fault } from '../../errors.ts';
import { findActiveUser } from '../find-active-user.ts';
import { uuidBytes, uuidText } from '../opaque-token.ts';
import { countAttempt, subjectsOf } from './attempts.ts';
import { CHALLENGE_LIFE_MS, scopeBeforeSession, type Account, type Claimant, type Origin } from './challenge.ts';
import { TAG_BYTES, type Proven } from './proven-password.ts';

/**
 * Between a password that is right in several practices and the second step in one of them: whom the password named, five minutes long, signed, in a
 * cookie of that browser. It may come twice, so each choice counts as an attempt like the password it stands for, and opens no more than that would:
 * nothing any more once the password is another.
 */
export const CHOICE_COOKIE = '__Host-wk_choice';
/** A practice to choose. */
export type Practice = { readonly slug: string; readonly name: string };

const ACCOUNT_BYTES = 32 + TAG_BYTES;

/** `<accounts>.<end, ms>.<mac>`, an account being workspace, person and the password's tag, 16 bytes each. */
export function sealChoice(key: Buffer, accounts: readonly Proven[], now = Date.now()): string {
  const subject = `${Buffer.concat(accounts.flatMap(({ workspaceId, userId, tag }) => [uuidBytes(workspaceId), uuidBytes(userId), tag])).toString('base64url')}.${now + CHALLENGE_LIFE_MS}`;
  return `${subject}.${macOf(key, subject)}`;
}

/** @throws Fault sign_in.challenge_over for one that is over, or was never ours */
export function readChoice(key: Buffer, cookie: unknown, now = Date.now()): readonly Proven[] {
  const [, subject = '', accounts = '', end = '', mac = ''] = (typeof cookie === 'string' ? /^(([\w-]{128,256})\.(\d{13}))\.([\w-]{43})$/.exec(cookie) : null) ?? [];
  if (mac === '' || !timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(key, subject))) || Number(end) <= now) throw fault('sign_in.challenge_over');
  const bytes = Buffer.from(accounts, 'base64url');
  return Array.from({ length: bytes.length / ACCOUNT_BYTES }, (_, at) => {
    const account = bytes.subarray(at * ACCOUNT_BYTES, (at + 1) * ACCOUNT_BYTES);
    return { workspaceId: uuidText(account.subarray(0, 16)), userId: uuidText(account.subarray(16, 32)), tag: account.subarray(32) };
  });
}

/** Their names, for the page. @throws Fault sign_in.challenge_over */
export async function listChoices(app: App, cookie: unknown): Promise<Practice[]> {
  const ids = readChoice(app.formKey, cookie).map(({ workspaceId }) => workspaceId);
  return app.withSystem('sign_in', (tx) => tx.knex('app.workspaces').whereIn('workspace_id', ids).whereNull('suspended_at').orderBy('name').select('slug', 'name'));
}

/** The chosen practice and who one is there. @throws Fault sign_in.challenge_over · request.rate_limited */
export async function takeChoice(app: App, origin: Origin, cookie: unknown, slug: string, browserOf: (account: Account) => string | null): Promise<{ proven: Proven; person: Claimant }> {
  const accounts = readChoice(app.formKey, cookie);
  const chosen = await app.withSystem('sign_in', (tx) => tx.knex('app.workspaces').whereIn('workspace_id', accounts.map(({ workspaceId }) => workspaceId)).where({ slug }).first('workspace_id')) as { workspace_id: string } | undefined;
  const account = accounts.find(({ workspaceId }) => workspaceId === chosen?.workspace_id);
  const person = account === undefined ? undefined : await app.withWorkspace(scopeBeforeSession(account.workspaceId, origin), (tx) => findActiveUser(tx, account.userId));
  if (account === undefined || person === undefined) throw fault('sign_in.challenge_over');
  const browser = browserOf(account);
  const subjects = subjectsOf(app.formKey, { email: person.email, browser, ...(browser === null && { ip: origin.ip }) });
  if (!(await app.withSystem('sign_in', (tx) => countAttempt(tx, subjects)))) throw fault('request.rate_limited');
  return { proven: account, person };
}

function macOf(key: Buffer, subject: string): string {
  return createHmac('sha256', key).update(`choice|${subject}`, 'utf8').digest('base64url');
}
