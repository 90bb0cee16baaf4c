import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import t from 'tap';

/** `node tests/support/several-files.ts FILE…`: test files one after the other in one process, which loads what they import once. */
const waiting = process.argv.slice(2);
let file: string | undefined;
let countBefore = 0;

/** Whenever tap has nothing left to do: the last file's tests have ended. The next one's begin once the whole of it is loaded. */
function loadNext(): void {
  const ended = file;
  const heldTests = t.counts.total > countBefore;
  countBefore = t.counts.total;
  file = waiting.shift();
  if (file !== undefined) {
    t.waitOn(load(file));
    t.comment(file);
  }
  if (ended !== undefined && !heldTests) t.fail(`${ended} held no test`);
}

async function load(name: string): Promise<void> {
  try {
    await import(pathToFileURL(name).href);
  } catch (error) {
    t.fail(`${name} cannot be loaded`, { found: inspect(error) });
  }
}

t.on('idle', loadNext);
process.once('exit', () => {
  if (file === undefined) return;
  process.stderr.write(`The process ended before ${[file, ...waiting].join(', ')} had.\n`);
  process.exitCode = 1;
});
loadNext();
