import type { Knex } from 'knex';
import type { RootKeyProvider } from '../../crypto/root-keys.ts';
import { withConnection } from '../../db/single-connection.ts';
import { loadSecrets } from '../../db/secrets.ts';
import { keyCreated } from '../key-log.ts';
import type { SealedKeyEvent } from '../key-log.ts';
import { signingKey } from '../signing-key.ts';

/** The installation's key log as stored, oldest first. Unverified: hand it to readKeyLog. */
export async function readKeyEvents({ knex }: { readonly knex: Knex }): Promise<SealedKeyEvent[]> {
  return (await knex('sys.key_events').orderBy('seq').pluck('event')) as SealedKeyEvent[];
}

/** Begins the key log with the key that was made with the installation. Run by `migrate` under the owner role; again changes nothing. */
export function ensureKeyLog(ownerUrl: string, roots: RootKeyProvider): Promise<void> {
  return withConnection(ownerUrl, async (knex) => {
    if ((await knex('sys.key_events').first('seq')) !== undefined) return;
    const { installationId, auditKey } = await loadSecrets(ownerUrl, roots);
    const key = signingKey(auditKey);
    const { created_at } = (await knex('sys.signing_keys').where({ key_id: key.keyId }).first('created_at')) as { created_at: Date };
    const first = keyCreated([], installationId, created_at.toISOString(), key, null);
    // Programs that start at once make the same event: it holds nothing random.
    await knex('sys.key_events').insert({ seq: 1, event: JSON.stringify(first) }).onConflict().ignore();
  });
}
