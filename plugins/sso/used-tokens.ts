import { createHash } from 'node:crypto';
import { uuidv7 } from '../../core/plugin.ts';
import type { PluginDeps, Scope } from '../../core/plugin.ts';
import type { AssertionStore } from './saml/settings.ts';

/**
 * One winner over all processes: the unique index decides. In a transaction of its own, so that an assertion is spent even when what follows
 * fails; a person then signs in again.
 */
export const usedTokens = (deps: Pick<PluginDeps, 'withWorkspace'>, scope: Scope): AssertionStore => ({
  useOnce: (issuer, tokenId, until) =>
    deps.withWorkspace(scope, async (tx) => {
      await tx.knex('app.sso_used_tokens').where('expires_at', '<', new Date(tx.now)).delete();
      const row = { workspace_id: scope.workspaceId, id: uuidv7(tx.now), issuer, token_hash: createHash('sha256').update(tokenId).digest(), expires_at: until };
      return (await tx.knex('app.sso_used_tokens').insert(row).onConflict(['workspace_id', 'issuer', 'token_hash']).ignore().returning('id')).length === 1;
    }),
});
