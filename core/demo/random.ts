/**
 * The demo's own generator of chance: sfc32 (Chris Doty-Humphrey, PractRand), seeded from text through FNV-1a.
 * Repeatable on every machine, and deliberately apart from node:crypto: nothing secret may ever come from here.
 */
export class Random {
  readonly #seed: string;
  readonly #state: Uint32Array;

  constructor(seed: string) {
    this.#seed = seed;
    this.#state = Uint32Array.of(fnv1a(`${seed}#a`), fnv1a(`${seed}#b`), fnv1a(`${seed}#c`), 1);
    for (let round = 0; round < 15; round++) this.uint32(); // sfc32 needs a dozen rounds before close seeds part
  }

  /** A stream of its own for one subject, so that a change to one patient leaves all others as they were. */
  fork(label: string): Random {
    return new Random(`${this.#seed}/${label}`);
  }

  uint32(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const out = (a + b + counter) | 0;
    this.#state[3] = counter + 1;
    this.#state[0] = b ^ (b >>> 9);
    this.#state[1] = c + (c << 3);
    this.#state[2] = ((c << 21) | (c >>> 11)) + out;
    return out >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('Random.pick needs a list with at least one member');
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Picks by weight; weights need not add up to anything. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let left = this.fraction() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [value, weight] of choices) {
      left -= weight;
      if (left < 0) return value;
    }
    throw new RangeError('Random.weighted needs at least one choice of positive weight');
  }

  /** Normal distribution by Box-Muller. */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.fraction()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.fraction());
  }

  /** A new array in another order (Fisher-Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** Version 4 in shape only (RFC 9562 §5.4): repeatable, hence never an unguessable id. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () => this.uint32().toString(16).padStart(8, '0')).join('');
    const variant = '89ab'[this.int(0, 3)];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
