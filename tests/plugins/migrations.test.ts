import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { boot } from '../../core/boot.ts';
import { readConfig, type Config } from '../../core/config.ts';
import { CatalogError } from '../../core/db/coverage/check-catalog.ts';
import { createHost } from '../../core/plugins/host.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';
import { dataFolder } from '../support/mailbox.ts';

t.test('a plugin’s migration cannot vouch for a function, its own or one of ours', async (t) => {
  const ways: [sql: string, object: string, rule: string][] = [
    ['create or replace function sec.is_system() returns boolean language sql stable security definer set search_path = pg_catalog as $$ select true $$;', 'sec.is_system()', 'function.altered'],
    ['create function app.beds() returns int language sql set search_path = pg_catalog as $$ select 1 $$;\nrevoke all on function app.beds() from public;', 'app.beds()', 'function.unknown'],
  ];
  for (const [sql, object, rule] of ways) {
    const database = await createTestDatabase(t);
    const folder = await dataFolder(t);
    await mkdir(join(folder, 'migrations'));
    await writeFile(join(folder, 'migrations/0001_beds.sql'), sql);
    const plugin = { contract: 1, name: 'bed-board', version: '1.0.0', title: 'Beds', summary: 'Shows beds.', tier: 'free', phi: 'none', subprocessors: [] } as const;
    const host = createHost([{ plugin, folder, publisher: 'acme', templates: new Map() }]);
    const config: Config = { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS], dataDir: await dataFolder(t), database, logLevel: 'silent' };
    const error = await boot(config, { host }).then(async ({ close }) => { await close(); return null; }, (refused: unknown) => refused);
    t.ok(error instanceof CatalogError, `the program does not start on ${object}`);
    t.match(error, { findings: [{ object, rule }] });
  }
});
