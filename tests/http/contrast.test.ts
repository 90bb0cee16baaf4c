import t from 'tap';
import { readAsset } from '../../core/read-asset.ts';

/** WCAG 2.2: 1.4.3 (text, 4.5) and 1.4.11 (controls and focus, 3), in both themes, from the tokens themselves. */
const css = readAsset('core/http/public/css/tokens.css').toString('utf8');

const tokens = new Map([...css.matchAll(/--([\w-]+): (?:light-dark\((#\w{6}), (#\w{6})\)|(#\w{6}));/g)].map(([, name = '', light, dark, both]) => [name, { light: light ?? both ?? '', dark: dark ?? both ?? '' }]));

const TEXT: [string, string[]][] = [
  ['ink', ['paper', 'surface', 'surface-2', 'surface-3', 'teal-soft', 'good-soft', 'warn-soft', 'bad-soft', 'calm-soft']],
  ['ink-2', ['paper', 'surface', 'surface-2', 'mute-soft']],
  ['ink-3', ['paper', 'surface', 'surface-2', 'bad-soft']],
  ['teal', ['paper', 'surface', 'surface-2', 'teal-soft', 'bad-soft']],
  ['teal-strong', ['paper', 'surface', 'surface-2', 'teal-soft']],
  ['teal-ink', ['teal', 'teal-strong']], ['bad-ink', ['bad']],
  ['good', ['surface', 'good-soft']], ['warn', ['surface', 'warn-soft']], ['bad', ['surface', 'bad-soft', 'surface-2']], ['calm', ['surface', 'calm-soft']],
  ['bar-ink', ['bar', 'bar-2']], ['bar-ink-2', ['bar', 'bar-2']],
];
const MARKS: [string, string[]][] = [
  ['line-strong', ['surface', 'paper']], ['focus', ['surface', 'paper', 'surface-2']], ['bar-accent', ['bar', 'bar-2']], ['chart', ['surface']], ['chart-2', ['surface']], ['teal', ['surface-3']],
];

for (const theme of ['light', 'dark'] as const) {
  t.test(theme, async (t) => {
    for (const [least, pairs] of [[4.5, TEXT], [3, MARKS]] as const) {
      for (const [front, backs] of pairs) for (const back of backs) {
        const ratio = contrast(colour(front, theme), colour(back, theme));
        t.ok(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)} of ${least}`);
      }
    }
  });
}

function colour(name: string, theme: 'light' | 'dark'): string {
  const token = tokens.get(name);
  if (!token) throw new Error(`tokens.css has no colour --${name}`);
  return token[theme];
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
