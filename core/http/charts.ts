/** Geometry of the small charts, worked out on the server so that a page needs no script and no inline style to draw them. */

/** `part`: how much of the value is of a kind worth seeing apart. */
export type Point = { label: string; value: number; part?: number };

export type BarChart = {
  width: number; height: number; left: number; right: number; base: number; tickX: number;
  /** One sentence with the total, the peak and where it lies: what a screen reader says. */
  summary: string;
  category: string; measure: string;
  /** What `part` counts; null when no part is told apart. */
  part: string | null;
  bars: { x: number; y: number; width: number; height: number; label: string; value: number; marked: { y: number; height: number; value: number } }[];
  ticks: { y: number; labelY: number; label: string }[];
  labels: { x: number; y: number; text: string }[];
};

const WIDTH = 440;
const HEIGHT = 168;
const LEFT = 44;
const TOP = 10;
const BASE = 142;
const MOST_LABELS = 6;

/** For the partial `bar-chart`. `points` run in time; `category`, `measure` and `part` head the table of numbers. */
export function barChart(points: readonly Point[], { category, measure, part = null }: { category: string; measure: string; part?: string | null }): BarChart {
  const top = niceCeiling(Math.max(1, ...points.map((point) => point.value)));
  const step = (WIDTH - LEFT) / Math.max(1, points.length);
  const gap = Math.min(4, step * 0.2);
  const y = (value: number): number => round(BASE - (value / top) * (BASE - TOP));
  const every = Math.max(1, Math.ceil(points.length / MOST_LABELS));
  return {
    width: WIDTH, height: HEIGHT, left: LEFT, right: WIDTH, base: BASE, tickX: LEFT - 8, category, measure, part,
    summary: summarise(points, measure) + (part === null ? '' : ` ${points.reduce((sum, point) => sum + (point.part ?? 0), 0).toLocaleString('en-US')} ${part}.`),
    bars: points.map(({ label, value, part = 0 }, at) => ({
      x: round(LEFT + at * step + gap / 2), y: y(value), width: round(step - gap), height: round(BASE - y(value)), label, value,
      marked: { y: y(part), height: round(BASE - y(part)), value: part },
    })),
    ticks: [0, 0.5, 1].map((part) => ({ y: y(top * part), labelY: y(top * part) + 4, label: (top * part).toLocaleString('en-US') })),
    labels: points.flatMap(({ label }, at) => (at % every === 0 ? [{ x: round(LEFT + (at + 0.5) * step), y: BASE + 18, text: label }] : [])),
  };
}

/** For the partial `sparkline`. */
export function sparkline(points: readonly Point[], measure: string): { width: number; height: number; line: string; area: string; summary: string } {
  const width = 120;
  const height = 24;
  const top = Math.max(1, ...points.map((point) => point.value));
  const step = width / Math.max(1, points.length - 1);
  const line = points.map(({ value }, at) => `${at === 0 ? 'M' : 'L'}${round(at * step)} ${round(height - 2 - (value / top) * (height - 4))}`).join('');
  return { width, height, line, area: line === '' ? '' : `${line}V${height}H0Z`, summary: summarise(points, measure) };
}

export type HeatStrip = {
  width: number; height: number; summary: string;
  rows: { label: string; labelY: number; cells: { x: number; y: number; size: number; level: number; label: string; value: number }[] }[];
  columns: { x: number; y: number; text: string }[];
};

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const CELL = 17;
const GUTTER = 34;

/** For the partial `heat-strip`. `counts[day][hour]`, Monday first, 7 × 24. Levels 1 to 4 are quarters of the busiest hour; 0 is none. */
export function heatStrip(counts: readonly (readonly number[])[], measure: string): HeatStrip {
  const top = Math.max(1, ...counts.flat());
  const hour = (at: number): string => `${String(at).padStart(2, '0')}:00`;
  const points = counts.flatMap((row, day) => row.map((value, at) => ({ label: `${DAYS[day]} ${hour(at)}`, value })));
  return {
    width: GUTTER + 24 * CELL, height: 7 * CELL + 18, summary: summarise(points, measure),
    rows: counts.map((row, day) => ({
      label: DAYS[day]?.slice(0, 3) ?? '', labelY: day * CELL + 12,
      cells: row.map((value, at) => ({ x: GUTTER + at * CELL, y: day * CELL, size: CELL - 2, level: value === 0 ? 0 : Math.ceil((value / top) * 4), label: `${DAYS[day]} ${hour(at)}`, value })),
    })),
    columns: [0, 6, 12, 18].map((at) => ({ x: GUTTER + at * CELL + 16, y: 7 * CELL + 14, text: hour(at) })),
  };
}

function summarise(points: readonly Point[], measure: string): string {
  const total = points.reduce((sum, point) => sum + point.value, 0);
  if (total === 0) return `No ${measure} in this time.`;
  const peak = points.reduce((best, point) => (point.value > best.value ? point : best));
  return `${total.toLocaleString('en-US')} ${measure}, most at ${peak.label} with ${peak.value.toLocaleString('en-US')}.`;
}

/** The next 1, 2 or 5 times a power of ten, even so that half of it is a whole number. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const ceiling = ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
  return ceiling + (ceiling % 2);
}

const round = (value: number): number => Math.round(value * 10) / 10;
