import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { scaffold } from '../../core/plugins/scaffold.ts';

/**
 * Deleting a plugin's folder and its line in plugins/list.ts leaves everything else green (design invariant 8). Done for each, in a copy of the
 * tree, and for a planted one, so that the procedure itself is seen to work.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCES = ['core', 'plugins', 'tests', 'scripts', 'migrations', 'templates', 'examples', 'bin', 'package.json', 'tsconfig.json', 'ARCHITECTURE.md', '.taprc'];
const TESTS = ['tests/architecture.test.ts', 'tests/http/views.test.ts', 'tests/plugins/switch.test.ts'];
const LINE = /^export \{ default as \w+ \} from '\.\/([a-z-]+)\/index\.ts';$/gm;

t.setTimeout(170_000);
const run = promisify(execFile);
const listed = (root: string): string[] => [...readFileSync(join(root, 'plugins/list.ts'), 'utf8').matchAll(LINE)].map(([, name]) => name as string);

function copyTree(t: Test): string {
  const copy = mkdtempSync(join(tmpdir(), 'wardkeep-without-'));
  chmodSync(copy, 0o755); // PostgreSQL runs as another user when we are root
  t.teardown(() => rmSync(copy, { recursive: true, force: true }));
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

function deletePlugin(copy: string, name: string): void {
  rmSync(join(copy, 'plugins', name), { recursive: true });
  rmSync(join(copy, 'tests/plugins', name), { recursive: true, force: true });
  const list = join(copy, 'plugins/list.ts');
  writeFileSync(list, readFileSync(list, 'utf8').replace(LINE, (line, each: string) => (each === name ? 'export {};' : line)));
}

/** Relative imports that lead nowhere: what the compiler and the loader would stumble over. */
function danglingImports(copy: string): string[] {
  const files = ['core', 'plugins', 'tests', 'scripts'].flatMap((top) => readdirSync(join(copy, top), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(copy, top, file)));
  return files.flatMap((file) => ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles
    .filter(({ fileName }) => /^\.\.?\//.test(fileName) && !existsSync(resolve(dirname(file), fileName)))
    .map(({ fileName }) => `${file.slice(copy.length + 1)} imports ${fileName}`));
}

/** Every command that opens the database boots the whole program: plugins loaded, schema migrated, catalog checked. */
async function boots(copy: string): Promise<string> {
  const env = { ...process.env, WARDKEEP_DATA_DIR: join(copy, 'data'), WARDKEEP_TEST_POSTGRES: undefined };
  const wardkeep = (...words: string[]) => run(process.execPath, ['core/main.ts', ...words], { cwd: copy, env });
  if (!existsSync(join(copy, 'data/root.key'))) await wardkeep('keys', 'init');
  return (await wardkeep('workspace', 'list', '--json')).stdout;
}

async function staysGreen(t: Test, copy: string): Promise<void> {
  t.same(danglingImports(copy), []);
  t.match(await boots(copy), /^\[/, 'the program boots');
  for (const file of TESTS) {
    const { stdout } = await run(process.execPath, [file], { cwd: copy, maxBuffer: 64 * 1024 * 1024 }).catch((error: { stdout: string }) => ({ stdout: error.stdout }));
    t.notMatch(stdout, /^\s*not ok/m, file);
    t.match(stdout, /^1\.\.[1-9]/m, `${file} ran`);
  }
}

for (const name of listed(ROOT)) {
  t.test(`without ${name}`, async (t) => {
    const copy = copyTree(t);
    deletePlugin(copy, name);
    t.notOk(listed(copy).includes(name));
    await staysGreen(t, copy);
  });
}

t.test('a planted one: with it, then without', async (t) => {
  const copy = copyTree(t);
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
  t.match(await boots(copy), /^\[/, 'the program boots with it');

  const main = join(copy, 'core/boot.ts');
  const before = readFileSync(main, 'utf8');
  writeFileSync(main, `${before}\nexport { default as leak } from '../plugins/bed-board/index.ts';\n`);
  deletePlugin(copy, 'bed-board');
  t.match(danglingImports(copy), ['core/boot.ts imports ../plugins/bed-board/index.ts'], 'a core that knows a plugin shows');
  await t.rejects(boots(copy), 'and does not start without it');
  writeFileSync(main, before);

  t.match(await boots(copy), /^\[/, 'the database it was in still starts, its tables checked as before');
  await staysGreen(t, copy);
});
