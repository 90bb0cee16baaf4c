import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { hashPassword, isBcryptHash } from '../../auth/password/hash.ts';
import { storePasswordHash } from '../../auth/password/store-password-hash.ts';
import { TotpFactor } from '../../auth/totp/model.ts';
import { User } from '../../auth/user.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import { systemScope, type Designation, type Role } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

export type NewUser = {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly designations?: readonly Designation[];
  /** In clear, hashed here; or a bcrypt hash that another system made. Neither is checked against the password policy. */
  readonly password: string | { readonly bcrypt: string };
  /** Base 32. Without one the first sign-in sets up a second factor. */
  readonly totpSecret?: string;
};

/** Makes an active person, for the command line, the demo and imports; pages invite instead. Returns the id. @throws Fault person.exists */
export async function createUser(app: App, workspaceId: string, input: NewUser): Promise<string> {
  const hash = typeof input.password === 'string' ? await hashPassword(input.password) : importedHash(input.password.bcrypt);
  return app.withWorkspace(systemScope(workspaceId, 'people'), async (tx) => {
    const email = normalizeEmail(input.email);
    if ((await User.query(tx).findOne({ email })) !== undefined) throw fault('person.exists');
    const user = await User.query(tx).insert({ email, name: input.name, role: input.role, designations: [...(input.designations ?? [])], status: 'active' });
    await storePasswordHash(tx, user.id, hash);
    if (input.totpSecret !== undefined) await TotpFactor.query(tx).insert({ user_id: user.id, secret: input.totpSecret });
    record(tx, { action: 'person.created', target: { type: 'user', id: user.id }, detail: { role: input.role, designations: [...(input.designations ?? [])] } });
    return user.id;
  });
}

function importedHash(hash: string): string {
  if (!isBcryptHash(hash)) throw new TypeError('The imported password hash is not bcrypt ($2a$, $2b$ or $2y$, cost 4 to 31).');
  return hash;
}
