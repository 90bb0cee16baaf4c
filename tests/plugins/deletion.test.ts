import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { scaffold } from '../../core/plugins/scaffold.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/**
 * Deleting a plugin's folder and its line in plugins/list.ts leaves everything else green (design invariant 8). Done for each, in a copy of the
 * tree, and for a planted one, so that the procedure itself is seen to work.
 *
 * What is left can notice in three ways only: by an import that leads nowhere, which is looked for in every file; by plugins/list.ts, which the
 * program boots with; by looking into the tree, which the tests named here do. Every other test is, import for import, what it was.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = ['core', 'plugins', 'tests', 'scripts', 'migrations', 'templates', 'examples', 'bin', 'package.json', 'tsconfig.json', 'ARCHITECTURE.md'];
const LOOKING = ['tests/architecture.test.ts', 'tests/http/views.test.ts', 'tests/plugins/lazy-libraries.test.ts'];
const LINE = /^export \{ default as \w+ \} from '\.\/([a-z-]+)\/index\.ts';$/gm;

t.setTimeout(170_000);
const run = promisify(execFile);
const listed = (root: string): string[] => [...readFileSync(join(root, 'plugins/list.ts'), 'utf8').matchAll(LINE)].map(([, name]) => name as string);

const copy = mkdtempSync(join(tmpdir(), 'wardkeep-without-'));
t.teardown(() => rmSync(copy, { recursive: true, force: true }));
for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
await createTestDatabase(t); // keeps one PostgreSQL for all that follows when the file is run alone

/** Returns what puts it back, for the next one. */
function deletePlugin(name: string): () => void {
  const list = join(copy, 'plugins/list.ts');
  const before = readFileSync(list, 'utf8');
  const aside = mkdtempSync(join(tmpdir(), 'wardkeep-deleted-'));
  const folders = [join(copy, 'plugins', name), join(copy, 'tests/plugins', name)].filter((folder) => existsSync(folder));
  folders.forEach((folder, at) => renameSync(folder, join(aside, String(at))));
  writeFileSync(list, before.replace(LINE, (line, each: string) => (each === name ? 'export {};' : line)));
  return () => {
    folders.forEach((folder, at) => renameSync(join(aside, String(at)), folder));
    rmSync(aside, { recursive: true });
    writeFileSync(list, before);
  };
}

const known = new Map<string, readonly string[]>();
/** What a file imports of the tree; most files stay as they are from one deletion to the next. */
function relativeImports(text: string): readonly string[] {
  let found = known.get(text);
  if (found === undefined) known.set(text, (found = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName).filter((fileName) => /^\.\.?\//.test(fileName))));
  return found;
}

/** Relative imports that lead nowhere: what the compiler and the loader would stumble over. */
function danglingImports(): string[] {
  const files = ['core', 'plugins', 'tests', 'scripts'].flatMap((top) => readdirSync(join(copy, top), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(copy, top, file)));
  return files.flatMap((file) => relativeImports(readFileSync(file, 'utf8')).filter((fileName) => !existsSync(resolve(dirname(file), fileName))).map((fileName) => `${file.slice(copy.length + 1)} imports ${fileName}`));
}

/** The schema is migrated; a command that opens the database boots the whole program: plugins loaded, catalog checked. */
async function boots({ ownerUrl, appUrl, jobsUrl }: TestDatabase): Promise<string> {
  const rootKeys = TEST_ROOT_KEYS.map(({ id, bytes }) => `${id}:${bytes.toString('base64')}`).join(',');
  const env = { ...process.env, WARDKEEP_DATA_DIR: join(copy, 'data'), WARDKEEP_DATABASE_OWNER_URL: ownerUrl, WARDKEEP_DATABASE_APP_URL: appUrl, WARDKEEP_DATABASE_JOBS_URL: jobsUrl, WARDKEEP_ROOT_KEYS: rootKeys };
  await run(process.execPath, ['core/main.ts', 'migrate'], { cwd: copy, env });
  return (await run(process.execPath, ['core/main.ts', 'workspace', 'list', '--json'], { cwd: copy, env })).stdout;
}

/** Files of one group share a process. */
async function staysGreen(t: Test, database: TestDatabase, ...groups: readonly (readonly string[])[]): Promise<void> {
  t.same(danglingImports(), []);
  await Promise.all([
    boots(database).then((stdout) => t.match(stdout, /^\[/, 'the program boots')),
    ...groups.map(async (files) => {
      const { stdout } = await run(process.execPath, ['tests/support/several-files.ts', ...files], { cwd: copy, maxBuffer: 64 * 1024 * 1024 }).catch((error: { stdout: string }) => ({ stdout: error.stdout }));
      t.notMatch(stdout, /^\s*not ok/m, `nothing fails in ${files.join(', ')}`);
      t.match(stdout, /^1\.\.[1-9]/m, 'and all came to an end');
      for (const file of files) t.ok(stdout.includes(`# ${file}\n`), `${file} ran`);
    }),
  ]);
}

for (const name of listed(ROOT)) {
  t.test(`without ${name}`, async (t) => {
    t.teardown(deletePlugin(name));
    t.notOk(listed(copy).includes(name));
    await staysGreen(t, await createTestDatabase(t), LOOKING);
  });
}

t.test('a planted one: with it, then without', async (t) => {
  const database = await createTestDatabase(t);
  for (const [file, text] of Object.entries(scaffold('bed-board'))) {
    mkdirSync(dirname(join(copy, 'plugins/bed-board', file)), { recursive: true });
    writeFileSync(join(copy, 'plugins/bed-board', file), text.replace(`'wardkeep/plugin'`, `'../../core/plugin.ts'`));
  }
  mkdirSync(join(copy, 'plugins/bed-board/migrations'));
  writeFileSync(join(copy, 'plugins/bed-board/migrations/0001_beds.sql'), `create table app.bed_board_beds (workspace_id uuid not null references app.workspaces, id uuid not null, ward text, primary key (workspace_id, id));\ncall sec.protect('app.bed_board_beds', 'select, insert');\n`);
  const index = join(copy, 'plugins/bed-board/index.ts');
  writeFileSync(index, readFileSync(index, 'utf8').replace('subprocessors: []', `tables: { bed_board_beds: { plain: { ward: 'of the house' } } }, subprocessors: []`));
  const list = join(copy, 'plugins/list.ts');
  writeFileSync(list, `${readFileSync(list, 'utf8')}export { default as bedBoard } from './bed-board/index.ts';\n`);
  t.match(await boots(database), /^\[/, 'the program boots with it');

  const main = join(copy, 'core/boot.ts');
  const before = readFileSync(main, 'utf8');
  writeFileSync(main, `${before}\nexport { default as leak } from '../plugins/bed-board/index.ts';\n`);
  deletePlugin('bed-board');
  t.match(danglingImports(), ['core/boot.ts imports ../plugins/bed-board/index.ts'], 'a core that knows a plugin shows');
  await t.rejects(boots(database), 'and does not start without it');
  writeFileSync(main, before);

  await staysGreen(t, database, LOOKING, ['tests/plugins/switch.test.ts']); // the database it was in still starts, its tables checked as before
});
