import { exactAge } from './calendar.ts';
import type { Sex } from './names.ts';
import type { Random } from './random.ts';

/** A body through life. `build` is the standing against others of that age, in standard deviations. */
export type Body = { sex: Sex; birthDate: string; heightBuild: number; weightBuild: number; adultBmi: number };

/** Rounded medians after the CDC growth charts (2000): [age in years, girls cm, girls kg, boys cm, boys kg]. */
const MEDIANS: readonly (readonly [number, number, number, number, number])[] = [
  [0, 49, 3.4, 50, 3.5], [0.25, 60, 5.8, 61, 6.2], [0.5, 65.5, 7.3, 67.5, 7.9], [1, 74, 9.5, 76, 10.3],
  [2, 86, 12.1, 87.5, 12.7], [3, 94.5, 13.9, 96, 14.4], [4, 101, 15.9, 102.5, 16.3], [5, 108, 18, 109, 18.5],
  [6, 115, 20.2, 115.5, 20.7], [8, 127.5, 25.6, 128, 25.4], [10, 138, 33, 138.5, 32], [12, 151.5, 41.8, 149, 40.5],
  [14, 160.5, 49.4, 163.5, 51], [16, 162.5, 53.9, 173.5, 61], [18, 163, 57, 176, 67], [20, 163.3, 58.2, 176.7, 70.6],
];

export function makeBody(random: Random, sex: Sex, birthDate: string): Body {
  const adultBmi = Math.min(46, Math.max(17.5, random.normal(27.8, 5.2)));
  return { sex, birthDate, heightBuild: random.normal(0, 1), weightBuild: Math.max(-2, Math.min(2.6, random.normal(0.2, 1))), adultBmi };
}

/** Height in cm on a day. */
export function heightOn(body: Body, day: string): number {
  const age = exactAge(body.birthDate, day);
  const median = interpolate(age, body.sex === 'female' ? 1 : 3);
  const shrinkage = age > 65 ? (age - 65) * 0.12 : 0;
  return round(median * (1 + 0.04 * body.heightBuild) - shrinkage, 1);
}

/** Weight in kg on a day; `drift` is that visit's chance deviation, about -1 to 1. */
export function weightOn(body: Body, day: string, drift: number): number {
  const age = exactAge(body.birthDate, day);
  const childs = interpolate(age, body.sex === 'female' ? 2 : 4) * (1 + 0.11 * body.weightBuild);
  if (age <= 14) return round(childs * (1 + 0.015 * drift), 1);
  const adults = body.adultBmi * (heightOn(body, day) / 100) ** 2;
  const share = Math.min(1, (age - 14) / 6);
  return round((childs * (1 - share) + adults * share) * (1 + 0.018 * drift), 1);
}

function interpolate(age: number, column: 1 | 2 | 3 | 4): number {
  const upper = MEDIANS.findIndex(([at]) => at >= age);
  const last = MEDIANS.at(-1) as (typeof MEDIANS)[number];
  if (upper === -1) return last[column];
  const high = MEDIANS[upper] as (typeof MEDIANS)[number];
  const low = MEDIANS[Math.max(0, upper - 1)] as (typeof MEDIANS)[number];
  const share = high[0] === low[0] ? 0 : (age - low[0]) / (high[0] - low[0]);
  return low[column] + (high[column] - low[column]) * share;
}

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
