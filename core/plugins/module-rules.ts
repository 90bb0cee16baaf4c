import { readFileSync } from 'node:fs';
import { isBuiltin, registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256Hex } from './manifest.ts';
import { PluginError } from './plugin-error.ts';

/**
 * What a plugin outside the tree may import, held as each module is resolved, dynamic imports included: packages of its own folder, its own
 * files and the contract. Every module is hashed once more as it is loaded, so that what was signed is what runs.
 */
const CONTRACT_URL = new URL('../plugin.ts', import.meta.url).href;

/** Ways around `deps.send`, around the door to the data, or out of the process. Packages are the publisher's to answer for; own code is not to. */
const REFUSED = new Set(['child_process', 'cluster', 'dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'inspector', 'net', 'repl', 'sqlite', 'tls', 'vm', 'wasi', 'worker_threads']);

/** `files`: hashes by path, from the manifest; null while a plugin is being checked before it is signed. */
type Guarded = { readonly name: string; readonly url: string; readonly files: Readonly<Record<string, string>> | null };
const guarded = new Map<string, Guarded>();
let isInstalled = false;

export function guardModules(name: string, folder: string, files: Guarded['files']): void {
  const url = pathToFileURL(`${folder}/`).href;
  guarded.set(url, { name, url, files });
  if (isInstalled) return;
  isInstalled = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'wardkeep/plugin') return { url: CONTRACT_URL, shortCircuit: true };
      const owner = ownerOf(context.parentURL);
      if (owner === undefined) return next(specifier, context);
      const file = pathIn(owner, context.parentURL as string);
      const isOwnCode = !file.includes('node_modules/');
      if (isBuiltin(specifier)) {
        if (isOwnCode && REFUSED.has(specifier.replace(/^node:/, ''))) throw new PluginError(owner.name, `${file} imports ${specifier}. Outgoing calls go through deps.send, everything else through the contract.`);
        return next(specifier, context);
      }
      const resolved = next(specifier, context);
      if (resolved.url === CONTRACT_URL && isOwnCode) return resolved;
      if (!resolved.url.startsWith(owner.url)) throw new PluginError(owner.name, `${file} imports ${specifier}, which lies outside its folder. A plugin brings its packages along and takes the rest from wardkeep/plugin.`);
      return resolved;
    },
    load(url, context, next) {
      const owner = ownerOf(url);
      const loaded = next(url, context);
      if (owner === undefined || owner.files === null) return loaded;
      const bytes = loaded.source === null || loaded.source === undefined ? readFileSync(fileURLToPath(url)) : Buffer.from(loaded.source as Uint8Array);
      const file = pathIn(owner, url);
      if (owner.files[file] !== sha256Hex(bytes)) throw new PluginError(owner.name, `${file} was changed while the program started.`);
      return loaded;
    },
  });
}

function ownerOf(url: string | undefined): Guarded | undefined {
  if (url === undefined || !url.startsWith('file:')) return undefined;
  for (const each of guarded.values()) if (url.startsWith(each.url)) return each;
  return undefined;
}

function pathIn(owner: Guarded, url: string): string {
  return decodeURIComponent(url.slice(owner.url.length).replace(/[?#].*$/, ''));
}
