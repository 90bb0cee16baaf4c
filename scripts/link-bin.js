// `npx wardkeep` looks for the root package's own command in node_modules/.bin, where npm does not link it.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';

const link = new URL('../node_modules/.bin/wardkeep', import.meta.url);
if (process.platform !== 'win32') {
  mkdirSync(new URL('./', link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../bin/wardkeep', link);
}
