import t from 'tap';
import { createReport } from './report.ts';

function read(...lines: string[]): string[] {
  const out: string[] = [];
  const report = createReport((line) => out.push(line));
  for (const line of lines) report(line);
  return out;
}

t.test('a passing file is one line', async (t) => {
  t.same(read('TAP version 14', '1..1', '# Subtest: a.test.ts', '    # Subtest: one', '        ok 1 - x', '    ok 1 - one', '    1..1', 'ok 1 - a.test.ts # time=12ms', ''), ['passed  a.test.ts  12ms']);
});

t.test('a failing file shows what failed, and a crash what follows it', async (t) => {
  const lines = ['# Subtest: a.test.ts', '    ok 1 - fine', '    not ok 2 - wrong', '      ---', '      diff: 1', '      ...', '    1..2', 'not ok 1 - a.test.ts # time=12ms', '  ---', '  exitCode: 1', '  ...'];
  t.same(read(...lines), ['FAILED  a.test.ts  12ms', '    not ok 2 - wrong', '      ---', '      diff: 1', '      ...', '  ---', '  exitCode: 1', '  ...']);
  t.same(read(...lines, '# Subtest: b.test.ts', 'ok 2 - b.test.ts # time=1ms').at(-1), 'passed  b.test.ts  1ms');
});
