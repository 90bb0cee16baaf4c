import { realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/*
 * The program runs its own files and no others. Node looks for a package that is not there in every folder above, in the home folder and beside the
 * executable (pg asks for pg-native, which we do not ship), and graphile-worker for a configuration, which may be code, in the folder the command
 * is given in and all above it: whoever may write to one of those would run what they like under the program's name, as root if root asks for help.
 */
const ROOT = new URL('../', import.meta.url);
const PACKAGES = new URL('node_modules/', ROOT);
const OWN = [ROOT.href, pathToFileURL(`${realpathSync(fileURLToPath(PACKAGES))}/`).href];
const NO_CONFIGURATION = new URL('no-configuration.cjs', import.meta.url).href;
/** Operators' plugins lie elsewhere: signed, and held to import rules of their own (core/plugins/module-rules.ts). */
const PLUGIN_LOADER = new URL('core/plugins/load-folder.ts', ROOT).href;

const isOwn = (url) => url !== undefined && OWN.some((folder) => url.startsWith(folder));

registerHooks({
  resolve(specifier, context, next) {
    if (!isOwn(context.parentURL)) return next(specifier, context);
    if (specifier === 'cosmiconfig') return { url: NO_CONFIGURATION, format: 'commonjs', shortCircuit: true };
    const found = next(specifier, context);
    if (!found.url.startsWith('file:') || isOwn(found.url) || context.parentURL === PLUGIN_LOADER) return found;
    throw Object.assign(new Error(`Cannot find package '${specifier}' in the program's own folder`), { code: 'MODULE_NOT_FOUND' });
  },
});
