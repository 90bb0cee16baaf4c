import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeDemoFacts } from '../../core/demo/demo-facts.ts';

t.test('demo.json holds secrets: readable by its owner only, whatever was there before', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-demo-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'demo.json');
  const facts = { url: 'https://localhost:8443', caFile: null, postgres: { appUrl: 'postgres://127.0.0.1/wardkeep' }, workspaces: [] };
  await writeFile(file, '{}');
  await chmod(file, 0o644);
  await writeDemoFacts(folder, facts);
  t.equal((await stat(file)).mode & 0o777, 0o600);

  await rm(file);
  await writeFile(join(folder, 'elsewhere'), 'untouched');
  await symlink(join(folder, 'elsewhere'), file);
  await writeDemoFacts(folder, facts);
  t.ok((await lstat(file)).isFile());
  t.same(JSON.parse(await readFile(file, 'utf8')), facts);
  t.equal(await readFile(join(folder, 'elsewhere'), 'utf8'), 'untouched');
  t.same((await readdir(folder)).sort(), ['demo.json', 'elsewhere']);
});
