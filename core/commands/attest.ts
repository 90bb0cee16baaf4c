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
      const failing = claims.filter(({ status }) => status === 'failing').length;
      invocation.out.result(signed, [...claims.map(({ id, status, title, summary }) => `${MARK[status]} ${id.padEnd(8)} ${title}: ${summary}`), '', `${claims.length - failing} of ${claims.length} claims hold; signed by key ${signed.keyId}.`].join('\n'));
      return failing === 0 ? EXIT.done : EXIT.checkFailed;
    });
  },
};
