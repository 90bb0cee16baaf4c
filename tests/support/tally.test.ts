import t from 'tap';
import { describeTally, tallyTap } from './tally.ts';

const tally = (text: string) => tallyTap(text.split('\n'));

t.test('tests are counted one level below their file', async (t) => {
  t.same(tally([
    '# Subtest: a.test.ts', '    # Subtest: one', '        ok 1 - deep', '        not ok 2 - deep', '        1..2', '    not ok 1 - one # time=1ms', '    ok 2 - two # time=1ms', '    ok 3 - three # SKIP no browser', '    1..3', 'not ok 1 - a.test.ts # time=9ms',
    '# Subtest: b.test.ts', '    ok 1 - plain', '    not ok 2 - later # TODO', '    1..2', 'ok 2 - b.test.ts', '1..2',
  ].join('\n')), { passed: 2, failed: 1, skipped: 2 });
});

t.test('a file that crashes, or holds no test, is a failure', async (t) => {
  t.same(tally('# Subtest: a\n    1..0\nnot ok 1 - a.test.ts'), { passed: 0, failed: 1, skipped: 0 });
  t.same(tally('    ok 1 - fine\n    1..1\nnot ok 1 - a.test.ts # exitCode=1'), { passed: 1, failed: 1, skipped: 0 });
  t.same(tally('ok 1 - a.test.ts\n1..1'), { passed: 0, failed: 1, skipped: 0 });
  t.same(tally('ok 1 - a.test.ts # SKIP not here\n1..1'), { passed: 0, failed: 0, skipped: 1 });
  t.same(tally('ok 1 - a.test.ts # SKIP no tests found\n1..1'), { passed: 0, failed: 1, skipped: 0 });
  t.same(tally(''), { passed: 0, failed: 0, skipped: 0 });
});

t.test('the last line', async (t) => {
  t.equal(describeTally({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
  t.equal(describeTally({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped');
});
