import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { runFiles } from './run-files.ts';
import { tallyTap } from './tally.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

t.test('files are told apart by what became of them', async (t) => {
  const dir = t.testdir();
  const write = (name: string, text: string): string => {
    const file = join(dir, name);
    writeFileSync(file, text);
    return file;
  };
  const tap = `import t from '${new URL('../../node_modules/tap/dist/esm/index.js', import.meta.url).href}';`;
  const files = [
    write('good.mjs', `${tap} t.test('one', async (t) => t.ok(true)); t.test('two', async (t) => t.ok(true));`),
    write('bad.mjs', `${tap} t.test('one', async (t) => t.ok(false)); t.test('two', async (t) => t.ok(true));`),
    write('crash.mjs', `${tap} t.test('one', async (t) => t.ok(true)); setTimeout(() => process.exit(3), 300); t.test('two', () => new Promise(() => undefined));`),
    write('hang.mjs', `${tap} t.test('one', () => new Promise((resolve) => setTimeout(resolve, 60_000)));`),
    write('silent.mjs', ''),
    write('skipped.mjs', `${tap} t.plan(0, 'no browser here');`),
    write('child.mjs', `import { spawn } from 'node:child_process'; import { readFileSync, writeFileSync } from 'node:fs'; const child = spawn('sleep', ['60'], { stdio: 'ignore' }); child.unref(); writeFileSync('${join(dir, 'pid')}', String(child.pid)); ${tap} t.test('one', async (t) => t.ok(true));`),
  ];
  const lines: string[] = [];
  const together = [
    [write('first.mjs', `${tap} t.test('one', async (t) => t.ok(true)); globalThis.first = 'ended';`), write('second.mjs', `${tap} t.equal(globalThis.first, 'ended'); await new Promise((resolve) => setTimeout(resolve, 50)); t.test('two', async (t) => t.ok(true)); t.teardown(() => undefined);`), write('third.mjs', `${tap} t.test('three', async (t) => t.ok(true));`)],
    [write('empty.mjs', ''), write('behind-empty.mjs', `${tap} t.test('one', async (t) => t.ok(true));`)],
    [write('broken.mjs', `${tap} t.test('one', async (t) => t.ok(true)); throw new Error('half-way');`), write('behind-broken.mjs', `${tap} t.test('one', async (t) => t.ok(true));`)],
  ];
  const isGood = await runFiles([...files.map((file) => [file]), ...together], { cwd: root, env: process.env, timeoutMs: 4_000, jobs: 4, line: (text) => lines.push(text) }).done;
  t.notOk(isGood);
  const outcome = (name: string) => lines.find((line) => line.includes(`- ${join(dir, name)} #`)) ?? '';
  t.match(outcome('good.mjs'), /^ok/);
  t.match(outcome('bad.mjs'), /^not ok .* exit code 1/);
  t.match(outcome('crash.mjs'), /^not ok .* exit code/);
  t.match(outcome('hang.mjs'), /^not ok .* ended after 4 s/);
  t.match(outcome('silent.mjs'), /^not ok .* held no test/);
  t.match(outcome('skipped.mjs'), /^ok .* SKIP no browser here/);
  t.match(outcome('child.mjs'), /^ok/);
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'what a file left running is ended');
  t.match(outcome('{first.mjs,second.mjs,third.mjs}'), /^ok/, 'files in one process');
  t.match(outcome('{empty.mjs,behind-empty.mjs}'), /^not ok/);
  t.ok(lines.some((line) => /not ok .*empty\.mjs held no test/.test(line)), 'in company, too, a file holds a test');
  t.match(outcome('{broken.mjs,behind-broken.mjs}'), /^not ok/);
  t.ok(lines.some((line) => /not ok .*broken\.mjs cannot be loaded/.test(line)), 'and one that cannot be loaded is named');
  t.match(tallyTap(lines), { passed: 12, skipped: 1 });
  t.ok(tallyTap(lines).failed >= 4);

  const alone: string[] = [];
  t.ok(await runFiles([[files[0] as string]], { cwd: root, env: process.env, timeoutMs: 10_000, line: (text) => alone.push(text) }).done);
  const stopped = runFiles([[files[3] as string], [files[0] as string]], { cwd: root, env: process.env, timeoutMs: 30_000, jobs: 1, line: () => undefined });
  setTimeout(() => stopped.stop('SIGINT'), 500);
  t.notOk(await stopped.done, 'a run that was stopped is no success');
});
