import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const MAIN = fileURLToPath(new URL('../../core/main.ts', import.meta.url));

t.test('a database that is no demo is left as it is, served or only made', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-demo-'));
  await chmod(folder, 0o711);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'postgres'));
  for (const words of [['demo'], ['demo', '--make']]) {
    const program = spawn(process.execPath, [MAIN, ...words], { env: { ...process.env, WARDKEEP_DATA_DIR: folder }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    program.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    t.same(await once(program, 'close'), [78, null], words.join(' '));
    t.match(said, 'holds a database that is no finished demo');
    t.same(await readdir(folder, { recursive: true }), ['postgres'], 'no key, no cluster, no migration');
  }
});
