import { User, addDirectoryPerson, changePerson, enableDirectoryPerson, fault, record } from '../../core/plugin.ts';
import type { Tx } from '../../core/plugin.ts';
import { Identity, ProviderSession } from './models.ts';
import type { ProvenIdentity } from './proven-identity.ts';
import { groupNamesOf } from './scim/roles.ts';
import { roleFor } from './settings.ts';
import type { Settings } from './settings.ts';

/** `vouchedBy`: the row that knows the provider's session, for its sign-out. */
export type Admitted = { readonly userId: string; readonly vouchedBy: string };

/**
 * Whom a proven identity is here: by protocol, issuer and subject; the first time by an e-mail the provider vouches for, within the allowed domains; or
 * somebody new, where the workspace wants that. Roles follow the groups at every sign-in.
 * @throws Fault sso.person.unknown · sign_in.refused
 */
export async function admitPerson(tx: Tx, identity: ProvenIdentity, settings: Settings): Promise<Admitted> {
  const { protocol, issuer, subject } = identity;
  const linked = await identitiesIn(tx, identity).where({ subject }).orderBy('protocol').first();
  const userId = linked?.user_id ?? (await findByEmail(tx, identity, settings)) ?? (await addPerson(tx, identity, settings));
  if (linked === undefined) {
    await Identity.query(tx).insert({ user_id: userId, protocol, issuer, subject });
    record(tx, { action: 'sso.person.linked', target: { type: 'user', id: userId }, detail: { issuer } });
  } else await Identity.query(tx).patch({ protocol, last_used_at: new Date(tx.now) }).where({ id: linked.id });
  const user = await User.query(tx).findById(userId);
  if (user === undefined || user.status === 'disabled') throw fault('sign_in.refused');
  if (user.status === 'invited') await enableDirectoryPerson(tx, userId);
  await followGroups(tx, user, identity, settings);
  await ProviderSession.query(tx).delete().where({ user_id: userId }).whereRaw("begun_at < now() - interval '30 days'");
  const { id: vouchedBy } = await ProviderSession.query(tx).insert({ user_id: userId, issuer, subject, session_key: identity.sessionKey, hint: identity.hint });
  return { userId, vouchedBy };
}

const isInDomains = (email: string, domains: readonly string[]): boolean => domains.length === 0 || domains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());

/** Of this provider in this protocol: in the other one the same name and subject may mean somebody else. */
const identitiesIn = (tx: Tx, { protocol, issuer }: ProvenIdentity) => Identity.query(tx).where({ issuer }).where((one) => void one.where({ protocol }).orWhereNull('protocol'));

async function findByEmail(tx: Tx, identity: ProvenIdentity, { domains }: Settings): Promise<string | null> {
  const { email, isEmailVouched } = identity;
  if (email === null || !isEmailVouched || !isInDomains(email, domains)) return null;
  const user = await User.query(tx).findOne({ email: email.toLowerCase() });
  // Whoever has another subject of this provider already is somebody else with a recycled address.
  if (user === undefined || (await identitiesIn(tx, identity).where({ user_id: user.id }).first()) !== undefined) return null;
  return user.id;
}

async function addPerson(tx: Tx, { email, isEmailVouched, name, groups }: ProvenIdentity, settings: Settings): Promise<string> {
  const role = roleFor(settings, groups);
  if (!settings.createsPeople || role === null || email === null || !isEmailVouched || !isInDomains(email, settings.domains)) throw fault('sso.person.unknown');
  return addDirectoryPerson(tx, { email, name: name?.slice(0, 120) || email, role });
}

/** Groups of the message and provisioned ones count alike. The break-glass administrator keeps the role whatever the provider says: that is what they are for. */
async function followGroups(tx: Tx, user: User, { groups }: ProvenIdentity, settings: Settings): Promise<void> {
  if (settings.roles.length === 0 || user.email === settings.breakGlass) return;
  const role = roleFor(settings, [...groups, ...(await groupNamesOf(tx, user.id))]);
  if (role === null) throw fault('sso.person.unknown');
  if (role !== user.role) await changePerson(tx, user.id, { role, designations: user.designations });
}
