import type { App } from '../../app.ts';
import { record } from '../../audit/record.ts';
import { addressOf, expiryOf } from '../../auth/links.ts';
import { mintOpaqueToken, readOpaqueToken } from '../../auth/opaque-token.ts';
import { checkNewPassword } from '../../auth/password/policy.ts';
import { openChallenge, claimantActor, scopeBeforeSession, type Origin } from '../../auth/sign-in/challenge.ts';
import { normalizeEmail } from '../../crypto/normalize.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import { INSTALLATION_WORKSPACE, type SystemTx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { createWorkspace } from '../create-workspace.ts';
import { createUser } from '../people/create-user.ts';

/*
 * The first administrator of an empty installation comes in by a link that only the console shows: half an hour, one use, hashed at rest.
 * It lies in the installation's own workspace, as there is no other yet.
 */

/** A fresh link in place of every earlier one, or null when the installation has a workspace already. For `npm start` to print. */
export async function createSetupLink(app: App): Promise<{ url: string; expiresAt: Date } | null> {
  return app.withSystem('setup', async (tx) => {
    if (!(await isEmpty(tx))) return null;
    const token = mintOpaqueToken(INSTALLATION_WORKSPACE);
    const expiresAt = expiryOf('setup', tx.now);
    await tx.knex('app.one_time_links').where({ workspace_id: INSTALLATION_WORKSPACE, purpose: 'setup' }).whereNull('used_at').delete();
    await tx.knex('app.one_time_links').insert({ workspace_id: INSTALLATION_WORKSPACE, id: uuidv7(tx.now), purpose: 'setup', token_hash: token.hash, expires_at: expiresAt });
    record(tx, { action: 'installation.setup_link_made' });
    return { url: addressOf(app, 'setup', token.text), expiresAt };
  });
}

/** When the link ends. @throws Fault link.over */
export async function readSetupLink(app: App, text: unknown): Promise<Date> {
  return app.withSystem('setup', async (tx) => (await findLive(tx, text)).expires_at);
}

export type Setup = { readonly workspaceName: string; readonly slug: string; readonly timeZone: string; readonly name: string; readonly email: string; readonly password: string };

/**
 * Makes the workspace and its first administrator, who is its security officer too until they name another. Returns the enrolment's cookie
 * text: the second factor comes next.
 * @throws Fault link.over · request.invalid
 */
export async function setUpInstallation(app: App, origin: Origin, text: unknown, input: Setup): Promise<string> {
  await readSetupLink(app, text);
  const complaint = await checkNewPassword(app, input.password, input);
  if (complaint !== null) throw fault('request.invalid', { fields: [{ path: 'password', text: complaint }] });
  await app.withSystem('setup', async (tx) => {
    const { id } = await findLive(tx, text);
    const won = await tx.knex('app.one_time_links').where({ workspace_id: INSTALLATION_WORKSPACE, id }).whereNull('used_at').update({ used_at: tx.knex.fn.now() });
    if (won !== 1 || !(await isEmpty(tx))) throw fault('link.over');
    record(tx, { action: 'installation.set_up' });
  });
  const workspaceId = await createWorkspace(app, { slug: input.slug, name: input.workspaceName, timeZone: input.timeZone });
  const userId = await createUser(app, workspaceId, { email: input.email, name: input.name, role: 'ADMIN', designations: ['SECURITY_OFFICER'], password: input.password });
  const user = { id: userId, email: normalizeEmail(input.email), name: input.name };
  return app.withWorkspace(scopeBeforeSession(workspaceId, origin, claimantActor(user)), (tx) => openChallenge(tx, userId, 'enrol'));
}

async function isEmpty(tx: SystemTx): Promise<boolean> {
  return (await tx.knex('sys.workspaces').first('id')) === undefined;
}

async function findLive(tx: SystemTx, text: unknown): Promise<{ id: string; expires_at: Date }> {
  const token = readOpaqueToken(text);
  const link = token === null || token.workspaceId !== INSTALLATION_WORKSPACE ? undefined
    : await tx.knex('app.one_time_links').where({ workspace_id: INSTALLATION_WORKSPACE, token_hash: token.hash, purpose: 'setup' }).whereNull('used_at').where('expires_at', '>', tx.knex.fn.now()).first('id', 'expires_at');
  if (link === undefined) throw fault('link.over');
  return link as { id: string; expires_at: Date };
}
