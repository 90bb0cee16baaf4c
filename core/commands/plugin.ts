import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { checkPlugin } from '../conformance/check-plugin.ts';
import { importPlugin } from '../plugins/load-folder.ts';
import { MANIFEST_FILE, signManifest } from '../plugins/manifest.ts';
import { scaffold } from '../plugins/scaffold.ts';
import { EXIT, required, UsageError, type Command } from './command.ts';

export const pluginNew: Command = {
  name: 'plugin new',
  summary: 'begin a plugin: a folder that checks and signs as it is',
  usage: 'plugin new NAME [--in FOLDER]',
  operands: true,
  options: { in: { type: 'string', about: 'where to put the folder (default: here)' } },
  async run({ positionals, values, out }) {
    const [name] = positionals;
    if (name === undefined || positionals.length > 1 || !/^[a-z]+(-[a-z]+)*$/.test(name)) throw new UsageError('A plugin’s name is lower-case words joined by hyphens.');
    const folder = join(typeof values['in'] === 'string' ? values['in'] : '.', name);
    if (existsSync(folder)) throw new UsageError(`${folder} is there already.`);
    const files = scaffold(name);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    out.result({ folder, files: Object.keys(files) }, [`${folder}: ${Object.keys(files).join(', ')}`, `Then: wardkeep plugin check ${folder}`].join('\n'));
    return EXIT.done;
  },
};

export const pluginCheck: Command = {
  name: 'plugin check',
  summary: 'run the conformance kit on a plugin’s folder',
  usage: 'plugin check DIR [--json]',
  operands: true,
  async run({ positionals, out }) {
    const folder = folderOf(positionals);
    const results = await checkPlugin(folder, (line) => out.say(line));
    const failed = results.filter(({ findings }) => findings.length > 0);
    out.result({ ok: failed.length === 0, checks: results }, [
      ...results.flatMap(({ check, findings }) => [`${findings.length === 0 ? 'ok  ' : 'FAIL'} ${check}`, ...findings.map((finding) => `       ${finding}`)]),
      failed.length === 0 ? 'It keeps the contract.' : `${failed.length} of ${results.length} checks failed.`,
    ].join('\n'));
    return failed.length === 0 ? EXIT.done : EXIT.checkFailed;
  },
};

export const pluginSign: Command = {
  name: 'plugin sign',
  summary: 'sign a plugin’s files with a publisher’s key',
  usage: 'plugin sign DIR --publisher NAME --key FILE',
  operands: true,
  options: { publisher: { type: 'string', about: 'the name operators pin the key under' }, key: { type: 'string', about: 'Ed25519 private key, PEM; made if it is not there' } },
  async run(invocation) {
    const folder = folderOf(invocation.positionals);
    const publisher = required(invocation, 'publisher');
    if (!/^[a-z0-9-]{1,32}$/.test(publisher)) throw new UsageError('--publisher takes lower-case letters, digits and hyphens.');
    const key = readOrMakeKey(resolve(required(invocation, 'key')), folder);
    const plugin = await importPlugin(folder, null); // what would not load is not worth signing
    const signed = signManifest(folder, plugin, publisher, key);
    writeFileSync(join(folder, MANIFEST_FILE), `${JSON.stringify(signed, null, 2)}\n`);
    const pin = `${publisher}:${publicKeyOf(key)}`;
    const files = Object.keys(signed.manifest.files).length;
    invocation.out.result({ plugin: plugin.name, version: plugin.version, files, pin }, `${plugin.name} ${plugin.version}: ${files} files signed.\nOperators pin the key with WARDKEEP_PLUGIN_PUBLISHERS=${pin}`);
    return EXIT.done;
  },
};

function folderOf([dir, ...more]: readonly string[]): string {
  if (dir === undefined || more.length > 0) throw new UsageError('Name one folder.');
  if (!existsSync(dir) || !statSync(dir).isDirectory()) throw new UsageError(`${dir} is no folder.`);
  return realpathSync(dir);
}

function readOrMakeKey(file: string, folder: string): KeyObject {
  if (file.startsWith(`${folder}/`)) throw new UsageError(`The key must not lie in ${basename(folder)}: whoever gets the plugin would get the key.`);
  if (!existsSync(file)) writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const key = createPrivateKey(readFileSync(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new UsageError('--key is not an Ed25519 private key.');
  return key;
}

function publicKeyOf(key: KeyObject): string {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x as string, 'base64url').toString('base64');
}
