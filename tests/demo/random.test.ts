import t from 'tap';
import { Random } from '../../core/demo/random.ts';

t.test('streams are repeatable, apart from each other and evenly spread', async (t) => {
  const draw = (seed: string): number[] => { const random = new Random(seed); return Array.from({ length: 5 }, () => random.uint32()); };
  t.same(draw('a'), draw('a'));
  t.notSame(draw('a'), draw('b'));
  t.notSame(new Random('a').fork('x').uint32(), new Random('a').fork('y').uint32());
  const buckets = new Array<number>(10).fill(0);
  const random = new Random('spread');
  for (let i = 0; i < 10_000; i++) { const at = random.int(0, 9); buckets[at] = (buckets[at] ?? 0) + 1; }
  t.ok(Math.min(...buckets) > 880 && Math.max(...buckets) < 1120, buckets.join(' '));
});

t.test('normal and weighted draws follow their parameters', async (t) => {
  const random = new Random('n');
  const values = Array.from({ length: 5000 }, () => random.normal(50, 4));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  t.ok(Math.abs(mean - 50) < 0.3 && Math.abs(deviation - 4) < 0.2, `${mean} ± ${deviation}`);
  t.equal(random.weighted([['never', 0], ['always', 1]] as const), 'always');
  t.throws(() => random.weighted([['never', 0]] as const), RangeError);
  t.throws(() => random.pick([]), RangeError);
  t.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
