import type { App } from '../app.ts';
import type { Tx } from '../db/scope.ts';
import { Fault, fault } from '../errors.ts';
import { WorkspaceModel } from '../db/model.ts';
import { scopeBeforeSession, type Origin } from './sign-in/challenge.ts';
import { mintOpaqueToken, readOpaqueToken } from './opaque-token.ts';

/** Links that work once: invitations, password resets, the setup of an empty installation. Only their SHA-256 is kept. */
export type LinkPurpose = 'invitation' | 'password_reset' | 'setup';

const MINUTE_MS = 60_000;
export const LINK_LIFE_MINUTES: Readonly<Record<LinkPurpose, number>> = { invitation: 7 * 24 * 60, password_reset: 30, setup: 30 };
const PATHS: Readonly<Record<LinkPurpose, string>> = { invitation: '/invitation', password_reset: '/password/reset', setup: '/setup' };

export class OneTimeLink extends WorkspaceModel {
  static override tableName = 'one_time_links';
  declare purpose: LinkPurpose;
  declare user_id: string | null;
  declare token_hash: Buffer;
  declare created_at: Date;
  declare expires_at: Date;
  declare used_at: Date | null;
}

/** Makes a link in place of every unused one of the same purpose and person. The caller puts the act on the record. Returns the address. */
export async function makeLink(app: App, tx: Tx, purpose: LinkPurpose, userId: string): Promise<string> {
  const token = mintOpaqueToken(tx.scope.workspaceId);
  await endLinks(tx, purpose, userId);
  await OneTimeLink.query(tx).insert({ purpose, user_id: userId, token_hash: token.hash, expires_at: expiryOf(purpose, tx.now) });
  return addressOf(app, purpose, token.text);
}

/** The person's unused links of a purpose are over. */
export async function endLinks(tx: Tx, purpose: LinkPurpose, userId: string): Promise<void> {
  await OneTimeLink.query(tx).delete().where({ purpose, user_id: userId }).whereNull('used_at');
}

export function expiryOf(purpose: LinkPurpose, now: number): Date {
  return new Date(now + LINK_LIFE_MINUTES[purpose] * MINUTE_MS);
}

/** In the path's last segment; with `Referrer-Policy: no-referrer` no other site learns it, and nothing logs a URL. */
export function addressOf(app: App, purpose: LinkPurpose, token: string): string {
  return `${app.config.origin}${PATHS[purpose]}/${token}`;
}

export type LiveLink = { readonly id: string; readonly workspaceId: string; readonly userId: string; readonly email: string; readonly name: string; readonly role: string; readonly workspaceName: string; readonly expiresAt: Date };

type Row = { id: string; user_id: string; email: string; name: string; role: string; workspace_name: string; expires_at: Date };

const FIND = `select l.id, l.user_id, u.email, u.name, u.role, w.name as workspace_name, l.expires_at
  from app.one_time_links l join app.users u on u.workspace_id = l.workspace_id and u.id = l.user_id join app.workspaces w on w.workspace_id = l.workspace_id
 where l.workspace_id = :workspaceId and l.token_hash = :hash and l.purpose = :purpose and l.used_at is null and l.expires_at > now() and u.status <> 'disabled' and w.suspended_at is null`;

/** The link an address holds, still unused. @throws Fault link.over for every other one, whatever is wrong with it */
export async function findLink(app: App, origin: Origin, purpose: Exclude<LinkPurpose, 'setup'>, text: unknown): Promise<LiveLink> {
  const token = readOpaqueToken(text);
  if (token === null) throw fault('link.over');
  const row = await app.withWorkspace(scopeBeforeSession(token.workspaceId, origin), async (tx) => {
    const { rows } = (await tx.knex.raw(FIND, { workspaceId: token.workspaceId, hash: token.hash, purpose })) as { rows: Row[] };
    return rows[0];
  }).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'workspace.not_found') return undefined;
    throw error;
  });
  if (row === undefined) throw fault('link.over');
  return { id: row.id, workspaceId: token.workspaceId, userId: row.user_id, email: row.email, name: row.name, role: row.role, workspaceName: row.workspace_name, expiresAt: row.expires_at };
}

/** Spends it; of several requests one wins. @throws Fault link.over */
export async function spendLink(tx: Tx, id: string): Promise<void> {
  const won = await OneTimeLink.query(tx).patch({ used_at: new Date(tx.now) }).where({ id }).whereNull('used_at');
  if (won !== 1) throw fault('link.over');
}

