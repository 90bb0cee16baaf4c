import { createHash, randomBytes } from 'node:crypto';
import { authorize, fault, record } from '../../../core/plugin.ts';
import type { Tx } from '../../../core/plugin.ts';
import { ScimToken } from './models.ts';

const PREFIX = 'wkscim_';
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

export type TokenView = { readonly id: string; readonly made: Date; readonly used: Date | null };

export async function listScimTokens(tx: Tx): Promise<TokenView[]> {
  return (await ScimToken.query(tx).orderBy('made_at')).map((row) => ({ id: row.id, made: row.made_at, used: row.used_at }));
}

/** 256 random bits behind a prefix that secret scanners find; resolves to the text, which is nowhere else. */
export async function makeScimToken(tx: Tx): Promise<string> {
  authorize(tx, 'sso.scim.manage', { type: 'plugin', id: 'sso' });
  const token = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const row = await ScimToken.query(tx).insert({ token_hash: hashOf(token) });
  record(tx, { action: 'sso.scim_token.made', target: { type: 'sso_scim_token', id: row.id } });
  return token;
}

/** @throws Fault sso.scim_token.not_found */
export async function revokeScimToken(tx: Tx, id: string): Promise<void> {
  authorize(tx, 'sso.scim.manage', { type: 'sso_scim_token', id });
  if ((await ScimToken.query(tx).deleteById(id)) !== 1) throw fault('sso.scim_token.not_found');
  record(tx, { action: 'sso.scim_token.revoked', target: { type: 'sso_scim_token', id } });
}

/** Whether the header carries a live token of this workspace. Found by its hash, so nothing is compared byte by byte. */
export async function isScimClient(tx: Tx, authorization: unknown): Promise<boolean> {
  const [, token] = /^Bearer (wkscim_[\w-]{43})$/i.exec(String(authorization ?? '')) ?? [];
  if (token === undefined) return false;
  return (await ScimToken.query(tx).patch({ used_at: new Date(tx.now) }).where({ token_hash: hashOf(token) })) === 1;
}
