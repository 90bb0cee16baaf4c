import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { rootKeyFile } from '../boot.ts';
import { readConfig, type Config } from '../config.ts';
import { makeDataFolder } from '../data-folder.ts';
import { createRootKeyFile } from '../crypto/root-key-file.ts';
import { systemScope } from '../db/scope.ts';
import { addRootKey } from '../keys/add-root-key.ts';
import { keyStatus } from '../keys/key-status.ts';
import { retireKey } from '../keys/retire-key.ts';
import { rewrapKeys } from '../keys/rewrap-keys.ts';
import { rotateDataKey, rotateIndexKey } from '../keys/rotate-key.ts';
import { takeOutRootKey } from '../keys/take-out-root-key.ts';
import { findWorkspace } from '../workspaces/find-workspace.ts';
import { EXIT, required, UsageError, type Command } from './command.ts';
import { withApp } from './with-app.ts';

export const keysInit: Command = {
  name: 'keys init',
  summary: 'make a root key file (the key that wraps all others)',
  usage: 'keys init [--out FILE]',
  options: { out: { type: 'string', about: 'where to write it (default: root.key in the data folder)' } },
  async run({ values, out }) {
    const file = typeof values['out'] === 'string' ? values['out'] : await ownRootKeyFile(readConfig('production'));
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const { id, fingerprint } = await createRootKeyFile(file);
    out.result({ file, id, fingerprint }, [
      `Root key ${id} is in ${file} (readable by you only). SHA-256 fingerprint: ${fingerprint}`,
      'Whoever holds this file and a copy of the database can read every patient; whoever loses it can read none.',
      'Put a copy into your key escrow now, and keep it out of the backups of the data folder.',
    ].join('\n'));
    return EXIT.done;
  },
};

/** A key is not laid where others may look. */
async function ownRootKeyFile(config: Config): Promise<string> {
  if (config.rootKeysFile === null) await makeDataFolder(config.dataDir);
  return rootKeyFile(config);
}

export const keysRenewRoot: Command = {
  name: 'keys renew-root',
  summary: 'put a new root key in front of those in the file, or take an old one out',
  usage: 'keys renew-root [--file FILE] [--remove ID]',
  options: { file: { type: 'string', about: 'root key file (default: root.key in the data folder)' }, remove: { type: 'string', about: 'take out this old key; refused while it still wraps anything' } },
  async run({ values, out }) {
    const file = typeof values['file'] === 'string' ? values['file'] : rootKeyFile(readConfig('production'));
    const old = values['remove'];
    if (typeof old === 'string') {
      await withApp((app) => takeOutRootKey(app, file, old));
      out.result({ file, removed: old }, `Root key ${old} is out of ${file}. Keep its escrow copy as long as backups from its time exist.`);
      return EXIT.done;
    }
    const { id, fingerprint } = await withApp((app) => addRootKey(app, file));
    out.result({ file, id, fingerprint }, `Root key ${id} is first in ${file} (SHA-256 ${fingerprint}). Put it into your escrow, restart every program, then run \`wardkeep keys rotate --root\`.`);
    return EXIT.done;
  },
};

export const keysStatus: Command = {
  name: 'keys status',
  summary: 'every key version, what it has sealed, and what wraps it',
  usage: 'keys status [--workspace SLUG] [--json]',
  options: { workspace: { type: 'string', about: 'only this one' } },
  run: ({ values, out }) => withApp(async (app) => {
    const slug = values['workspace'];
    const status = await keyStatus(app, typeof slug === 'string' ? (await findWorkspace(app, slug)).id : undefined);
    const lines = [
      ...status.rootKeys.map(({ id, isCurrent, wraps }) => `root key ${id}${isCurrent ? ' (wraps)' : ''}: ${wraps} keys and secrets under it`),
      ...status.workspaces.flatMap(({ slug: name, keys }) => keys.map((key) => `${name.padEnd(20)} ${key.kind.padEnd(6)} v${key.version} ${key.status.padEnd(8)} ${String(key.values).padStart(8)} values${key.kind === 'data' ? `, at most ${key.encryptions} encryptions` : ''}${key.warning === null ? '' : `  ${key.warning}`}`)),
    ];
    out.result(status, lines.join('\n'));
    return status.unknownRootKeys.length > 0 || status.workspaces.some(({ keys }) => keys.some(({ warning }) => warning !== null)) ? EXIT.checkFailed : EXIT.done;
  }),
};

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 're-encrypt a workspace under a new key while it is in use',
  usage: 'keys rotate --workspace SLUG [--kind data|index] [--retire VERSION] · keys rotate --root',
  options: {
    workspace: { type: 'string', about: 'slug of the workspace' }, kind: { type: 'string', about: 'data (default) or index' },
    retire: { type: 'string', about: 'instead: retire this old version, once nothing is left under it' }, root: { type: 'boolean', about: 're-wrap every key and secret by the first root key' },
  },
  async run(invocation) {
    const { values, out } = invocation;
    if (values['root'] === true) {
      return withApp(async (app) => {
        const report = await rewrapKeys(app);
        out.result(report, `${report.keys} workspace keys and ${report.secrets} secrets are now wrapped by root key ${report.rootKey}.`);
        return EXIT.done;
      });
    }
    const slug = required(invocation, 'workspace');
    const kind = values['kind'] ?? 'data';
    if (kind !== 'data' && kind !== 'index') throw new UsageError('--kind is data or index.');
    const retire = values['retire'] === undefined ? null : Number(values['retire']);
    if (retire !== null && !Number.isInteger(retire)) throw new UsageError('--retire takes a version number.');
    return withApp(async (app) => {
      const scope = systemScope((await findWorkspace(app, slug)).id, 'wardkeep keys rotate');
      if (retire !== null) {
        await retireKey(app, scope, { kind, version: retire });
        out.result({ kind, retired: retire }, `${kind} key v${retire} of ${slug} is retired.`);
        return EXIT.done;
      }
      const rotate = kind === 'data' ? rotateDataKey : rotateIndexKey;
      const report = await rotate(app, scope, { onProgress: ({ table, rows }) => out.say(`${table}: ${rows} rows`) });
      out.result(report, `${slug}: ${kind} key v${report.version}; ${report.rows} rows rewritten, ${report.left} left under older versions${report.stuck.length > 0 ? `, ${report.stuck.length} do not open` : ''}.${report.left > report.stuck.length ? ' Some were written meanwhile: run it again.' : ''}`);
      return report.left === 0 ? EXIT.done : EXIT.checkFailed;
    });
  },
};
