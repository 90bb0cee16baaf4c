import type { RootKey } from '../config.ts';
import { keyIdOf, openBytes, sealBytes } from './envelope.ts';
import { hkdfSha256 } from './hkdf.ts';

/**
 * Who wraps the workspace keys and the program's secrets. File and environment keys are one provider; a KMS or a Vault is another with the
 * same members. Wrapping is asynchronous because theirs is a network call; it never happens inside a database transaction.
 *
 * A provider MUST bind `context` (it MUST NOT unwrap under another one) and MUST name the wrapping key inside the wrapped text.
 */
export type RootKeyProvider = {
  readonly name: 'local' | 'aws-kms' | 'azure-key-vault' | 'vault-transit';
  /** Ids it can unwrap with; the first one wraps. */
  readonly keyIds: readonly string[];
  wrap(secret: Uint8Array, context: string): Promise<string>;
  unwrap(wrapped: string, context: string): Promise<Buffer>;
  /** Id of the key that wrapped it, read without opening; null when it is not of this provider. */
  wrappedBy(wrapped: string): string | null;
};

/** Root keys given by value (environment or file). The wrapping key is derived, so a root key itself never meets data (RFC 5869). */
export function localRootKeys(rootKeys: readonly RootKey[]): RootKeyProvider {
  const [first] = rootKeys;
  if (first === undefined) throw new MissingRootKeyError();
  const wrapping = new Map(rootKeys.map(({ id, bytes }) => [id, hkdfSha256(bytes, Buffer.alloc(0), Buffer.from('wardkeep/wrap/v1', 'utf8'), 32)]));
  const aad = (context: string) => Buffer.from(`wardkeep.root.v1\n${context}`, 'utf8');
  return {
    name: 'local',
    keyIds: rootKeys.map(({ id }) => id),
    wrap: async (secret, context) => sealBytes({ id: first.id, bytes: wrapping.get(first.id) as Buffer }, secret, aad(context)),
    unwrap: async (wrapped, context) => openBytes((id) => wrapping.get(id), wrapped, aad(context)),
    wrappedBy: keyIdOf,
  };
}

/** The root keys given are not those of this database. */
export class WrongRootKeyError extends Error {
  constructor(wrappedBy: string | null, given: readonly string[], options: ErrorOptions) {
    const isGiven = wrappedBy !== null && given.includes(wrappedBy);
    super(
      `The root keys given do not open this database: its secrets are wrapped by root key ${wrappedBy ?? 'of another provider'}, ` +
      `${isGiven ? 'and the key given under that name is another one' : `and given ${given.length === 1 ? 'is' : 'are'} ${given.join(', ')}`}. ` +
      'Look for it in your key escrow; nothing was changed.',
      options,
    );
    this.name = 'WrongRootKeyError';
  }
}

export class MissingRootKeyError extends Error {
  constructor() {
    super(
      'No root key is configured. Wardkeep encrypts every patient field under keys that only you hold and does not start without them.\n' +
      'Make one with `npx wardkeep keys init` and keep a copy in your key escrow. It is found in the data folder; to keep it elsewhere, set WARDKEEP_ROOT_KEYS_FILE to the file (or WARDKEEP_ROOT_KEYS to its content).',
    );
    this.name = 'MissingRootKeyError';
  }
}
