import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

const root = new URL('../', import.meta.url).pathname;

t.test('nothing is run from the folder a command is given in, from those above it, or from the home folder', async (t) => {
  const above = mkdtempSync(join(tmpdir(), 'wardkeep-planted-'));
  t.teardown(() => rmSync(above, { recursive: true }));
  const ran = join(above, 'ran');
  const planted = `require('node:fs').writeFileSync(${JSON.stringify(ran)}, ''); module.exports = {};`;
  const put = (file: string, text = planted) => {
    mkdirSync(join(above, file, '..'), { recursive: true });
    writeFileSync(join(above, file), text);
  };
  for (const name of ['.graphile-workerrc.cjs', '.graphile-workerrc.js', 'graphile-worker.config.cjs', '.config.js', 'below/.graphile-workerrc.cjs', '.node_modules/pg-native/index.js', '.node_libraries/pg-native/index.js', 'node_modules/pg-native/index.js']) put(name);
  put('.graphile-workerrc.json', '{ "schema": "elsewhere" }');

  const start = (main: string) => new Promise<string>((resolve) => execFile(process.execPath, [main, '--help'], { cwd: join(above, 'below'), env: { ...process.env, HOME: above } }, (error, stdout) => resolve(error === null ? stdout : `${error.message}`)));
  t.match(await start(join(root, 'bin/wardkeep.js')), /Usage: wardkeep COMMAND/);
  t.notOk(existsSync(ran));

  await start(join(root, 'core/main.ts')); // the same program without what bin/own-modules.js holds
  t.ok(existsSync(ran), 'they would have been');
});
