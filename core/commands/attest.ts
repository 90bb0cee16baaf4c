import { attest, attestationScope } from '../trust/attest.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, type Command } from './command.ts';
import { withApp } from './with-app.ts';

const MARK = { proved: 'proved ', failing: 'FAILING', not_applicable: 'n/a    ' } as const;

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
      const count = (status: keyof typeof MARK) => claims.filter((claim) => claim.status === status).length;
      const failing = count('failing');
      invocation.out.result(signed, [...claims.map(({ id, status, title, summary }) => `${MARK[status]} ${id.padEnd(8)} ${title}: ${summary}`), '', `${count('proved')} proved, ${failing} failing, ${count('not_applicable')} not applicable; signed by key ${signed.keyId}.`].join('\n'));
      return failing === 0 ? EXIT.done : EXIT.checkFailed;
    });
  },
};
