import { join } from 'node:path';
import t from 'tap';
import { boot } from '../core/boot.ts';
import { readConfig } from '../core/config.ts';
import { createRootKeyFile } from '../core/crypto/root-key-file.ts';
import { makeDataFolder } from '../core/data-folder.ts';
import { withClient } from '../core/db/single-connection.ts';
import { startEmbedded } from '../core/db/embedded.ts';
import { makeScratchFolder } from './support/scratch-folder.ts';

t.test('a database of the version before is migrated by who is to stay, alone at work on it, and by nobody else', async (t) => {
  const { path, remove } = await makeScratchFolder();
  t.teardown(remove);
  const dataDir = join(path, 'data');
  await makeDataFolder(dataDir);
  await createRootKeyFile(join(dataDir, 'root.key'));
  const config = { ...readConfig('production', { WARDKEEP_DATA_DIR: dataDir }), logLevel: 'silent' as const };
  const first = await boot(config, { migrates: false });
  const owner = first.urls.ownerUrl as string;
  const last = () => withClient(owner, async (client) => (await client.query<{ name: string }>('select name from history.core order by name desc limit 1')).rows[0]?.name);
  const newest = await last();
  t.ok(newest, 'an empty one is made whole by any command');
  await withClient(owner, (client) => client.query('delete from history.core where name = $1', [newest])); // as the version before left it
  const refusal = { name: 'ConfigError', message: new RegExp(`version before this program's \\(it lacks ${newest}\\)`) };

  await t.rejects(boot(config), refusal, 'a program of that version is still at work');
  await first.close();
  await t.rejects(boot(config, { migrates: false }), refusal, 'a command would close the way back');
  const server = await startEmbedded(dataDir);
  t.not(await withClient(server.ownerUrl, async (client) => (await client.query<{ name: string }>('select name from history.core order by name desc limit 1')).rows[0]?.name), newest, 'nothing was migrated');
  await server.stop();
});
