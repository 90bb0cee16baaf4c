import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Publisher } from '../config.ts';
import type { Plugin } from '../plugin.ts';
import { checkDefinition } from './check-definition.ts';
import { isFirstParty } from './first-party.ts';
import type { LoadedPlugin } from './loaded-plugin.ts';
import { verifyFolder } from './manifest.ts';
import { guardModules } from './module-rules.ts';
import { PluginError } from './plugin-error.ts';

/** The operator's plugins: every folder of `dir`, signed by a pinned publisher. @throws PluginError: one that is not sound stops the program */
export async function loadFolder(dir: string, publishers: readonly Publisher[]): Promise<LoadedPlugin[]> {
  if (!existsSync(dir)) throw new PluginError('folder', `WARDKEEP_PLUGIN_DIR names ${dir}, which is not there.`);
  const names = readdirSync(dir, { withFileTypes: true }).filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name).sort();
  const loaded: LoadedPlugin[] = [];
  for (const name of names) loaded.push(await loadSigned(join(realpathSync(dir), name), publishers));
  return loaded;
}

async function loadSigned(folder: string, publishers: readonly Publisher[]): Promise<LoadedPlugin> {
  const { manifest, publisher } = verifyFolder(folder, publishers);
  const plugin = await importPlugin(folder, manifest.files);
  if (plugin.version !== manifest.version) throw new PluginError(plugin.name, `it is version ${plugin.version} and was signed as ${manifest.version}.`);
  return { plugin, folder, publisher, templates: readTemplates(folder) };
}

/** Runs a plugin's index file under the import rules. `files`: hashes to hold each module against; null before it is signed. @throws PluginError */
export async function importPlugin(folder: string, files: Readonly<Record<string, string>> | null): Promise<Plugin> {
  const name = basename(folder);
  const index = ['index.ts', 'index.js'].map((file) => join(folder, file)).find((file) => existsSync(file));
  if (index === undefined) throw new PluginError(name, 'it has neither index.ts nor index.js.');
  if (!isFirstParty(folder)) guardModules(name, folder, files);
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(index).href)) as { default?: unknown };
  } catch (cause) {
    if (cause instanceof PluginError) throw cause;
    throw new PluginError(name, `it cannot be loaded: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  return checkDefinition(module.default, name);
}

/** Of a plugin outside the tree. */
export function readTemplates(folder: string): ReadonlyMap<string, string> {
  const dir = join(folder, 'templates');
  if (isFirstParty(folder) || !existsSync(dir)) return new Map();
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.hbs'));
  return new Map(files.map((file) => [`${basename(folder)}/${file.replaceAll('\\', '/').replace(/\.hbs$/, '')}`, readFileSync(join(dir, file), 'utf8')]));
}
