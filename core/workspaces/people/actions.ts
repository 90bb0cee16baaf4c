import type { App } from '../../app.ts';
import { authorize } from '../../access/authorize.ts';
import { record } from '../../audit/record.ts';
import { endLinks, makeLink } from '../../auth/links.ts';
import { mailInvitation, mailPasswordReset, tellOfChange } from '../../auth/mail/notices.ts';
import { Passkey } from '../../auth/passkey/model.ts';
import { RecoveryCode } from '../../auth/recovery/model.ts';
import { endSessions } from '../../auth/session/actions.ts';
import { endChallenges } from '../../auth/sign-in/challenge.ts';
import { MfaChallenge } from '../../auth/sign-in/challenge-model.ts';
import { TotpFactor } from '../../auth/totp/model.ts';
import { User } from '../../auth/user.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import type { Designation, Role, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { enqueue } from '../../jobs/enqueue.ts';

/** A link for the administrator to pass on where the installation sends no mail; null when a mail is on its way. */
export type Handed = { readonly id: string; readonly link: string | null };

const target = (id: string) => ({ type: 'user', id });

/** @throws Fault person.exists · access.step_up_required */
export async function invitePerson(app: App, tx: Tx, input: { email: string; role: Role; designations: readonly Designation[] }): Promise<Handed> {
  authorize(tx, 'person.manage');
  const email = normalizeEmail(input.email);
  if ((await User.query(tx).findOne({ email })) !== undefined) throw fault('person.exists', { fields: [{ path: 'email', text: 'Someone with this e-mail is in this workspace already.' }] });
  // The invited person gives their name; until then the e-mail's local part stands for it.
  const user = await User.query(tx).insert({ email, name: email.split('@')[0] ?? email, role: input.role, designations: [...input.designations], status: 'invited' });
  record(tx, { action: 'person.invited', target: target(user.id), detail: { role: input.role, designations: [...input.designations] } });
  return { id: user.id, link: await sendInvitation(app, tx, user.id) };
}

/** A new invitation in place of the one before. @throws Fault person.not_found */
export async function inviteAgain(app: App, tx: Tx, id: string): Promise<Handed> {
  authorize(tx, 'person.manage', target(id));
  if ((await User.query(tx).findOne({ id, status: 'invited' })) === undefined) throw fault('person.not_found');
  record(tx, { action: 'person.invited', target: target(id) });
  return { id, link: await sendInvitation(app, tx, id) };
}

async function sendInvitation(app: App, tx: Tx, userId: string): Promise<string | null> {
  if (app.mail === null) return makeLink(app, tx, 'invitation', userId);
  await enqueue(tx, mailInvitation, { user: userId });
  return null;
}

/** Role and designations; takes effect with the person's next request. @throws Fault person.not_found · person.last_admin */
export async function changePerson(tx: Tx, id: string, input: { role: Role; designations: readonly Designation[] }): Promise<void> {
  authorize(tx, 'person.manage', target(id));
  const { user, isLastAdmin } = await lockPersonAndAdmins(tx, id);
  if (isLastAdmin && input.role !== 'ADMIN') throw fault('person.last_admin');
  await User.query(tx).patch({ role: input.role, designations: [...input.designations], updated_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'person.changed', target: target(id), detail: { role: { from: user.role, to: input.role }, designations: { from: user.designations, to: [...input.designations] } } });
}

/** Ends every session at once (ASVS 5.0 V7.4.2), and what was begun or mailed: enabled again, nothing of it comes back. @throws Fault person.not_found · person.last_admin */
export async function disablePerson(tx: Tx, id: string): Promise<void> {
  authorize(tx, 'person.manage', target(id));
  if ((await lockPersonAndAdmins(tx, id)).isLastAdmin) throw fault('person.last_admin');
  await User.query(tx).patch({ status: 'disabled', updated_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'person.disabled', target: target(id) });
  await endChallenges(tx, { user_id: id });
  for (const purpose of ['invitation', 'password_reset'] as const) await endLinks(tx, purpose, id);
  await endSessions(tx, { user_id: id }, 'disabled');
}

/** Back to work, or back to being invited for who never came. @throws Fault person.not_found */
export async function enablePerson(tx: Tx, id: string): Promise<void> {
  authorize(tx, 'person.manage', target(id));
  await lockPerson(tx, id);
  const { rows } = (await tx.knex.raw("update app.users u set status = case when exists (select from app.passwords p where p.workspace_id = u.workspace_id and p.user_id = u.id) then 'active' else 'invited' end, updated_at = now() where u.workspace_id = ? and u.id = ? and u.status = 'disabled' returning u.id", [tx.scope.workspaceId, id])) as { rows: unknown[] };
  if (rows.length === 1) record(tx, { action: 'person.enabled', target: target(id) });
}

/**
 * Takes every second factor away, so that the next sign-in sets up a new one. The administrator has made sure of who asks (ASVS 5.0 V6.4.4);
 * sessions and open challenges end, and the person is told.
 * @throws Fault person.not_found
 */
export async function resetSecondFactors(app: App, tx: Tx, id: string): Promise<void> {
  authorize(tx, 'person.manage', target(id));
  await lockPerson(tx, id);
  const mine = { user_id: id };
  const [totp, passkeys] = await Promise.all([
    TotpFactor.query(tx).delete().where(mine), Passkey.query(tx).delete().where(mine), RecoveryCode.query(tx).delete().where(mine), MfaChallenge.query(tx).delete().where(mine),
  ]);
  record(tx, { action: 'person.second_factors_reset', target: target(id), detail: { totp, passkeys } });
  await endSessions(tx, { user_id: id }, 'factor_changed');
  await tellOfChange(app, tx, id);
}

/** Starts the person's own reset; nobody but them chooses the password (ASVS 5.0 V6.4.6). @throws Fault person.not_found */
export async function startPasswordReset(app: App, tx: Tx, id: string): Promise<Handed> {
  authorize(tx, 'person.manage', target(id));
  if ((await lockPerson(tx, id)).status !== 'active') throw fault('person.not_found');
  record(tx, { action: 'person.password_reset_started', target: target(id) });
  if (app.mail === null) return { id, link: await makeLink(app, tx, 'password_reset', id) };
  await enqueue(tx, mailPasswordReset, { user: id });
  return { id, link: null };
}

async function lockPerson(tx: Tx, id: string): Promise<User> {
  const user = await User.query(tx).findById(id).forNoKeyUpdate();
  if (user === undefined) throw fault('person.not_found');
  return user;
}

/** Holds the rows of the person and of every administrator, always in the same order, so that two cannot remove each other at the same moment. */
async function lockPersonAndAdmins(tx: Tx, id: string): Promise<{ user: User; isLastAdmin: boolean }> {
  const held = await User.query(tx).where({ id }).orWhere({ role: 'ADMIN', status: 'active' }).orderBy('id').forNoKeyUpdate();
  const user = held.find((row) => row.id === id);
  if (user === undefined) throw fault('person.not_found');
  const admins = held.filter(({ role, status }) => role === 'ADMIN' && status === 'active');
  return { user, isLastAdmin: admins.length === 1 && admins[0] === user };
}
