import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { sqlstateOf } from '../../core/db/database-error.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** What `--help` gives behind these words, and the exit code. */
async function help(...words: string[]): Promise<[code: number, said: string]> {
  const program = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  program.stdout.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  const [code] = (await once(program, 'close')) as [number];
  return [code, said];
}

const MAIN = fileURLToPath(new URL('../../core/main.ts', import.meta.url));

/** A command on this database that must not run, and what it says of it. */
async function refused(t: Test, words: readonly string[], { appUrl, jobsUrl }: Pick<TestDatabase, 'appUrl' | 'jobsUrl'>): Promise<[code: number, said: string]> {
  const program = spawn(process.execPath, [MAIN, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, WARDKEEP_DATA_DIR: join(t.testdir(), 'none'), WARDKEEP_DATABASE_APP_URL: appUrl, WARDKEEP_DATABASE_JOBS_URL: jobsUrl, WARDKEEP_ROOT_KEYS: `root:${TEST_ROOT_KEYS[0].bytes.toString('base64')}` },
  });
  let said = '';
  program.stderr.on('data', (chunk: Buffer) => { said += chunk.toString(); });
  const [code] = (await once(program, 'close')) as [number];
  return [code, said];
}

t.test('a database nobody has migrated is said to be one', async (t) => {
  const database = await createTestDatabase(t);
  await asSuperuser(database.superuserUrl, (client) => client.query('drop schema sys cascade'));
  for (const words of [['serve'], ['doctor'], ['workspace', 'list']]) {
    const [code, said] = await refused(t, words, database);
    t.equal(code, 78, words.join(' '));
    t.match(said, 'npx wardkeep migrate');
  }
});

t.test('a command the database refused says its SQLSTATE, and nothing the database said', async (t) => {
  const { appUrl, jobsUrl, superuserUrl } = await createTestDatabase(t);
  const wrong = (url: string) => url.replace(/:[^:@]+@/, ':wrong@');
  const [code, said] = await refused(t, ['workspace', 'list'], { appUrl: wrong(appUrl), jobsUrl: wrong(jobsUrl) });
  t.equal(code, 1);
  t.match(said, 'SQLSTATE 28P01');
  t.notMatch(said, 'authentication failed');

  const error = await asSuperuser(superuserUrl, (client) => client.query("select 'Achterberg'::int")).catch((thrown: unknown) => thrown);
  t.match((error as Error).message, 'Achterberg', 'why');
  t.equal(sqlstateOf(error), '22P02');
  t.equal(sqlstateOf(new Error('Port 8443 is in use.')), null);
});

t.test('the first word of several commands lists them', async (t) => {
  const [code, said] = await help('keys', '--help');
  t.equal(code, 0);
  t.match(said, /^ {2}keys init /m);
  t.notMatch(said, /^ {2}(?:serve|audit|backup)/m);
  t.match(await help('audit'), [64, /audit verify/], 'alone it is no command');
  t.match(await help('backup', '--help'), [0, /--out/], 'one that is a command as well has help of its own');
  t.match(await help('nonsense', '--help'), [64, /^$/]);
});
