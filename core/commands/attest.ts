import { attest, attestationScope } from '../trust/attest.ts';
import type { ProvenClaim } from '../trust/prove-claims.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, type Command } from './command.ts';
import { withApp } from './with-app.ts';

const MARK = { proved: 'proved ', failing: 'FAILING', not_applicable: 'n/a    ' } as const;

/** `24 proved, 1 failing, 2 not applicable`. */
export function countsOf(claims: readonly Pick<ProvenClaim, 'status'>[]): string {
  const count = (of: ProvenClaim['status']) => claims.filter(({ status }) => status === of).length;
  return `${count('proved')} proved, ${count('failing')} failing, ${count('not_applicable')} not applicable`;
}

export const attestCommand: Command = {
  name: 'attest',
  summary: 'prove every claim of the trust page, now, and sign the result',
  usage: 'attest --workspace SLUG [--json]',
  options: { workspace: { type: 'string', about: 'slug of the workspace' } },
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    return withApp(async (app) => {
      const signed = await attest(app, attestationScope((await findWorkspace(app, slug)).id));
      const { claims } = signed.attestation;
      invocation.out.result(signed, [...claims.map(({ id, status, title, summary }) => `${MARK[status]} ${id.padEnd(8)} ${title}: ${summary}`), '', `${countsOf(claims)}; signed by key ${signed.keyId}.`].join('\n'));
      return claims.some(({ status }) => status === 'failing') ? EXIT.checkFailed : EXIT.done;
    });
  },
};
