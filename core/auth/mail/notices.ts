import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { enqueue } from '../../jobs/enqueue.ts';
import { workspaceJob } from '../../jobs/job.ts';
import type { Mail } from '../../mail/mail.ts';
import { LINK_LIFE_MINUTES, makeLink } from '../links.ts';
import { signInElsewhere } from '../sign-in/policy.ts';
import { User } from '../user.ts';

/*
 * Mail about signing in. A job's input names a person, never an address or a link: the link is made when the mail is sent, so no token ever
 * lies in the queue, and a mail that is sent twice leaves only its last link alive.
 */

const MINUTES_PER_DAY = 24 * 60;
const NOTICE_PAGES = { 'new-sign-in': '/account/sessions', 'sign-in-changed': '/account/security', 'password-guessed': '/password/forgot' } as const;

export const mailInvitation = workspaceJob({
  name: 'mail.invitation',
  input: { user: 'id' },
  async run(app, scope, { user: userId }) {
    await mailTo(app, scope, userId, 'invited', async (mail, { to, firstName, workspace }, tx) => {
      const link = await makeLink(app, tx, 'invitation', userId);
      record(tx, { action: 'person.invitation_sent', target: { type: 'user', id: userId } });
      return () => mail.send({ to, template: 'invitation', context: { workspace, firstName, link, days: LINK_LIFE_MINUTES.invitation / MINUTES_PER_DAY } });
    });
  },
});

export const mailPasswordReset = workspaceJob({
  name: 'mail.password_reset',
  input: { user: 'id' },
  async run(app, scope, { user: userId }) {
    await mailTo(app, scope, userId, 'active', async (mail, { to, firstName, workspace }, tx) => {
      const elsewhere = await signInElsewhere(tx, userId, 'password', 'offer');
      if (elsewhere !== null) return () => mail.send({ to, template: 'provider-only', context: { workspace, firstName, link: `${app.config.origin}${elsewhere}` } });
      const link = await makeLink(app, tx, 'password_reset', userId);
      record(tx, { action: 'auth.password_reset_sent', target: { type: 'user', id: userId } });
      return () => mail.send({ to, template: 'password-reset', context: { firstName, link, minutes: LINK_LIFE_MINUTES.password_reset } });
    });
  },
});

/** ASVS 5.0 V6.3.5 and V6.3.7: people hear of a new browser, of somebody who guesses, and of every change to how they sign in. */
export const mailNotice = workspaceJob({
  name: 'mail.sign_in_notice',
  input: { user: 'id', kind: ['new-sign-in', 'sign-in-changed', 'password-guessed'] },
  async run(app, scope, { user: userId, kind }) {
    await mailTo(app, scope, userId, 'active', async (mail, { to, firstName, workspace }) => {
      const link = `${app.config.origin}${NOTICE_PAGES[kind]}`;
      return () => mail.send({ to, template: kind, context: { workspace, firstName, link } });
    });
  },
});

export const AUTH_JOBS = [mailInvitation, mailPasswordReset, mailNotice];

/** Tells a person that something about how they sign in has changed, or that a recovery code stood in for it. */
export async function tellOfChange(app: App, tx: Tx, userId: string): Promise<void> {
  if (app.mail !== null) await enqueue(tx, mailNotice, { user: userId, kind: 'sign-in-changed' });
}

/** Tells a person of a sign-in on a browser that has not completed one of theirs before. */
export async function tellOfNewBrowser(app: App, tx: Tx, userId: string): Promise<void> {
  if (app.mail !== null) await enqueue(tx, mailNotice, { user: userId, kind: 'new-sign-in' });
}

/** Tells a person that their password is taken from known browsers only, after too many wrong ones. */
export async function tellOfGuessing(app: App, tx: Tx, userId: string): Promise<void> {
  if (app.mail !== null) await enqueue(tx, mailNotice, { user: userId, kind: 'password-guessed' });
}

type Recipient = { to: string; firstName: string; workspace: string };

/** Prepares in a transaction, sends after its commit. A person who is gone or no longer of that status gets nothing. */
async function mailTo(app: App, scope: Scope, userId: string, status: 'active' | 'invited', prepare: (mail: Mail, recipient: Recipient, tx: Tx) => Promise<() => Promise<unknown>>): Promise<void> {
  const { mail } = app;
  if (mail === null) return;
  const send = await app.withWorkspace(scope, async (tx) => {
    const user = await User.query(tx).findOne({ id: userId, status });
    if (user === undefined) return null;
    const { name } = (await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).first('name')) as { name: string };
    const recipient = { to: user.email, firstName: user.name.split(/\s/)[0] ?? '', workspace: name };
    return prepare(mail, recipient, tx);
  });
  await send?.();
}
