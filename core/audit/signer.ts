import { createPrivateKey } from 'node:crypto';
import type { RootKeyProvider } from '../crypto/root-keys.ts';
import type { Query } from '../db/transaction.ts';
import { AUDIT_SECRET, secretContext } from '../db/secrets.ts';
import { signingKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** The installation's signing key while programs run: a rotation by one is noticed by all others at their next entry. */
export type Signer = {
  /** As last seen. */
  readonly last: VersionedKey;
  /** The key of this version of its secret, else the newest that the transaction of `query` sees; it is the last seen from then on. */
  at(version: number, query: Query): Promise<VersionedKey>;
};
export type VersionedKey = { readonly key: SigningKey; readonly version: number; /** When it was made, by the key log. */ readonly since: Date };

export function createSigner(roots: RootKeyProvider, first: VersionedKey): Signer {
  let last = first;
  return {
    get last() {
      return last;
    },
    // Unwrapping inside a transaction may hold the chain for the time of a call to a key service, once per process and rotation. Signing on
    // with the old key until it is loaded elsewhere would, after an idle hour, seal an entry that no verifier accepts. What is read is handed
    // back rather than looked up again: another transaction's reading may come in between.
    async at(version, query) {
      if (version === last.version) return last;
      const [row] = await query<{ version: number; wrapped: string; since: Date }>(
        'select version, wrapped, (select max(created_at) from sys.signing_keys) as since from sys.secrets where name = $1 order by version desc limit 1', [AUDIT_SECRET]);
      if (row === undefined) throw new Error('The audit signing key is gone from sys.secrets.');
      const der = await roots.unwrap(row.wrapped, secretContext(AUDIT_SECRET, row.version));
      return (last = { key: signingKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })), version: row.version, since: row.since });
    },
  };
}
