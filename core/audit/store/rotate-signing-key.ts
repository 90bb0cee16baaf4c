import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { Knex } from 'knex';
import type { RootKeyProvider } from '../../crypto/root-keys.ts';
import type { Door } from '../../db/door.ts';
import { AUDIT_SECRET, secretContext } from '../../db/secrets.ts';
import { fault } from '../../errors.ts';
import { keyCreated, keyRetired } from '../key-log.ts';
import { record } from '../record.ts';
import { signingKey } from '../signing-key.ts';
import { readKeyEvents } from './key-events.ts';

type Installation = Pick<Door, 'withSystem'> & { readonly installationId: string; readonly roots: RootKeyProvider };
type Secret = { readonly version: number; readonly wrapped: string };

/**
 * Replaces the key that signs entries, checkpoints and bundles. The old key vouches for the new one and the new one retires it (two events of
 * the key log); the old private key is destroyed. Other programs go on by themselves with their next entry.
 * @throws Fault key.rotation_recent when another rotation came in between.
 */
export async function rotateSigningKey({ withSystem, installationId, roots }: Installation): Promise<{ keyId: string; retired: string }> {
  const before = await withSystem('key.manage', (tx) => newest(tx.knex('sys.secrets')));
  const old = signingKey(createPrivateKey({ key: await roots.unwrap(before.wrapped, secretContext(AUDIT_SECRET, before.version)), format: 'der', type: 'pkcs8' }));
  const { privateKey } = generateKeyPairSync('ed25519');
  const next = signingKey(privateKey);
  const wrapped = await roots.wrap(privateKey.export({ format: 'der', type: 'pkcs8' }), secretContext(AUDIT_SECRET, before.version + 1));
  return withSystem('key.manage', async (tx) => {
    const log = await readKeyEvents(tx);
    // The log's clock never runs back, whatever this machine's does.
    const at = [new Date().toISOString(), log.at(-1)?.event.at ?? ''].sort().at(-1) as string;
    const created = keyCreated(log, installationId, at, next, old);
    const retired = keyRetired([...log, created], at, old.keyId, next);
    // Waits for another rotation, and replaces nothing when there was one: these events would not continue its log.
    const { rows: [{ replaced }] } = (await tx.knex.raw('select sec.rotate_audit_key(?, ?, ?, ?) as replaced', [before.version, wrapped, JSON.stringify(created), JSON.stringify(retired)])) as { rows: [{ replaced: boolean }] };
    if (!replaced) throw fault('key.rotation_recent');
    record(tx, { action: 'key.signing_rotated', target: { type: 'signing_key', id: next.keyId }, detail: { retired: old.keyId } });
    return { keyId: next.keyId, retired: old.keyId };
  });
}

async function newest(secrets: Knex.QueryBuilder): Promise<Secret> {
  return (await secrets.where({ name: AUDIT_SECRET }).orderBy('version', 'desc').first('version', 'wrapped')) as Secret;
}
