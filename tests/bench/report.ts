import { isReached, type Result } from './measure.ts';

/** Results as a table for a terminal, one line each. */
export function table(results: readonly Result[]): string {
  const head = ['', 'unit', 'wardkeep', 'floor', 'score', 'reach', ''];
  const rows = results.map((result) => [
    result.name, result.unit, figure(result.wardkeep), result.floor === null ? '' : figure(result.floor), result.floor === null ? '' : figure(result.score),
    'atLeast' in result.reach ? `≥ ${limit(result.reach.atLeast)}` : `≤ ${limit(result.reach.atMost)}`, isReached(result) ? 'reached' : 'BELOW',
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] as string).length)));
  const line = (cells: readonly string[]) => cells.map((cell, at) => (at >= 2 && at <= 4 ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number))).join('  ').trimEnd();
  const notes = results.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return `${[line(head), ...rows.map(line), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

const limit = (value: number): number => Math.round(value * 100) / 100;

/** Three significant figures, whole from a hundred on. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
