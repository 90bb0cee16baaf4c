import { boot } from '../boot.ts';
import { readConfig } from '../config.ts';
import { systemScope } from '../db/scope.ts';
import { addOutcome, candidatesOf, emptyReport, importCandidates, listFiles, type Candidate } from '../practice/documents/import-files.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, UsageError, type Command } from './command.ts';

export const importCcda: Command = {
  name: 'import ccda',
  summary: 'import C-CDA documents: files, folders, ZIP archives',
  usage: 'import ccda PATH… --workspace SLUG [--json]',
  options: { workspace: { type: 'string', about: 'slug of the workspace' } },
  async run(invocation) {
    const slug = required(invocation, 'workspace');
    if (invocation.positionals.length === 0) throw new UsageError('Name at least one file or folder.');
    const { app, close } = await boot({ ...readConfig('production'), logLevel: 'warn' });
    try {
      const workspace = await findWorkspace(app, slug);
      const report = emptyReport();
      await importCandidates(app, systemScope(workspace.id, 'wardkeep import ccda'), everything(invocation.positionals), (outcome) => {
        addOutcome(report, outcome);
        invocation.out.say(outcome.status === 'refused' ? `refused   ${outcome.file}: ${outcome.reason}` : `${outcome.contact.padEnd(9)} ${outcome.file}`);
      });
      const { created, matched, pending } = report.contacts;
      invocation.out.result(report, `${report.files} files: ${report.imported} imported (${created} new contacts, ${matched} matched, ${pending} waiting for a person, ${report.unchanged} already here), ${report.refused.length} refused.`);
      return report.refused.length > 0 ? EXIT.inputRefused : EXIT.done;
    } finally {
      await close();
    }
  },
};

async function* everything(paths: readonly string[]): AsyncIterable<Candidate> {
  for await (const path of listFiles(paths)) yield* candidatesOf(path);
}
