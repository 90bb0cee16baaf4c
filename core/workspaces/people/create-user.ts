import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { hashPassword, isBcryptHash } from '../../auth/password/hash.ts';
import { storePasswordHash } from '../../auth/password/store-password-hash.ts';
import { requirePassword } from '../../auth/sign-in/policy.ts';
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
  /** In clear, hashed here; or a hash: one made here before, or bcrypt of another system. None is checked against the password policy. */
  readonly password: string | { readonly hash: string };
  /** Base 32. Without one the first sign-in sets up a second factor. */
  readonly totpSecret?: string;
};

/** Makes an active person, for the command line, the demo and imports; pages invite instead. Returns the id. @throws Fault person.exists · sign_in.provider_only */
export async function createUser(app: App, workspaceId: string, input: NewUser): Promise<string> {
  const hash = typeof input.password === 'string' ? await hashPassword(input.password) : madeBefore(input.password.hash);
  return app.withWorkspace(systemScope(workspaceId, 'people'), async (tx) => {
    const email = normalizeEmail(input.email);
    if ((await User.query(tx).findOne({ email })) !== undefined) throw fault('person.exists');
    const user = await User.query(tx).insert({ email, name: input.name, role: input.role, designations: [...(input.designations ?? [])], status: 'active' });
    await requirePassword(tx, user.id, 'set_password');
    await storePasswordHash(tx, user.id, hash);
    if (input.totpSecret !== undefined) await TotpFactor.query(tx).insert({ user_id: user.id, secret: input.totpSecret });
    record(tx, { action: 'person.created', target: { type: 'user', id: user.id }, detail: { role: input.role, designations: [...(input.designations ?? [])] } });
    return user.id;
  });
}

function madeBefore(hash: string): string {
  if (!hash.startsWith('$argon2id$') && !isBcryptHash(hash)) throw new TypeError('The password hash is neither argon2id nor bcrypt ($2a$, $2b$ or $2y$, cost 4 to 31).');
  return hash;
}
