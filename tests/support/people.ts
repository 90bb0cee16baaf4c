import { generateSync } from 'otplib';
import type { App } from '../../core/app.ts';
import { hashPassword } from '../../core/auth/password/hash.ts';
import { openSession } from '../../core/auth/session/actions.ts';
import { createServiceAccount } from '../../core/auth/service-accounts/actions.ts';
import { newTotpSecret } from '../../core/auth/totp/code.ts';
import { systemScope, type Actor, type Designation, type Role, type Scope } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';

export const PASSWORD = 'quarry lantern seventeen';

export type Person = { id: string; workspaceId: string; email: string; name: string; role: Role; designations: readonly Designation[]; password: string; totpSecret: string };
export type People = { workspaceId: string; slug: string; admin: Person; manager: Person; agent: Person; readonly: Person; officer: Person };

let made = 0;
let hash: Promise<string> | undefined;

/**
 * A workspace with one active person per role and a security officer, who is READONLY by role. Names are unique per process. Their one password
 * is hashed once: what argon2 costs by design would be most of what they cost.
 */
export async function createPeople(app: App, slug = `practice-${(made += 1)}`): Promise<People> {
  const workspaceId = await createWorkspace(app, { slug, name: `Practice ${slug}`, timeZone: 'America/New_York' });
  hash ??= hashPassword(PASSWORD);
  const password = { hash: await hash };
  const make = async (word: string, role: Role, designations: readonly Designation[] = []): Promise<Person> => {
    const person = { workspaceId, email: `${word}@${slug}.example`, name: `${word[0]?.toUpperCase()}${word.slice(1)} Person`, role, designations, password: PASSWORD, totpSecret: newTotpSecret() };
    return { ...person, id: await createUser(app, workspaceId, { ...person, password }) };
  };
  const [admin, manager, agent, readonly, officer] = await Promise.all([
    make('admin', 'ADMIN'), make('manager', 'MANAGER'), make('agent', 'AGENT'), make('readonly', 'READONLY'), make('officer', 'READONLY', ['SECURITY_OFFICER']),
  ]);
  return { workspaceId, slug, admin, manager, agent, readonly, officer };
}

/** A signed-in browser: the header to send with `server.inject` or `fetch`, second factor confirmed just now. */
export async function sessionCookie(app: App, person: Person): Promise<string> {
  const text = await app.withWorkspace(systemScope(person.workspaceId, 'test'), (tx) => openSession(tx, { userId: person.id, method: 'password+totp' }));
  return `__Host-wardkeep=${text}`;
}

/** A service account's `authorization` header. */
export async function bearer(app: App, workspaceId: string, scopes: readonly string[], role: Role = 'ADMIN'): Promise<string> {
  const { token } = await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => createServiceAccount(tx, { name: `Test ${scopes[0]}`, role, scopes, days: 30 }));
  return `Bearer ${token}`;
}

/** A scope in a person's name, for calling actions without HTTP. */
export function scopeAs(person: Person, over: Partial<Actor> = {}): Scope {
  const actor: Actor = { kind: 'user', id: person.id, name: person.name, role: person.role, designations: person.designations, scopes: null, sessionId: null, assuredAt: Date.now(), ...over };
  return { workspaceId: person.workspaceId, actor, ip: '127.0.0.1', userAgent: null, requestId: null };
}

/** The person's authenticator app; `steps` away from now, so a test can take a fresh code without waiting. */
export function totpCode(secret: string, steps = 0): string {
  return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 });
}
