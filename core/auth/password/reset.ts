import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { fault } from '../../errors.ts';
import { enqueueFor } from '../../jobs/enqueue.ts';
import { findLink, spendLink } from '../links.ts';
import { mailPasswordReset, tellOfChange } from '../mail/notices.ts';
import { endSessions } from '../session/actions.ts';
import { countAttempt, subjectsOf } from '../sign-in/attempts.ts';
import { claimantActor, endChallenges, scopeBeforeSession, type Account, type Origin } from '../sign-in/challenge.ts';
import { passwordElsewhere, requirePassword } from '../sign-in/policy.ts';
import { hashPassword } from './hash.ts';
import { checkNewPassword } from './policy.ts';
import { storePasswordHash } from './store-password-hash.ts';

const ACCOUNTS = `select u.workspace_id as "workspaceId", u.id as "userId" from app.users u join sys.workspaces w on w.id = u.workspace_id
  where u.email = :email and u.status = 'active' and w.status = 'active' order by u.created_at limit 20`;

/**
 * Asks for a link. Whether the e-mail is known changes neither the answer nor the work (ASVS 5.0 V6.3.8): for an unknown one a job is
 * queued that finds nobody. Its own counters keep a mailbox from being flooded, and those of a known browser a stranger from using up the person's.
 * @throws Fault request.rate_limited
 */
export async function requestPasswordReset(app: App, origin: Origin, { email, browserOf }: { email: string; browserOf: (account: Account) => string | null }): Promise<void> {
  const isAllowed = await app.withSystem('sign_in', async (tx) => {
    const { rows } = (await tx.knex.raw(ACCOUNTS, { email })) as { rows: Account[] };
    const browsers = rows.map(browserOf);
    const browser = browsers.includes(null) ? null : (browsers[0] ?? null);
    if (!(await countAttempt(tx, subjectsOf(app.formKey, { mailTo: email, browser, ...(browser === null && { ip: origin.ip }) })))) return false;
    const nobody = (await tx.knex('sys.workspaces').where({ status: 'active' }).first('id')) as { id: string } | undefined;
    const accounts = rows.length === 0 && nobody !== undefined ? [{ workspaceId: nobody.id, userId: uuidv7() }] : rows;
    for (const { workspaceId, userId } of accounts) await enqueueFor(tx, workspaceId, mailPasswordReset, { user: userId });
    return true;
  });
  if (!isAllowed) throw fault('request.rate_limited');
}

/** Where the link's person may set a password: null; else where they have to sign in instead. @throws Fault link.over */
export async function readResetLink(app: App, origin: Origin, token: unknown): Promise<string | null> {
  const { workspaceId, userId } = await findLink(app, origin, 'password_reset', token);
  return passwordElsewhere(app, scopeBeforeSession(workspaceId, origin), userId);
}

/**
 * Sets the password, ends every session and begun sign-in, and leaves the second factor as it is (ASVS 5.0 V6.4.3): nobody is signed in by a mail.
 * Returns whose it was.
 * @throws Fault link.over · request.invalid · sign_in.provider_only
 */
export async function resetPassword(app: App, origin: Origin, token: unknown, password: string): Promise<Account> {
  const link = await findLink(app, origin, 'password_reset', token);
  const complaint = await checkNewPassword(app, password, link);
  if (complaint !== null) throw fault('request.invalid', { fields: [{ path: 'password', text: complaint }] });
  const hash = await hashPassword(password);
  await app.withWorkspace(scopeBeforeSession(link.workspaceId, origin, claimantActor({ id: link.userId, email: link.email, name: link.name })), async (tx) => {
    await requirePassword(tx, link.userId, 'set_password');
    await spendLink(tx, link.id);
    await storePasswordHash(tx, link.userId, hash);
    record(tx, { action: 'auth.password_reset', target: { type: 'user', id: link.userId } });
    await endChallenges(tx, { user_id: link.userId });
    await endSessions(tx, { user_id: link.userId }, 'password_changed');
    await tellOfChange(app, tx, link.userId);
  });
  return { workspaceId: link.workspaceId, userId: link.userId };
}
