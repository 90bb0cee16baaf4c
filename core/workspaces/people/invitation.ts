import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { findLink, spendLink, type LiveLink } from '../../auth/links.ts';
import { hashPassword } from '../../auth/password/hash.ts';
import { checkNewPassword } from '../../auth/password/policy.ts';
import { storePasswordHash } from '../../auth/password/store-password-hash.ts';
import { claimantActor, openChallenge, scopeBeforeSession, type Origin } from '../../auth/sign-in/challenge.ts';
import { passwordElsewhere, requirePassword } from '../../auth/sign-in/policy.ts';
import { User } from '../../auth/user.ts';
import { fault } from '../../errors.ts';

/** Who is invited, and where they have to sign in instead of choosing a password, if the workspace wants that. @throws Fault link.over */
export async function readInvitation(app: App, origin: Origin, token: unknown): Promise<LiveLink & { readonly elsewhere: string | null }> {
  const link = await findLink(app, origin, 'invitation', token);
  return { ...link, elsewhere: await passwordElsewhere(app, scopeBeforeSession(link.workspaceId, origin), link.userId) };
}

/**
 * Takes an invitation up: name and password now, the second factor next. Returns the enrolment's cookie text.
 * @throws Fault link.over · request.invalid · sign_in.provider_only
 */
export async function acceptInvitation(app: App, origin: Origin, token: unknown, input: { name: string; password: string }): Promise<string> {
  const link = await findLink(app, origin, 'invitation', token);
  const complaint = await checkNewPassword(app, input.password, { ...link, name: input.name });
  if (complaint !== null) throw fault('request.invalid', { fields: [{ path: 'password', text: complaint }] });
  const hash = await hashPassword(input.password);
  return app.withWorkspace(scopeBeforeSession(link.workspaceId, origin, claimantActor({ id: link.userId, email: link.email, name: input.name })), async (tx) => {
    await requirePassword(tx, link.userId, 'set_password');
    await spendLink(tx, link.id);
    const accepted = await User.query(tx).patch({ name: input.name, status: 'active', updated_at: new Date(tx.now) }).where({ id: link.userId, status: 'invited' });
    if (accepted !== 1) throw fault('link.over');
    await storePasswordHash(tx, link.userId, hash);
    record(tx, { action: 'person.joined', target: { type: 'user', id: link.userId } });
    return openChallenge(tx, link.userId, 'enrol');
  });
}
