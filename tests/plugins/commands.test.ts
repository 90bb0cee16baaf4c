import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Command } from '../../core/commands/command.ts';
import { pluginNew, pluginSign } from '../../core/commands/plugin.ts';
import { readConfig } from '../../core/config.ts';
import { loadFolder } from '../../core/plugins/load-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'wardkeep-commands-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

/** What a command answers under --json, and its exit code. */
async function call(command: Command, positionals: string[], values: Record<string, string> = {}): Promise<{ code: number; result: { pin?: string } }> {
  let result = {};
  const code = await command.run({ positionals, values, out: { say: () => undefined, result: (value) => { result = value as object; } } });
  return { code, result };
}

t.test('new, sign, and in', async (t) => {
  t.match(await call(pluginNew, ['bed-board'], { in: root }), { code: 0, result: { files: ['index.ts', 'templates/page.hbs', 'tsconfig.json', 'README.md'] } });
  const [folder, key] = [join(root, 'bed-board'), join(root, 'keys.pem')];
  const signed = await call(pluginSign, [folder], { publisher: 'acme', key });
  t.match(signed, { code: 0, result: { plugin: 'bed-board', version: '0.1.0', files: 4 } });
  t.equal(statSync(key).mode & 0o777, 0o600, 'the key made on the way is its owner\'s alone');
  t.equal((await call(pluginSign, [folder], { publisher: 'acme', key })).result.pin, signed.result.pin, 'and used again the next time');

  rmSync(key); // the operator's folder holds plugins only
  const config = readConfig('production', { WARDKEEP_PLUGIN_DIR: root, WARDKEEP_PLUGIN_PUBLISHERS: signed.result.pin as string });
  t.match(await loadFolder(config.pluginDir as string, config.pluginPublishers), [{ publisher: 'acme', plugin: { name: 'bed-board' } }], 'what it prints is what the configuration takes');
});

t.test('mistakes', async (t) => {
  const folder = join(root, 'bed-board');
  for (const name of ['Bed', 'bed_board', '-bed', 'bed2', '../bed']) await t.rejects(call(pluginNew, [name], { in: root }), /lower-case words/, name);
  await t.rejects(call(pluginNew, ['bed-board'], { in: root }), /is there already/);
  await t.rejects(call(pluginSign, [folder], { publisher: 'acme', key: join(folder, 'key.pem') }), /must not lie in bed-board/);
  t.notOk(existsSync(join(folder, 'key.pem')));
  await t.rejects(call(pluginSign, [folder], { publisher: 'Acme Inc', key: join(root, 'k.pem') }), /--publisher takes/);
  await t.rejects(call(pluginSign, [join(root, 'nowhere')], { publisher: 'acme', key: join(root, 'k.pem') }), /is no folder/);
  t.throws(() => readConfig('production', { WARDKEEP_PLUGIN_DIR: root }), /needs WARDKEEP_PLUGIN_PUBLISHERS beside it/);
});
