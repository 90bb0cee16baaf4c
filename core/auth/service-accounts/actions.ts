import { authorize, can } from '../../access/authorize.ts';
import { isCapability } from '../../access/capabilities.ts';
import { record } from '../../audit/record.ts';
import type { Role, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { mintAccessToken } from './access-token.ts';
import { ServiceAccount } from './model.ts';

export const LIFE_DAYS_MAX = 365;
const DAY_MS = 24 * 60 * 60_000;

export type NewServiceAccount = { readonly name: string; readonly role: Role; readonly scopes: readonly string[]; readonly days: number };

/**
 * Makes a service account. Its token is in the answer and nowhere else. Every scope must be one that the role has: a scope narrows a role,
 * it never widens it.
 * @throws Fault request.invalid
 */
export async function createServiceAccount(tx: Tx, input: NewServiceAccount): Promise<{ id: string; token: string }> {
  authorize(tx, 'service_account.manage');
  const scopes = [...new Set(input.scopes)].sort();
  const held = { kind: 'agent', id: null, name: null, role: input.role, designations: [], scopes: null, sessionId: null, assuredAt: 0 } as const;
  if (scopes.length === 0) throw fault('request.invalid', { fields: [{ path: 'scopes', text: 'Choose at least one scope.' }] });
  if (!scopes.every((scope) => isCapability(scope) && can(held, scope))) throw fault('request.invalid', { fields: [{ path: 'scopes', text: 'The chosen role does not have all of these.' }] });
  if (!Number.isInteger(input.days) || input.days < 1 || input.days > LIFE_DAYS_MAX) throw fault('request.invalid', { fields: [{ path: 'days', text: `Choose 1 to ${LIFE_DAYS_MAX} days.` }] });
  const token = mintAccessToken(tx.scope.workspaceId);
  const account = await ServiceAccount.query(tx).insert({
    name: input.name, role: input.role, scopes, token_prefix: token.shown, token_hash: token.hash, created_by: tx.scope.actor.id, expires_at: new Date(tx.now + input.days * DAY_MS),
  });
  record(tx, { action: 'service_account.created', target: { type: 'service_account', id: account.id }, detail: { role: input.role, scopes, days: input.days } });
  return { id: account.id, token: token.text };
}

/** A new token in place of the old one, which stops at once; the account's end moves `days` from now. @throws Fault service_account.not_found */
export async function rotateServiceAccount(tx: Tx, id: string, days: number): Promise<{ name: string; token: string }> {
  authorize(tx, 'service_account.manage', { type: 'service_account', id });
  const token = mintAccessToken(tx.scope.workspaceId);
  const account = await findLive(tx, id);
  await ServiceAccount.query(tx).patch({ token_prefix: token.shown, token_hash: token.hash, expires_at: new Date(tx.now + days * DAY_MS) }).where({ id });
  record(tx, { action: 'service_account.rotated', target: { type: 'service_account', id }, detail: { days } });
  return { name: account.name, token: token.text };
}

/** @throws Fault service_account.not_found */
export async function revokeServiceAccount(tx: Tx, id: string): Promise<void> {
  authorize(tx, 'service_account.manage', { type: 'service_account', id });
  await findLive(tx, id);
  await ServiceAccount.query(tx).patch({ revoked_at: new Date(tx.now) }).where({ id });
  record(tx, { action: 'service_account.revoked', target: { type: 'service_account', id } });
}

export async function listServiceAccounts(tx: Tx): Promise<ServiceAccount[]> {
  authorize(tx, 'service_account.read');
  return ServiceAccount.query(tx).whereNull('revoked_at').orderBy('created_at', 'desc');
}

async function findLive(tx: Tx, id: string): Promise<ServiceAccount> {
  const account = await ServiceAccount.query(tx).findById(id).whereNull('revoked_at');
  if (account === undefined) throw fault('service_account.not_found');
  return account;
}
