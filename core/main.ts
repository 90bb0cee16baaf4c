import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Plugin } from './plugin.ts';

/**
 * Where the program begins. What is set here must be set before anything else loads, hence the imports below (docs/performance.md).
 *
 * The second start reads modules as they were left by the first, types stripped and code compiled, and never loads the compiler of types.
 * While it starts, nearly all that is allocated is there to stay: V8's young generation would only grow and keep its pages (60 MB of them).
 */
const STARTED_MS = 10_000;
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/wardkeep'));
setFlagsFromString('--semi-space-growth-factor=1');
setTimeout(() => setFlagsFromString('--semi-space-growth-factor=2'), STARTED_MS).unref(); // V8's default: under load it may grow

const [{ runCommandLine }, { useFirstParty }, plugins] = await Promise.all([import('./command-line.ts'), import('./plugins/first-party.ts'), import('../plugins/list.ts')]);
useFirstParty(Object.values<Plugin>(plugins));
process.exitCode = await runCommandLine(process.argv.slice(2));
