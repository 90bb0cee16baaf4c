import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { capabilityRule } from '../../access/capabilities.ts';
import { Contact, ContactShare } from './model.ts';

/**
 * A task or an appointment given to a colleague who may not open the patient would never be seen by them.
 * @throws Fault request.invalid at `path`
 */
export async function requireColleagueWithAccess(tx: Tx, userId: string, contactId: string, path: string): Promise<void> {
  const refuse = (text: string) => fault('request.invalid', { fields: [{ path, text }] });
  const user = (await tx.knex('users').where({ id: userId, status: 'active' }).first('role')) as { role: string } | undefined;
  if (user === undefined) throw refuse('nobody here has this id');
  if ((capabilityRule('contact.all').roles as readonly string[]).includes(user.role)) return;
  const [own, shared] = await Promise.all([
    Contact.query(tx).findOne({ id: contactId, owner_id: userId }).select('id'),
    ContactShare.query(tx).findOne({ contact_id: contactId, user_id: userId }).select('id'),
  ]);
  if (own === undefined && shared === undefined) throw refuse('share the contact with this colleague first');
}
