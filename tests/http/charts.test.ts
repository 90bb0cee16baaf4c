import t from 'tap';
import { barChart, heatStrip, sparkline } from '../../core/http/charts.ts';

t.test('bars stand on the base line and the highest stays inside', async (t) => {
  const chart = barChart([{ label: 'Mar 1', value: 0 }, { label: 'Mar 2', value: 480 }, { label: 'Mar 3', value: 240 }], { category: 'Day', measure: 'entries' });
  t.same(chart.bars.map((bar) => Math.round((bar.y + bar.height) * 10) / 10), [chart.base, chart.base, chart.base]);
  t.ok(chart.bars.every((bar) => bar.y >= 0 && bar.x >= chart.left && bar.x + bar.width <= chart.right));
  t.equal(chart.bars[0]?.height, 0);
  t.ok(Math.abs((chart.bars[1]?.height ?? 0) - 2 * (chart.bars[2]?.height ?? 0)) <= 0.1, 'height follows value');
  t.same(chart.ticks.map((tick) => tick.label), ['0', '250', '500']);
  const halves = Array.from({ length: 12 }, (_none, at) => barChart([{ label: 'Mar 1', value: at }], { category: 'Day', measure: 'entries' }).ticks[1]?.label);
  t.ok(halves.every((label) => /^\d+$/.test(label ?? '')), `nobody made half an entry: ${halves.join(' ')}`);
  t.equal(chart.summary, '720 entries, most at Mar 2 with 480.');
});

t.test('nothing to show is said, not drawn as something', async (t) => {
  t.equal(barChart([], { category: 'Day', measure: 'entries' }).summary, 'No entries in this time.');
  t.equal(sparkline([], 'entries').line, '');
});

t.test('a busy hour is darkest, an empty one has no level', async (t) => {
  const counts = Array.from({ length: 7 }, () => new Array<number>(24).fill(0));
  const monday = counts[0] ?? [];
  monday[9] = 100;
  monday[10] = 1;
  const { rows, summary } = heatStrip(counts, 'entries');
  t.same([9, 10, 11].map((hour) => rows[0]?.cells[hour]?.level), [4, 1, 0]);
  t.equal(summary, '101 entries, most at Monday 09:00 with 100.');
});
