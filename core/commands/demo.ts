import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot, rootKeyFile } from '../boot.ts';
import { readConfig } from '../config.ts';
import { makeDataFolder } from '../data-folder.ts';
import { createRootKeyFile } from '../crypto/root-key-file.ts';
import { writeDemoFacts, type DemoFacts } from '../demo/demo-facts.ts';
import { systemScope } from '../db/scope.ts';
import { createLog } from '../log.ts';
import type { App } from '../app.ts';
import { grantPlan } from '../plugins/entitlements.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { serve as listen, untilAskedToStop } from '../serve.ts';
import { EXIT, type Command } from './command.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'run with two invented practices (willow, harbor) in the data folder',
  usage: 'demo',
  async run({ out }) {
    const config = { ...readConfig('demo'), database: null };
    const factsFile = join(config.dataDir, 'demo.json');
    // Written last when a demo is made: a database without it is a real installation's, or a demo that was cut short.
    if (existsSync(join(config.dataDir, 'postgres')) && !existsSync(factsFile)) {
      throw new Error(`${config.dataDir} holds a database that is no finished demo. Set WARDKEEP_DATA_DIR to another folder, or delete that one if it holds nothing you need.`);
    }
    await makeDataFolder(config.dataDir);
    if (config.rootKeys.length === 0 && !existsSync(rootKeyFile(config))) await createRootKeyFile(rootKeyFile(config));
    const logLevel = config.logLevel === 'info' ? 'warn' : config.logLevel;
    const asked = untilAskedToStop(createLog(logLevel)); // from here on: a signal while the database is starting must not leave it running alone
    const booted = await boot({ ...config, logLevel });
    try {
      const before = existsSync(factsFile) ? (JSON.parse(readFileSync(factsFile, 'utf8')) as DemoFacts) : null;
      if (before === null) out.say('Making two practices with 200 invented patients each …');
      const workspaces = before?.workspaces ?? (await (await import('../demo/set-up-demo.ts')).setUpDemo(booted.app, new Date().toISOString().slice(0, 10)));
      if (before === null) await grantEveryPlugin(booted.app, workspaces);
      const serving = await listen(booted.app, booted.urls.jobsUrl, booted.host);
      try {
        const facts: DemoFacts = { url: serving.url, caFile: serving.caFile, postgres: { appUrl: booted.urls.appUrl }, workspaces };
        await writeDemoFacts(config.dataDir, facts);
        out.result(facts, signInTable(facts, factsFile));
        const ending = await asked;
        out.say('Stopping.');
        return ending === 'failed' ? EXIT.checkFailed : EXIT.done;
      } finally {
        await serving.stop();
      }
    } finally {
      await booted.close();
    }
  },
};

/** The demo shows everything: whoever tries it may switch on what they like. */
async function grantEveryPlugin(app: App, workspaces: DemoFacts['workspaces']): Promise<void> {
  for (const { slug } of workspaces) {
    const { id } = await findWorkspace(app, slug);
    await app.withWorkspace(systemScope(id, 'demo'), (tx) => grantPlan(tx, { tier: 'enterprise', endsAt: null }));
  }
}

function signInTable({ url, caFile, workspaces }: DemoFacts, file: string): string {
  const rows = workspaces.flatMap(({ slug, users }) => users.map(({ email, role, designations, password, totpSecret }) => [slug, [role, ...designations].join(' + '), email, password, totpSecret]));
  const head = ['workspace', 'role', 'e-mail', 'password', 'authenticator secret'];
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] as string).length)));
  const line = (cells: readonly string[]) => cells.map((cell, at) => cell.padEnd(widths[at] as number)).join('  ');
  return [
    '', line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line), '',
    `Wardkeep answers on ${url}`, ...(caFile === null ? [] : [`Certificate authority for your browser: ${caFile}`]),
    `The same, with service account tokens: ${file}`, 'Ctrl-C stops everything; running it again continues where it was.', '',
  ].join('\n');
}
