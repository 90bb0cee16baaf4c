import { coversPhi, daysInForce } from '../agreements/days-in-force.ts';
import { STATUS_WORDS } from '../agreements/states.ts';
import { addDays, addMonths, daysBetween, type Day } from '../calendar-days.ts';
import type { Agreement, Subprocessor } from '../models.ts';
import type { Register } from '../register/read-register.ts';
import { COVERS_PHI, KIND_SHORT } from '../vocabulary.ts';

/** Geometry of the picture of who was bound when: a row for each subprocessor, a bar for each agreement, red where patients' data had none. */
export type TimelineBar = { readonly x: number; readonly y: number; readonly width: number; readonly height: number; readonly tone: 'held' | 'near' | 'other'; readonly label: string };
export type TimelineGap = { readonly x: number; readonly width: number; readonly y: number; readonly height: number; readonly label: string };
export type TimelineRow = { readonly id: string; readonly name: string; readonly nameY: number; readonly lineY: number; readonly bars: readonly TimelineBar[]; readonly gaps: readonly TimelineGap[] };
export type Timeline = {
  readonly width: number; readonly height: number; readonly left: number; readonly base: number; readonly todayX: number; readonly todayLabelY: number;
  readonly summary: string; readonly ticks: readonly { x: number; label: string; labelY: number }[]; readonly rows: readonly TimelineRow[];
  readonly gaps: readonly { subprocessor: string; from: Day; to: Day | null; isOpen: boolean }[];
};

const WIDTH = 960;
const LEFT = 190;
const TOP = 28;
const ROW = 34;
const BAR = 18;
const BACK_MONTHS = 18;
const AHEAD_MONTHS = 24;

export function drawTimeline(register: Register): Timeline {
  const { today } = register;
  const first = `${addMonths(today, -BACK_MONTHS).slice(0, 7)}-01`;
  const last = addMonths(today, AHEAD_MONTHS);
  const span = daysBetween(first, last);
  const x = (day: Day): number => round(LEFT + (Math.min(span, Math.max(0, daysBetween(first, day))) / span) * (WIDTH - LEFT));
  const shown = register.subprocessors.filter((each) => each.in_use || register.agreements.some(({ subprocessor_id }) => subprocessor_id === each.id));
  const rows = shown.map((subprocessor, at) => drawRow(register, subprocessor, TOP + at * ROW, { first, last, x }));
  const gaps = shown.flatMap((subprocessor) => gapsOf(register, subprocessor, last).map((gap) => ({ subprocessor: subprocessor.name, ...gap, to: gap.to >= last ? null : gap.to, isOpen: gap.from <= today && gap.to >= today })));
  const base = TOP + shown.length * ROW;
  const open = gaps.filter(({ isOpen }) => isOpen).length;
  return {
    width: WIDTH, height: base + 26, left: LEFT, base, todayX: x(today), todayLabelY: 16, rows, gaps, ticks: ticksOf(first, last, x, base + 18),
    summary: `${shown.length} subprocessors. ${open === 0 ? 'None has patients’ data without an agreement today.' : `${open} ${open === 1 ? 'has' : 'have'} patients’ data without an agreement today.`}`,
  };
}

type Scale = { readonly first: Day; readonly last: Day; readonly x: (day: Day) => number };

function drawRow(register: Register, subprocessor: Subprocessor, y: number, { first, last, x }: Scale): TimelineRow {
  const barY = y + (ROW - BAR) / 2;
  const bars = register.agreements.filter(({ subprocessor_id }) => subprocessor_id === subprocessor.id).flatMap((agreement): TimelineBar[] => {
    const days = daysInForce(agreement, register.today);
    if (days === null || days.from > last || (days.to !== null && days.to < first)) return [];
    const [from, to] = [x(days.from), x(days.to === null ? last : addDays(days.to, 1))];
    const covers = COVERS_PHI.includes(agreement.kind);
    const tone = !covers ? 'other' : agreement.status === 'expiring' && coversPhi(agreement, register.today) ? 'near' : 'held';
    return [{ x: from, y: covers ? barY : barY + BAR - 5, width: Math.max(2, round(to - from)), height: covers ? BAR : 5, tone, label: wordsFor(agreement, days.from, days.to) }];
  });
  const gaps = gapsOf(register, subprocessor, last).flatMap((gap): TimelineGap[] => {
    if (gap.to < first || gap.from > last) return [];
    const [from, to] = [x(gap.from), x(addDays(gap.to, 1))];
    return [{ x: from, y: barY, width: Math.max(3, round(to - from)), height: BAR, label: `${subprocessor.name}: no agreement from ${gap.from}${gap.to >= last ? '' : ` to ${gap.to}`}` }];
  });
  return { id: subprocessor.id, name: subprocessor.name.length > 27 ? `${subprocessor.name.slice(0, 26)}…` : subprocessor.name, nameY: y + ROW / 2 + 4, lineY: y + ROW, bars, gaps };
}

/**
 * Runs of days on which a subprocessor in use receives patients' data and nothing covers it, up to `last`. They are looked for from the first
 * agreement on, or from the day it came into the register when that was earlier: before that nobody says that it had data.
 */
export function gapsOf({ agreements, today }: Register, subprocessor: Subprocessor, last: Day): { from: Day; to: Day }[] {
  if (!subprocessor.in_use || subprocessor.phi_class === 'none') return [];
  const covered = agreements.filter((agreement) => agreement.subprocessor_id === subprocessor.id && COVERS_PHI.includes(agreement.kind))
    .flatMap((agreement) => { const days = daysInForce(agreement, today); return days === null ? [] : [{ from: days.from, to: days.to ?? last }]; })
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  const gaps: { from: Day; to: Day }[] = [];
  let next = covered[0] === undefined || covered[0].from > today ? today : covered[0].from;
  for (const { from, to } of covered) {
    if (from > next) gaps.push({ from: next, to: addDays(from, -1) });
    if (to >= next) next = addDays(to, 1);
  }
  // An end that renews itself is none: nothing is missing after it.
  const isRenewing = agreements.some((agreement) => agreement.subprocessor_id === subprocessor.id && agreement.renewal_months !== null && coversPhi(agreement, today));
  if (next <= last && !isRenewing) gaps.push({ from: next, to: last });
  return gaps;
}

function ticksOf(first: Day, last: Day, x: (day: Day) => number, labelY: number): { x: number; label: string; labelY: number }[] {
  const ticks: { x: number; label: string; labelY: number }[] = [];
  for (let day = first; day <= last; day = addMonths(day, 1)) {
    const month = Number(day.slice(5, 7));
    if (month % 6 === 1) ticks.push({ x: x(day), label: month === 1 ? day.slice(0, 4) : `Jul ${day.slice(0, 4)}`, labelY });
  }
  return ticks.filter((tick) => tick.x > LEFT + 20 && tick.x < WIDTH - 30);
}

function wordsFor({ title, kind, status }: Agreement, from: Day, to: Day | null): string {
  return `${KIND_SHORT[kind]} “${title}”, ${STATUS_WORDS[status]}: ${from} to ${to ?? 'no end'}`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
