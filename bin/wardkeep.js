import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { fileURLToPath } from 'node:url';

/*
 * Where the program begins, in plain JavaScript, because what is set here must be set before any TypeScript loads (docs/performance.md).
 *
 * A later start reads modules as an earlier one left them, types stripped and code compiled, and never loads the compiler of types (25 MB).
 * While it starts, nearly all that is allocated is there to stay, and V8's young generation would only grow and keep its pages (60 MB).
 */
const STARTED_MS = 10_000;
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/wardkeep', import.meta.url)));
setFlagsFromString('--semi-space-growth-factor=1');
setTimeout(() => setFlagsFromString('--semi-space-growth-factor=2'), STARTED_MS).unref(); // V8's default: under load it may grow

await import('../core/main.ts');
