import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { ConfigError } from '../core/config.ts';
import { checkDataFolder, makeDataFolder } from '../core/data-folder.ts';

const MAIN = fileURLToPath(new URL('../core/main.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;

/** A folder in the system's /tmp, where everybody may write and the sticky bit keeps them from each other's. */
async function place(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-folder-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const faultsOf = (folder: string) => checkDataFolder(folder).then(() => [], (error: unknown) => (error as ConfigError).faults);

t.test('only its owner may look into the data folder or write to it', async (t) => {
  const folder = await place(t);
  for (const mode of [0o700, 0o711, 0o500]) {
    await chmod(folder, mode);
    t.same(await faultsOf(folder), [], mode.toString(8));
  }
  for (const mode of [0o750, 0o770, 0o720, 0o704, 0o702, 0o755, 0o1777]) {
    await chmod(folder, mode);
    t.match(await faultsOf(folder), [/^other users of this machine .* Run: chmod 07(00|11) \/\S+$/], mode.toString(8));
  }
  t.same(await faultsOf(join(folder, 'none')), [], 'one that is not there is nobody’s');
});

t.test('nor may anybody exchange it', async (t) => {
  const above = await place(t);
  const folder = join(above, 'a', 'data');
  await makeDataFolder(folder);
  t.equal((await stat(folder)).mode & 0o777, isRoot ? 0o711 : 0o700, 'it is made as it must be, whatever the umask');
  await chmod(above, 0o777);
  t.match(await faultsOf(folder), [/^anybody may write to \/\S+, which holds the data folder, .* Run: chmod o-w \/\S+$/]);
  await symlink(folder, join(above, 'link'));
  t.equal((await faultsOf(join(above, 'link'))).length, 1, 'by another name');
  await chmod(above, 0o1777);
  t.same(await faultsOf(folder), [], 'with the sticky bit each keeps his own');
});

t.test('nor may it be somebody else’s', { skip: isRoot ? false : 'only root can give a folder away' }, async (t) => {
  const folder = await place(t);
  await chown(folder, 4711, 4711);
  t.match(await faultsOf(folder), [/belongs to another user \(uid 4711\).* Run: chown 0 \/\S+$/]);
});

t.test('the programs refuse with the command that mends it', async (t) => {
  const folder = await place(t);
  await mkdir(join(folder, 'open'));
  await chmod(join(folder, 'open'), 0o755);
  for (const words of [['serve'], ['demo'], ['keys', 'init'], ['workspace', 'list']]) {
    const program = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, WARDKEEP_DATA_DIR: join(folder, 'open') } });
    let said = '';
    program.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
    t.same(await once(program, 'close'), [78, null], words.join(' '));
    t.match(said, /Run: chmod 07(00|11) /);
  }
  t.same(await readdir(join(folder, 'open')), [], 'and leave nothing there');
});
