import t from 'tap';
import { groupFiles } from './group-files.ts';

const harmless = `import t from 'tap'; t.test('one', async (t) => { t.capture(console, 'warn'); t.ok(process.env['CI'] !== 'true'); });`;

t.test('files of one folder run together, a few at a time', async (t) => {
  const files = ['tests/a/1', 'tests/a/2', 'tests/b/1', ...Array.from({ length: 7 }, (_, i) => `tests/c/${i}`)];
  t.same(groupFiles(files, () => harmless), [['tests/a/1', 'tests/a/2'], ['tests/b/1'], ['tests/c/0', 'tests/c/1', 'tests/c/2', 'tests/c/3'], ['tests/c/4', 'tests/c/5', 'tests/c/6']]);
  t.same(groupFiles([], () => harmless), []);
});

t.test('what belongs to the whole process keeps a file by itself, and first', async (t) => {
  const reaching = [
    `process.exit();`, `process.on('warning', note);`, `const { rss } = process.memoryUsage();`, `process.env['TZ'] = 'UTC';`, `delete process.env['TZ'];`, `useAssetSource(packed);`, `Date.now = () => 0;`, `globalThis.fetch = stand;`, `Object.assign(console, quiet);`,
    `t.beforeEach(clean);`, `t.before(open);`, `t.testdir();`, `t.plan(0, 'nothing here');`, `t.mockImport('./x.ts', {});`, `import { spawn } from 'node:child_process';`, `import { Worker } from 'node:worker_threads';`, `const browser = await openChromium(t);`,
  ];
  for (const text of reaching) {
    t.same(groupFiles(['tests/a/1', 'tests/a/2', 'tests/a/3'], (file) => (file === 'tests/a/2' ? `${harmless}\n${text}` : harmless)), [['tests/a/2'], ['tests/a/1', 'tests/a/3']], text);
  }
});
