import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { createRootKeyFile } from '../../core/crypto/root-key-file.ts';

const MAIN = fileURLToPath(new URL('../../core/main.ts', import.meta.url));
t.setTimeout(120_000);

t.test('asked to stop while it is still starting, the program stops in order, its PostgreSQL included', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-stop-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await createRootKeyFile(join(folder, 'root.key'));
  const env = { ...process.env, WARDKEEP_DATA_DIR: folder, WARDKEEP_PORT: String(20_000 + (process.pid % 20_000)), WARDKEEP_LOG_LEVEL: 'silent' };
  const program = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: 'ignore' });
  const exited = once(program, 'exit');
  while (!existsSync(join(folder, 'postgres', 'postmaster.pid'))) await sleep(10);
  program.kill('SIGINT');
  t.same(await exited, [0, null]);
  t.notOk(existsSync(join(folder, 'postgres', 'postmaster.pid')));
});
