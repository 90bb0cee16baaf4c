import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { EnvelopeError, type SymmetricKey } from '../crypto/envelope.ts';
import { WrongRootKeyError, type RootKeyProvider } from '../crypto/root-keys.ts';
import { uuidv7 } from '../crypto/uuid.ts';
import { hmacPads } from './context.ts';
import { withConnection } from './single-connection.ts';

/**
 * The installation's own secrets, each wrapped by a root key in sys.secrets: the context key (which PostgreSQL also holds, in HMAC form, where
 * only the owner reads it), the form key and the audit's private signing key. Made once, by the owner, when the schema is first migrated.
 */
export type Secrets = {
  readonly installationId: string;
  readonly contextKey: SymmetricKey;
  /** For form tokens and other short-lived MACs of the program. */
  readonly formKey: Buffer;
  readonly auditKey: KeyObject;
  /** Goes up by one with each rotation. */
  readonly auditKeyVersion: number;
  readonly auditKeySince: Date;
};

/** Name of the private signing key among the secrets. */
export const AUDIT_SECRET = 'audit';

type SecretRow = { readonly name: string; readonly version: number; readonly wrapped: string };

/** What a secret's wrapping is bound to. Not to the installation: its id is in the same hands as these rows (SECURITY.md, "Operator ↔ data"). */
export const secretContext = (name: string, version: number): string => `secret\n${name}\n${version}`;

/** Makes what is missing. Run by `migrate` under the owner role; running it again changes nothing. */
export function ensureSecrets(ownerUrl: string, roots: RootKeyProvider): Promise<void> {
  return withConnection(ownerUrl, async (knex) => {
    if ((await knex('sys.installation').first()) !== undefined) return;
    const contextKey = randomBytes(32);
    const { inner, outer } = hmacPads(contextKey);
    const pair = generateKeyPairSync('ed25519');
    const publicKey = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x as string, 'base64url');
    const wrapped = {
      context: await roots.wrap(contextKey, secretContext('context', 1)),
      form: await roots.wrap(randomBytes(32), secretContext('form', 1)),
      [AUDIT_SECRET]: await roots.wrap(pair.privateKey.export({ format: 'der', type: 'pkcs8' }), secretContext(AUDIT_SECRET, 1)),
    };
    await knex.transaction(async (trx) => {
      // Programs that start at once each make a set: the first to commit is the installation, the others wait here and drop theirs.
      const isFirst = (await trx('sys.installation').insert({ id: uuidv7() }).onConflict().ignore().returning('id')).length === 1;
      if (!isFirst) return;
      await trx('sec.context_keys').insert({ id: 'c1', inner_pad: inner, outer_pad: outer });
      await trx('sys.secrets').insert(Object.entries(wrapped).map(([name, text]) => ({ name, version: 1, wrapped: text })));
      await trx('sys.signing_keys').insert({ key_id: createHash('sha256').update(publicKey).digest('hex').slice(0, 16), public_key: publicKey });
    });
  });
}

/** Reads and unwraps them at boot, as the app role. @throws WrongRootKeyError */
export function loadSecrets(appUrl: string, roots: RootKeyProvider): Promise<Secrets> {
  return withConnection(appUrl, async (knex) => {
    const [installation, rows, signing] = await Promise.all([
      knex('sys.installation').first('id'), knex('sys.secrets').select('name', 'version', 'wrapped').orderBy('version', 'desc'), knex('sys.signing_keys').max('created_at as newest').first(),
    ]);
    if (installation === undefined) throw new Error('This database has no installation yet: run `npx wardkeep migrate`.');
    const newest = (name: string): SecretRow => {
      const row = (rows as SecretRow[]).find((candidate) => candidate.name === name);
      if (row === undefined) throw new Error(`The installation's ${name} secret is missing from sys.secrets.`);
      return row;
    };
    const open = (name: string): Promise<Buffer> => {
      const { version, wrapped } = newest(name);
      return roots.unwrap(wrapped, secretContext(name, version)).catch((cause: unknown) => {
        if (cause instanceof EnvelopeError) throw new WrongRootKeyError(roots.wrappedBy(wrapped), roots.keyIds, { cause });
        throw cause;
      });
    };
    return {
      installationId: (installation as { id: string }).id,
      contextKey: { id: 'c1', bytes: await open('context') },
      formKey: await open('form'),
      auditKey: createPrivateKey({ key: await open(AUDIT_SECRET), format: 'der', type: 'pkcs8' }),
      auditKeyVersion: newest(AUDIT_SECRET).version,
      auditKeySince: (signing as { newest: Date }).newest,
    };
  });
}
