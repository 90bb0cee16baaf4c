import { authorize, fault, record } from '../../core/plugin.ts';
import type { Tx } from '../../core/plugin.ts';
import { addKeyPair } from './connections.ts';
import { ServiceKey } from './models.ts';
import { makeKeyPair } from './saml/certificate.ts';

/**
 * Our certificate's roll-over, in two steps with a provider's daily reading between them: the next pair joins the metadata; then the old one
 * is retired, and the next signs.
 * @throws Fault sso.key.two_already · access.denied · access.step_up_required
 */
export async function makeNextKey(tx: Tx, commonName: string): Promise<void> {
  authorize(tx, 'sso.key.manage', { type: 'plugin', id: 'sso' });
  if ((await ServiceKey.query(tx).whereNull('retired_at').forUpdate()).length > 1) throw fault('sso.key.two_already');
  await addKeyPair(tx, await makeKeyPair(commonName, new Date(tx.now)));
}

/** @throws Fault sso.key.not_found · sso.key.last_one */
export async function retireKey(tx: Tx, id: string): Promise<void> {
  authorize(tx, 'sso.key.manage', { type: 'sso_key', id });
  const live = await ServiceKey.query(tx).whereNull('retired_at').forUpdate();
  if (!live.some((key) => key.id === id)) throw fault('sso.key.not_found');
  if (live.length < 2) throw fault('sso.key.last_one');
  await ServiceKey.query(tx).patch({ retired_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'sso.key.retired', target: { type: 'sso_key', id } });
}
