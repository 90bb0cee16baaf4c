import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { verifyStored, type Verification } from '../audit/verify-stored.ts';
import type { Scope } from '../db/scope.ts';

/** "Verify now" on the audit page and in the API: since the last checkpoint, or the whole log. */
export async function verifyNow(app: App, scope: Scope, options: { readonly whole: boolean }): Promise<Verification> {
  await app.withWorkspace(scope, async (tx) => authorize(tx, 'audit.verify'));
  return verifyStored(app, scope, options.whole ? 'whole' : 'since-checkpoint');
}
