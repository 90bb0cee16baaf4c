import type { App } from '../app.ts';
import { createServiceAccount, LIFE_DAYS_MAX } from '../auth/service-accounts/actions.ts';
import { systemScope, type Designation, type Role } from '../db/scope.ts';
import { createUser } from '../workspaces/people/create-user.ts';
import { createWorkspace } from '../workspaces/create-workspace.ts';
import { newTotpSecret } from '../auth/totp/code.ts';
import { generatePassword } from '../auth/password/generate.ts';
import type { DemoFacts, DemoUser } from './demo-facts.ts';
import type { DemoWorkspace } from './demo-workspace.ts';
import { loadPractice } from './load-practice.ts';

const WORKSPACES = [
  { slug: 'willow', name: 'Willow Creek Family Clinic', timeZone: 'America/Denver' },
  { slug: 'harbor', name: 'Harbor Point Hospital', timeZone: 'America/New_York' },
] as const;

const PEOPLE = [
  { mailbox: 'admin', role: 'ADMIN', designations: [], names: ['Priya Raman', 'Samuel Osei'] },
  { mailbox: 'manager', role: 'MANAGER', designations: [], names: ['Daniel Whitfield', 'Marta Kowalska'] },
  { mailbox: 'agent', role: 'AGENT', designations: [], names: ['Rosa Delgado', 'Kenji Watanabe'] },
  { mailbox: 'readonly', role: 'READONLY', designations: [], names: ['Tom Becker', 'Amina Diallo'] },
  { mailbox: 'officer', role: 'READONLY', designations: ['SECURITY_OFFICER'], names: ['Grace Lindqvist', 'Victor Amadi'] },
] as const satisfies readonly { mailbox: string; role: Role; designations: readonly Designation[]; names: readonly [string, string] }[];

const SERVICE_ACCOUNT_SCOPES = [
  'contact.read', 'contact.write', 'contact.all', 'contact.assign', 'contact.share', 'contact.merge', 'activity.read', 'activity.write', 'appointment.read', 'appointment.write',
  'document.read', 'document.import', 'audit.read', 'trust.read',
] as const;

const PATIENTS = 200;
const DOCUMENTS = 12;

/** Makes both workspaces with people, a service account and a lived-in practice, and has them furnished. Run once, on an empty installation. */
export async function setUpDemo(app: App, today: string, furnish: (workspaceId: string, workspace: DemoWorkspace) => Promise<void>): Promise<DemoFacts['workspaces']> {
  return Promise.all(WORKSPACES.map(async ({ slug, name, timeZone }, at) => {
    const workspaceId = await createWorkspace(app, { slug, name, timeZone });
    const users = await Promise.all(PEOPLE.map(async ({ mailbox, role, designations, names }) => {
      const user: DemoUser = { email: `${mailbox}@${slug}.example`, name: names[at] as string, role, designations, password: generatePassword(), totpSecret: newTotpSecret() };
      const id = await createUser(app, workspaceId, user);
      return { id, user };
    }));
    const serviceAccountName = 'Scheduling bridge';
    const { token } = await app.withWorkspace(systemScope(workspaceId, 'demo'), (tx) => createServiceAccount(tx, { name: serviceAccountName, role: 'ADMIN', scopes: SERVICE_ACCOUNT_SCOPES, days: LIFE_DAYS_MAX }));
    const staff = users.filter(({ user }) => user.designations.length === 0).map(({ id, user }) => ({ id, role: user.role }));
    await loadPractice(app, workspaceId, { slug, patients: PATIENTS, documents: DOCUMENTS, today, staff });
    await furnish(workspaceId, { slug, name, timeZone, people: users.map(({ id, user }) => ({ id, name: user.name, role: user.role, designations: user.designations })) });
    return { slug, name, users: users.map(({ user }) => user), serviceAccount: { name: serviceAccountName, token } };
  }));
}
