import { readFileSync } from 'node:fs';
import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { record } from '../audit/record.ts';
import { systemScope, type Scope } from '../db/scope.ts';
import { signAttestation, type SignedAttestation } from './attestation.ts';
import { proveClaims } from './prove-claims.ts';

/** Proves every claim for the scope's workspace and signs the result. Recorded with how many claims came out how. */
export async function attest(app: App, scope: Scope): Promise<SignedAttestation> {
  const workspace = await app.withWorkspace(scope, async (tx) => {
    authorize(tx, 'trust.read');
    return (await tx.knex('app.workspaces').first('workspace_id as id', 'slug')) as { id: string; slug: string };
  });
  const claims = await proveClaims(app, workspace.id);
  const count = (status: string) => claims.filter((one) => one.status === status).length;
  await app.withWorkspace(scope, async (tx) => record(tx, { action: 'trust.attested', detail: { proved: count('proved'), failing: count('failing'), notApplicable: count('not_applicable') } }));
  return signAttestation({ installation: app.installationId, workspace, version: programVersion(), at: new Date().toISOString(), claims }, app.signer);
}

/** For commands, which act as the system. */
export function attestationScope(workspaceId: string): Scope {
  return systemScope(workspaceId, 'attest');
}

export function programVersion(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
