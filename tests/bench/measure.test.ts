import t from 'tap';
import { interleave, isReached, median, percentile, type Result } from './measure.ts';
import { table } from './report.ts';

t.test('both sides are measured in turn, and the score is the median of the rounds’ ratios', async (t) => {
  const order: string[] = [];
  const values = { wardkeep: [80, 90, 10], floor: [100, 100, 100] };
  const side = (name: 'wardkeep' | 'floor') => async () => {
    order.push(name);
    return values[name].shift() as number;
  };
  t.same(await interleave(3, { wardkeep: side('wardkeep'), floor: side('floor') }), { wardkeep: 80, floor: 100, ratio: 0.8 }, 'one bad round does not decide');
  t.same(order, ['floor', 'wardkeep', 'wardkeep', 'floor', 'floor', 'wardkeep']);
});

t.test('percentiles lie between values', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([1, 2]), 1.5);
  t.equal(percentile([10, 20, 30, 40, 50], 0.95), 48);
  t.throws(() => percentile([], 0.5), RangeError);
});

t.test('a reach is a floor or a ceiling', async (t) => {
  const result: Result = { name: 'read', unit: 'requests/s', wardkeep: 60, floor: 100, score: 0.6, reach: { atLeast: 0.6 } };
  t.ok(isReached(result));
  t.notOk(isReached({ ...result, score: 0.59 }));
  t.notOk(isReached({ ...result, score: 1.21, reach: { atMost: 1.2 } }));
});

t.test('the table says what fell short', async (t) => {
  const text = table([
    { name: 'contact read', unit: 'requests/s', wardkeep: 612, floor: 1000, score: 0.612, reach: { atLeast: 0.6 } },
    { name: 'memory at rest', unit: 'MB', wardkeep: 151, floor: null, score: 151, reach: { atMost: 150 }, note: 'after a later start' },
  ]);
  t.match(text, /contact read +requests\/s +612 +1000 +0\.612 +≥ 0\.6 +reached\n/);
  t.match(text, /memory at rest +MB +151 +≤ 150 +BELOW\n/);
  t.match(text, /memory at rest: after a later start\n$/);
});
