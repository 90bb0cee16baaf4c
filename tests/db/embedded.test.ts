import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { startEmbedded } from '../../core/db/embedded.ts';

t.test('the bundled PostgreSQL', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-embedded-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const ask = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows[0] as Record<string, unknown>;
    } finally {
      await client.end();
    }
  };

  const first = await startEmbedded(folder, ['fsync=off']);
  try {
    t.ok(first.started);
    t.equal((await stat(join(folder, 'postgres.json'))).mode & 0o777, 0o600, 'its passwords are for the owner of the folder');
    const second = await startEmbedded(folder, ['fsync=off']);
    t.notOk(second.started, 'a second program joins the running one');
    t.equal(second.appUrl, first.appUrl);
    await second.stop();
    t.match(await ask(first.appUrl, 'select current_user as role'), { role: 'wardkeep_app' }, 'which goes on after the second has left');
    t.match(await ask(first.appUrl, `select current_setting('listen_addresses') as "at", current_setting('log_statement') as log, current_setting('track_activities') as shown`), { at: '127.0.0.1', log: 'none', shown: 'off' });
    await t.rejects(ask(first.appUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1'), { code: '28P01' });
    await t.rejects(ask(first.appUrl.replace(/\/wardkeep$/, '/postgres'), 'create temporary table x ()'), 'nor is there another database to work in');
  } finally {
    await first.stop();
  }
  const again = await startEmbedded(folder, ['fsync=off']);
  try {
    t.ok(again.started, 'and starts again on the same data');
    t.match(await ask(again.appUrl, 'select current_database() as name'), { name: 'wardkeep' });
  } finally {
    await again.stop();
  }
});
