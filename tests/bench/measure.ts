/** One line of the table: what Wardkeep does beside the floor, which does the same work without its guarantees, in the same run. */
export type Result = {
  readonly name: string;
  readonly unit: string;
  readonly wardkeep: number;
  /** Null where there is nothing to compare with (a start time, memory). */
  readonly floor: number | null;
  /** wardkeep / floor, the median over rounds; for an absolute reach, the value itself. */
  readonly score: number;
  readonly reach: { readonly atLeast: number } | { readonly atMost: number };
  readonly note?: string;
};

export type Side = () => Promise<number>;
export type Compared = { readonly wardkeep: number; readonly floor: number; readonly ratio: number };

/**
 * Measures both sides in turn, so that whatever else the machine does hits them alike; the order changes from round to round. Each side
 * returns its rate or time. Medians, since one bad second must not decide.
 */
export async function interleave(rounds: number, sides: { readonly wardkeep: Side; readonly floor: Side }): Promise<Compared> {
  const seen = { wardkeep: [] as number[], floor: [] as number[], ratio: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['floor', 'wardkeep'] as const) : (['wardkeep', 'floor'] as const);
    for (const side of order) seen[side].push(await sides[side]());
    seen.ratio.push((seen.wardkeep.at(-1) as number) / (seen.floor.at(-1) as number));
  }
  return { wardkeep: median(seen.wardkeep), floor: median(seen.floor), ratio: median(seen.ratio) };
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** @param share 0.95 for the 95th percentile; between two values it is interpolated. @throws RangeError for no values */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values to take a percentile of');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs `work` on `lanes` lanes for `ms`; returns how many were done per second. */
export async function rate(lanes: number, ms: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const lane = async () => {
    while (performance.now() - start < ms) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return (done / (performance.now() - start)) * 1000;
}

export function isReached({ score, reach }: Result): boolean {
  return 'atLeast' in reach ? score >= reach.atLeast : score <= reach.atMost;
}
