import { BackupFileError } from './backup/backup-file.ts';
import { ConfigError } from './config.ts';
import { RootKeyFileError } from './crypto/root-key-file.ts';
import { MissingRootKeyError, WrongRootKeyError } from './crypto/root-keys.ts';
import { EXIT, helpFor, overview, readInvocation, UsageError, type Command } from './commands/command.ts';
import { backup, backupCheck, restore } from './commands/backup.ts';
import { demo } from './commands/demo.ts';
import { auditExport } from './commands/audit-export.ts';
import { attestCommand } from './commands/attest.ts';
import { attestVerify } from './commands/attest-verify.ts';
import { auditVerify } from './commands/audit.ts';
import { importCcda, importCsvCommand } from './commands/import.ts';
import { userCreate, userList, workspaceCreate, workspaceList, workspaceReactivate, workspaceSuspend } from './commands/people.ts';
import { doctor } from './commands/doctor.ts';
import { keysInit, keysRenewRoot, keysRotate, keysStatus } from './commands/keys.ts';
import { keysRotateSigning } from './commands/keys-rotate-signing.ts';
import { migrateCommand } from './commands/migrate.ts';
import { pluginCheck, pluginNew, pluginSign } from './commands/plugin.ts';
import { workspacePlan } from './commands/workspace-plan.ts';
import { serve } from './commands/serve.ts';
import { sqlstateOf } from './db/database-error.ts';
import { Fault } from './errors.ts';
import { useFirstParty } from './plugins/first-party.ts';
import { PluginError } from './plugins/plugin-error.ts';
import type { Plugin } from './plugin.ts';
import * as plugins from '../plugins/list.ts';

/** The program: one command line, a table of commands, exit codes that scripts can rely on. */
export const COMMANDS: readonly Command[] = [serve, demo, migrateCommand, doctor, attestCommand, attestVerify, keysInit, keysRenewRoot, keysStatus, keysRotate, keysRotateSigning, importCcda, importCsvCommand, auditExport, auditVerify, backup, backupCheck, restore, userCreate, userList, workspaceCreate, workspaceList, workspaceSuspend, workspaceReactivate, workspacePlan, pluginNew, pluginCheck, pluginSign];

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0 || words[0] === '--help' || words[0] === '-h' || words[0] === 'help') {
    process.stdout.write(overview(COMMANDS));
    return words.length === 0 ? EXIT.usage : EXIT.done;
  }
  const group = groupNamed(words);
  if (group !== null) {
    process.stdout.write(overview(group));
    return words.length === 1 ? EXIT.usage : EXIT.done;
  }
  const { command, invocation, json, help } = readInvocation(COMMANDS, words);
  if (help) {
    process.stdout.write(helpFor(command));
    return EXIT.done;
  }
  return command.run({
    ...invocation,
    out: {
      say: (line) => void (json || process.stdout.write(`${line}\n`)),
      result: (value, text) => void process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`),
    },
  });
}

/** `keys`, which is no command but the first word of some, alone or with --help. */
function groupNamed([first, ...rest]: readonly string[]): readonly Command[] | null {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  return group.length > 0 && !COMMANDS.some(({ name }) => name === first) && rest.every((word) => word === '--help' || word === '-h') ? group : null;
}

/** A table or column that is not there: the schema is of an older version, or of none. */
const NOT_THERE = new Set(['42P01', '42703']);

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nRun \`wardkeep --help\` for the commands.\n`);
    return EXIT.usage;
  }
  if (error instanceof ConfigError || error instanceof MissingRootKeyError || error instanceof WrongRootKeyError || error instanceof RootKeyFileError || error instanceof PluginError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.config;
  }
  if (error instanceof BackupFileError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.inputRefused;
  }
  if (error instanceof Fault) {
    process.stderr.write(`${error.message} (${error.code})\n${error.fields.map(({ path, text }) => `  - ${path}: ${text}\n`).join('')}`);
    return error.status >= 500 ? EXIT.checkFailed : EXIT.inputRefused;
  }
  const sqlstate = sqlstateOf(error);
  if (sqlstate !== null && NOT_THERE.has(sqlstate)) {
    process.stderr.write('The database has not been migrated for this version. Run `npx wardkeep migrate`, with the owner\'s URL where the PostgreSQL is your own.\n');
    return EXIT.config;
  }
  if (sqlstate !== null) {
    process.stderr.write(`The database refused (SQLSTATE ${sqlstate}, see PostgreSQL's list of error codes). Its own message is left out, as it may quote what a row holds.\n`);
    return EXIT.checkFailed;
  }
  // Our own sentences (a port in use, a database that does not answer) are meant for people; a stack is not.
  process.stderr.write(`${error instanceof Error ? error.message : 'The program failed.'}\n`);
  return EXIT.checkFailed;
}

useFirstParty(Object.values<Plugin>(plugins));
process.exitCode = await main(process.argv.slice(2)).catch(explain);
