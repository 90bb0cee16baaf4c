import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot, rootKeyFile } from '../boot.ts';
import { ConfigError, readConfig, type Config } from '../config.ts';
import { createRootKeyFile } from '../crypto/root-key-file.ts';
import { makeDataFolder } from '../data-folder.ts';
import { writeDemoFacts, type DemoFacts } from '../demo/demo-facts.ts';
import { createLog } from '../log.ts';
import { serve as listen, untilAskedToStop, type Ending } from '../serve.ts';
import { EXIT, type Command, type Output } from './command.ts';
import { makeDemo, startMakingDemo } from './make-demo.ts';

export const demo: Command = {
  name: 'demo',
  summary: 'run with two invented practices (willow, harbor) in the data folder',
  usage: 'demo [--make]',
  options: { make: { type: 'boolean', about: 'make the practices and end, without serving them' } },
  async run({ out, values }) {
    const given = { ...readConfig('demo'), database: null };
    const config = { ...given, logLevel: given.logLevel === 'info' ? ('warn' as const) : given.logLevel };
    const factsFile = join(config.dataDir, 'demo.json');
    // Written last when a demo is made: a database without it is a real installation's, or a demo that was cut short.
    if (existsSync(join(config.dataDir, 'postgres')) && !existsSync(factsFile)) {
      throw new ConfigError([`${config.dataDir} holds a database that is no finished demo. Set WARDKEEP_DATA_DIR to another folder, or delete that one if it holds nothing you need.`]);
    }
    if (values['make'] === true) {
      if (!existsSync(factsFile)) await makeDemo(await prepare(config));
      return EXIT.done;
    }
    await prepare(config);
    const asked = untilAskedToStop(createLog(config.logLevel)); // from here on: a signal while the database is starting must not leave it running alone
    if (!existsSync(factsFile)) {
      out.say('Making two practices with 200 invented patients each …');
      const making = startMakingDemo();
      const made = await Promise.race([making.ended, asked]);
      if (typeof made === 'number' && made !== EXIT.done) return made;
      await making.stop();
      if (typeof made !== 'number') return said(out, made);
    }
    return serveDemo(config, out, asked, factsFile);
  },
};

async function prepare(config: Config): Promise<Config> {
  await makeDataFolder(config.dataDir);
  if (config.rootKeys.length === 0 && !existsSync(rootKeyFile(config))) await createRootKeyFile(rootKeyFile(config));
  return config;
}

async function serveDemo(config: Config, out: Output, asked: Promise<Ending>, factsFile: string): Promise<number> {
  const booted = await boot(config);
  try {
    const { workspaces } = JSON.parse(readFileSync(factsFile, 'utf8')) as DemoFacts;
    const serving = await listen(booted.app, booted.urls.jobsUrl, booted.host);
    try {
      const facts: DemoFacts = { url: serving.url, caFile: serving.caFile, postgres: { appUrl: booted.urls.appUrl }, workspaces };
      await writeDemoFacts(config.dataDir, facts);
      out.result(facts, signInTable(facts, factsFile));
      return said(out, await Promise.race([asked, booted.databaseGone]));
    } finally {
      await serving.stop();
    }
  } finally {
    await booted.close();
  }
}

function said(out: Output, ending: Ending): number {
  out.say('Stopping.');
  return ending === 'failed' ? EXIT.checkFailed : EXIT.done;
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
