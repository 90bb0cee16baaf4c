import { existsSync, statSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readHeader, type BackupHeader } from '../backup/backup-file.ts';
import type { KeptHead } from '../backup/contents.ts';
import { endWaysIn } from '../backup/end-ways-in.ts';
import { fileNameAt, makeBackup, recordEverywhere } from '../backup/make-backup.ts';
import { holds, proveCopy, type ProvedLog } from '../backup/prove-copy.ts';
import { unpackBackup } from '../backup/unpack-backup.ts';
import { boot, withRootKeys } from '../boot.ts';
import { ConfigError, readConfig, type Config } from '../config.ts';
import { localRootKeys } from '../crypto/root-keys.ts';
import { makeDataFolder } from '../data-folder.ts';
import { asideIn } from '../db/aside.ts';
import { clearAbandoned, startEmbedded } from '../db/embedded.ts';
import { bundledVersion } from '../db/postgres-binaries.ts';
import { programVersion } from '../trust/attest.ts';
import { EXIT, required, UsageError, type Command, type Invocation, type Output } from './command.ts';
import { interruptible, signalOf } from './interruptible.ts';

export const backup: Command = {
  name: 'backup',
  summary: 'back the whole installation up into one sealed file, while it runs',
  usage: 'backup --out FILE|FOLDER [--check]',
  options: {
    out: { type: 'string', about: 'the file, or a folder for one named by the time; it appears when it is complete, readable by you only' },
    check: { type: 'boolean', about: 'afterwards restore it aside and prove the copy, as `backup check` does' },
  },
  async run(invocation) {
    const file = await outFile(required(invocation, 'out'));
    const config = await bundledOnly();
    const { out } = invocation;
    const made = await interruptible(async (interrupted) => {
      const embedded = await startEmbedded(config.dataDir);
      try {
        const { app, close } = await boot(config, { migrates: false });
        try {
          out.say('Backing up …');
          return await makeBackup(app, { superuserUrl: embedded.superuserUrl, program: programVersion(), postgres: await bundledVersion() }, file, signalOf(interrupted));
        } finally {
          await close();
        }
      } finally {
        await embedded.stop();
      }
    });
    const unsound = made.logs.filter(({ isSound }) => !isSound).map(({ name }) => name);
    const proved = invocation.values['check'] === true ? await check(config, file, out) : null;
    out.result({ id: made.id, file, bytes: made.bytes, sha256: made.sha256, unsound, ...(proved === null ? {} : { proved }) }, [
      `${file}: ${megabytes(made.bytes)}, SHA-256 ${made.sha256}`,
      ...unsound.map((name) => `The audit log of ${name} does not verify; it was backed up as it is.`),
      ...(proved === null ? [`It opens with the root key, which is not in it. Prove that it can be restored: wardkeep backup check ${file}`] : told(proved)),
    ].join('\n'));
    return unsound.length === 0 && (proved ?? []).every(holds) ? EXIT.done : EXIT.checkFailed;
  },
};

export const backupCheck: Command = {
  name: 'backup check',
  summary: 'restore a backup aside, prove the copy as the trust page would, and remove it',
  usage: 'backup check FILE',
  operands: true,
  async run(invocation) {
    const file = oneFile(invocation);
    const config = await bundledOnly();
    const proved = await check(config, file, invocation.out);
    invocation.out.result({ file, proved }, told(proved).join('\n'));
    return proved.every(holds) ? EXIT.done : EXIT.checkFailed;
  },
};

export const restore: Command = {
  name: 'restore',
  summary: 'put a backup into an empty data folder, prove it, and end the sessions of its time',
  usage: 'restore FILE',
  operands: true,
  async run(invocation) {
    const file = oneFile(invocation);
    const { out } = invocation;
    const given = readConfig('production');
    await makeDataFolder(given.dataDir);
    const config = await bundledOnly();
    const { id, at } = await readHeader(file);
    const { proved, ended } = await interruptible(async (interrupted) => {
      out.say(`Restoring the backup of ${at} …`);
      await clearAbandoned(config.dataDir);
      const { logs } = await unpackBackup(localRootKeys(config.rootKeys), file, config.dataDir, { isSynced: true, signal: signalOf(interrupted) });
      const { app, close } = await boot(config);
      try {
        // Proved as it came out of the file; what is recorded here comes behind.
        const outcome = await Promise.race([proveCopy(app, logs, out.say), interrupted]);
        return { proved: outcome, ended: await endWaysIn(app, logs, id, at) };
      } finally {
        await close();
      }
    });
    out.result({ id, at, dataDir: config.dataDir, proved, sessionsEnded: ended }, [
      ...told(proved), `The installation of ${at} is in ${config.dataDir}; ${ended} sessions of that time were ended.`,
      'What was done since is not in it: service accounts and people that were shut out after it must be shut out again.',
    ].join('\n'));
    return proved.every(holds) ? EXIT.done : EXIT.checkFailed;
  },
};

/** In a folder of its own beside the database, on a PostgreSQL of its own, with nothing that leaves the house. */
async function check(config: Config, file: string, out: Output): Promise<ProvedLog[]> {
  return interruptible(async (interrupted) => {
    const header = await readHeader(file);
    await makeDataFolder(config.dataDir);
    await clearAbandoned(config.dataDir);
    const folder = asideIn(config.dataDir);
    try {
      await makeDataFolder(folder);
      out.say('Restoring it aside …');
      const { logs } = await unpackBackup(localRootKeys(config.rootKeys), file, folder, { isSynced: false, signal: signalOf(interrupted) });
      const copy = await boot({ ...config, dataDir: folder, smtp: null, logLevel: 'silent' });
      const proved = await Promise.race([proveCopy(copy.app, logs, out.say), interrupted]).finally(() => copy.close());
      await recordProof(config, header, logs, proved);
      return proved;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** On the record of the installation that it is a backup of, where that is the one in the data folder. */
async function recordProof(config: Config, { id, installation }: BackupHeader, logs: readonly KeptHead[], proved: readonly ProvedLog[]): Promise<void> {
  if (!existsSync(join(config.dataDir, 'postgres'))) return;
  const { app, close } = await boot(config, { migrates: false });
  try {
    const failing = proved.filter((log) => !holds(log)).length;
    if (app.installationId === installation) await recordEverywhere(app, logs, { action: 'backup.proved', outcome: failing === 0 ? 'ok' : 'failed', backup: id, detail: { failing } });
  } finally {
    await close();
  }
}

async function bundledOnly(): Promise<Config> {
  const config = readConfig('production');
  if (config.database !== null) throw new ConfigError(['the database is a PostgreSQL of your own: back it up and restore it with its own means (docs/backup.md), and keep the root keys apart from it']);
  return withRootKeys({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel });
}

async function outFile(given: string): Promise<string> {
  const isFolder = await stat(given).then((found) => found.isDirectory(), () => false);
  const file = isFolder ? join(given, fileNameAt(new Date())) : given;
  if (!existsSync(dirname(resolve(file)))) throw new UsageError('The folder of --out is not there.');
  if (existsSync(file)) throw new UsageError(`${basename(file)} is there already; a backup is never written over another.`);
  return resolve(file);
}

function oneFile({ positionals }: Invocation): string {
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('Name one backup file.');
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError('There is no such file.');
  if (!found.isFile()) throw new UsageError(`${basename(file)} is no file.`);
  return resolve(file);
}

function told(proved: readonly ProvedLog[]): string[] {
  return proved.map(({ workspace, entries, fault, proved: held, failing }) => [
    `${workspace}: ${fault === null ? `${entries} of ${entries} audit entries verified` : `the audit log does not hold (${fault})`}`,
    ...(held + failing.length === 0 ? [] : [`${held} claims proved${failing.length === 0 ? '' : `, FAILING: ${failing.join(', ')}`}`]),
  ].join('; '));
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
