import type { Flow } from '../register/read-register.ts';
import { KIND_SHORT } from '../vocabulary.ts';

/** Geometry of the picture of what hangs on what: plugins at the left, whom they hand data to in the middle, the agreement at the right. */
type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number; readonly textX: number; readonly textY: number; readonly text: string; readonly tone: 'plain' | 'held' | 'bad' | 'idle' };
type Line = { readonly path: string; readonly tone: 'held' | 'bad' | 'idle' };
export type FlowPicture = { readonly width: number; readonly height: number; readonly boxes: readonly Box[]; readonly lines: readonly Line[]; readonly summary: string };

const WIDTH = 960;
const BOX = { width: 250, height: 30 };
const ROW = 42;
const COLUMNS = [0, 355, 710] as const;
const LETTERS_MAX = 36;

export function drawFlows(flows: readonly Flow[]): FlowPicture {
  const plugins = unique(flows.map(({ plugin }) => plugin.title));
  const receivers = unique(flows.map(({ subprocessorName }) => subprocessorName));
  const ends = unique(flows.map(endOf));
  const height = Math.max(plugins.length, receivers.length, ends.length, 1) * ROW;
  const y = (list: readonly string[], text: string): number => round(((list.indexOf(text) + 0.5) / list.length) * height);
  const box = (column: 0 | 1 | 2, list: readonly string[], text: string, tone: Box['tone']): Box => ({
    x: COLUMNS[column], y: y(list, text) - BOX.height / 2, ...BOX, textX: COLUMNS[column] + 10, textY: y(list, text) + 4, text: text.length > LETTERS_MAX ? `${text.slice(0, LETTERS_MAX - 1)}…` : text, tone,
  });
  const lines = new Map<string, Line>();
  for (const flow of flows) {
    const tone = toneOf(flow);
    const middle = y(receivers, flow.subprocessorName);
    for (const path of [curve(0, y(plugins, flow.plugin.title), middle), curve(1, middle, y(ends, endOf(flow)))]) lines.set(path, { path, tone });
  }
  const missing = flows.filter((flow) => toneOf(flow) === 'bad').length;
  return {
    width: WIDTH, height, lines: [...lines.values()],
    boxes: [
      ...plugins.map((text) => box(0, plugins, text, flows.some(({ plugin }) => plugin.title === text && plugin.isOn) ? 'plain' : 'idle')),
      ...receivers.map((text) => box(1, receivers, text, 'plain')),
      ...ends.map((text) => box(2, ends, text, flows.some((flow) => endOf(flow) === text && toneOf(flow) === 'bad') ? 'bad' : flows.some((flow) => endOf(flow) === text && flow.agreement !== null) ? 'held' : 'idle')),
    ],
    summary: `${plugins.length} plugins hand data to ${receivers.length} subprocessors; ${missing} of ${flows.length} flows have no agreement in force.`,
  };
}

function toneOf({ agreement, isNeeded, plugin }: Flow): Line['tone'] {
  if (agreement !== null) return plugin.isOn ? 'held' : 'idle';
  return isNeeded ? 'bad' : 'idle';
}

function endOf({ agreement, isNeeded }: Flow): string {
  if (agreement !== null) return `${KIND_SHORT[agreement.kind]}: ${agreement.title}`;
  return isNeeded ? 'No agreement in force' : 'None needed: no patient data';
}

function curve(column: 0 | 1, from: number, to: number): string {
  const [start, end] = [COLUMNS[column] + BOX.width, COLUMNS[(column + 1) as 1 | 2]];
  const bend = (start + end) / 2;
  return `M${start} ${from}C${bend} ${from} ${bend} ${to} ${end} ${to}`;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
const round = (value: number): number => Math.round(value * 10) / 10;
