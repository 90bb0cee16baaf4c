import { createUser } from '../workspaces/people/create-user.ts';
import { User } from '../auth/user.ts';
import { record } from '../audit/record.ts';
import { systemScope, type Role } from '../db/scope.ts';
import { fault } from '../errors.ts';
import { createWorkspace } from '../workspaces/create-workspace.ts';
import { findWorkspace, listWorkspaces } from '../workspaces/find-workspace.ts';
import { reactivateWorkspace, suspendWorkspace } from '../workspaces/suspend-workspace.ts';
import { generatePassword } from '../auth/password/generate.ts';
import { EXIT, required, UsageError, type Command } from './command.ts';
import { withApp } from './with-app.ts';

const ROLES: readonly Role[] = ['ADMIN', 'MANAGER', 'AGENT', 'READONLY'];

export const userCreate: Command = {
  name: 'user create',
  summary: 'make a person who sets a second factor at the first sign-in',
  usage: 'user create --workspace SLUG --email E-MAIL --name NAME --role ROLE [--officer]',
  options: {
    workspace: { type: 'string', about: 'slug of the workspace' }, email: { type: 'string', about: 'e-mail to sign in with' }, name: { type: 'string', about: 'shown to colleagues and in the audit' },
    role: { type: 'string', about: ROLES.join(', ') }, officer: { type: 'boolean', about: 'designate as security officer' },
  },
  async run(invocation) {
    const role = required(invocation, 'role') as Role;
    if (!ROLES.includes(role)) throw new UsageError(`--role is one of ${ROLES.join(', ')}.`);
    const email = required(invocation, 'email');
    if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new UsageError('--email is not an e-mail address.');
    const name = required(invocation, 'name');
    const slug = required(invocation, 'workspace');
    const password = generatePassword();
    return withApp(async (app) => {
      const workspace = await findWorkspace(app, slug);
      const id = await createUser(app, workspace.id, { email, name, role, designations: invocation.values['officer'] === true ? ['SECURITY_OFFICER'] : [], password });
      invocation.out.result({ id, email, password }, `${name} may sign in as ${email} with the password ${password}`);
      return EXIT.done;
    });
  },
};

export const userList: Command = {
  name: 'user list',
  summary: 'list the people of a workspace',
  usage: 'user list --workspace SLUG [--json]',
  options: { workspace: { type: 'string', about: 'slug of the workspace' } },
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    return withApp(async (app) => {
      const workspace = await findWorkspace(app, slug);
      const people = await app.withWorkspace(systemScope(workspace.id, 'wardkeep user list'), async (tx) => {
        const rows = await User.query(tx).orderBy('email');
        record(tx, { action: 'person.listed', detail: { people: rows.length } });
        return rows.map(({ id, email, name, role, designations, status }) => ({ id, email, name, role, designations, status }));
      });
      invocation.out.result(people, people.map(({ email, role, designations, status }) => `${email.padEnd(36)} ${[role, ...designations].join(' + ').padEnd(30)} ${status}`).join('\n'));
      return EXIT.done;
    });
  },
};

export const workspaceCreate: Command = {
  name: 'workspace create',
  summary: 'make a workspace with keys of its own',
  usage: 'workspace create SLUG --name NAME [--zone ZONE]',
  operands: true,
  options: { name: { type: 'string', about: 'what people see' }, zone: { type: 'string', about: 'IANA time zone (default America/New_York)' } },
  async run(invocation) {
    const [slug, ...more] = invocation.positionals;
    if (slug === undefined || more.length > 0 || !/^[a-z][a-z0-9-]{1,38}$/.test(slug)) throw new UsageError('The short name takes lower-case letters, digits and hyphens, 2 to 39 of them, a letter first.');
    const zone = typeof invocation.values['zone'] === 'string' ? invocation.values['zone'] : 'America/New_York';
    if (!Intl.supportedValuesOf('timeZone').includes(zone) && zone !== 'UTC') throw new UsageError('--zone is not an IANA time zone.');
    const name = required(invocation, 'name');
    return withApp(async (app) => {
      const id = await createWorkspace(app, { slug, name, timeZone: zone });
      invocation.out.result({ id, slug }, `Workspace ${slug} is there. Make its first person with \`wardkeep user create --workspace ${slug} --role ADMIN …\`.`);
      return EXIT.done;
    });
  },
};

export const workspaceList: Command = {
  name: 'workspace list',
  summary: 'list the workspaces',
  usage: 'workspace list [--json]',
  run: (invocation) => withApp(async (app) => {
    const workspaces = await listWorkspaces(app);
    invocation.out.result(workspaces, workspaces.map(({ slug, status, id }) => `${slug.padEnd(40)} ${status.padEnd(12)} ${id}`).join('\n'));
    return EXIT.done;
  }),
};

export const workspaceSuspend: Command = {
  name: 'workspace suspend',
  summary: 'shut a workspace: its sessions end, its tokens are refused, nobody signs in',
  usage: 'workspace suspend SLUG [--json]',
  operands: true,
  async run(invocation) {
    const slug = slugOf(invocation);
    return withApp(async (app) => {
      const { id, status } = await findWorkspace(app, slug);
      if (status === 'terminated') throw fault('workspace.terminated');
      const sessions = await suspendWorkspace(app, id);
      invocation.out.result({ id, slug, status: 'suspended', sessionsEnded: sessions }, `Workspace ${slug} is suspended; ${sessions} sessions ended. \`wardkeep workspace reactivate ${slug}\` opens it again.`);
      return EXIT.done;
    });
  },
};

export const workspaceReactivate: Command = {
  name: 'workspace reactivate',
  summary: 'open a suspended workspace again',
  usage: 'workspace reactivate SLUG [--json]',
  operands: true,
  async run(invocation) {
    const slug = slugOf(invocation);
    return withApp(async (app) => {
      const { id, status } = await findWorkspace(app, slug);
      if (status !== 'suspended') throw fault(status === 'terminated' ? 'workspace.terminated' : 'workspace.not_suspended');
      await reactivateWorkspace(app, id);
      invocation.out.result({ id, slug, status: 'active' }, `Workspace ${slug} is open again: tokens are good as before, people sign in anew.`);
      return EXIT.done;
    });
  },
};

function slugOf({ positionals }: { readonly positionals: readonly string[] }): string {
  const [slug, ...more] = positionals;
  if (slug === undefined || more.length > 0) throw new UsageError('Name one workspace by its short name.');
  return slug;
}
