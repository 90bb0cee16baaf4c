import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { isSea } from 'node:sea';
import { setFlagsFromString } from 'node:v8';
import { fileURLToPath } from 'node:url';
import './own-modules.js';

/*
 * Where the program begins, in plain JavaScript, because what is set here must be set before any TypeScript loads (docs/performance.md).
 *
 * A later start reads modules as an earlier one left them, types stripped and code compiled, and never loads the compiler of types (25 MB).
 * Of a new installation's programs that stay, another process, which ends, loads the modules first.
 * While it starts, nearly all that is allocated is there to stay, and V8's young generation would only grow and keep its pages (60 MB).
 */
const STARTED_MS = 10_000;
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/wardkeep', import.meta.url)));
const cache = getCompileCacheDir(); // undefined where the folder cannot be made
if (cache !== undefined && ['serve', 'demo'].includes(process.argv[2]) && readdirSync(cache).length === 0) {
  spawnSync(process.execPath, [...(isSea() ? [] : [...process.execArgv, fileURLToPath(import.meta.url)]), '--help'], { stdio: 'ignore' });
}
setFlagsFromString('--semi-space-growth-factor=1');
setTimeout(() => setFlagsFromString('--semi-space-growth-factor=2'), STARTED_MS).unref(); // V8's default: under load it may grow

await import('../core/main.ts');
