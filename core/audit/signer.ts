import { createPrivateKey } from 'node:crypto';
import type { Knex } from 'knex';
import type { RootKeyProvider } from '../crypto/root-keys.ts';
import { AUDIT_SECRET, secretContext } from '../db/secrets.ts';
import { signingKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** The installation's signing key while programs run: a rotation by one is noticed by all others at their next entry. */
export type Signer = {
  /** As last seen. */
  readonly key: SigningKey;
  /** Version of the secret it came from. */
  readonly version: number;
  /** Takes up the newest key, read in the given transaction. */
  renew(knex: Knex): Promise<void>;
};

export function createSigner(roots: RootKeyProvider, first: { readonly key: SigningKey; readonly version: number }): Signer {
  let { key, version } = first;
  return {
    get key() {
      return key;
    },
    get version() {
      return version;
    },
    // Unwrapping inside a transaction may hold the chain for the time of a call to a key service, once per process and rotation. Signing on
    // with the old key until it is loaded elsewhere would, after an idle hour, seal an entry that no verifier accepts.
    async renew(knex) {
      const row = (await knex('sys.secrets').where({ name: AUDIT_SECRET }).orderBy('version', 'desc').first('version', 'wrapped')) as { version: number; wrapped: string };
      const der = await roots.unwrap(row.wrapped, secretContext(AUDIT_SECRET, row.version));
      key = signingKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      version = row.version;
    },
  };
}
