import { checkEntries, linkFault } from './check-block.ts';
import type { CheckContext, CheckedBlock } from './check-block.ts';
import { NO_PREVIOUS } from './entry.ts';
import type { SealedEntry } from './entry.ts';
import type { AuditFault } from './fault.ts';
import { CompactRange, HASH_BYTES, leafHash } from './merkle.ts';
import { toHex } from './primitives.ts';

/** Where verification goes on: after `range.to` entries, the last of which has hash `prev` (null: not known, and then not checked). */
export interface ChainPosition {
  readonly range: CompactRange;
  readonly prev: string | null;
}

/** Before the first entry of a log. */
export function chainStart(): ChainPosition {
  return { range: new CompactRange(), prev: NO_PREVIOUS };
}

/**
 * Follows a workspace's chain entry by entry or block by block: each takes its place after the one before, and its leaf is added to the
 * Merkle tree. The nightly verification keeps `position` of one night and resumes from it in the next.
 */
export class ChainVerifier {
  readonly #context: CheckContext;
  readonly #range: CompactRange;
  readonly #prefixSizes: ReadonlySet<number>;
  readonly #prefixes = new Map<number, CompactRange>();
  #prev: string | null;
  #fault: AuditFault | null = null;

  /** `prefixSizes`: tree sizes at which {@link prefixAt} will be asked, to compare with older checkpoints. */
  constructor(context: CheckContext, start: ChainPosition = chainStart(), prefixSizes: readonly number[] = []) {
    this.#context = context;
    this.#range = start.range.copy();
    this.#prev = start.prev;
    this.#prefixSizes = new Set(prefixSizes);
    this.#keepPrefix();
  }

  /** The first fault seen; once there is one, nothing more is taken in. */
  get fault(): AuditFault | null {
    return this.#fault;
  }

  /** Sequence of the last sound entry. */
  get seq(): number {
    return this.#range.to;
  }

  get position(): ChainPosition {
    return { range: this.#range.copy(), prev: this.#prev };
  }

  /** The range as it was when it ended at `size` leaves; null when it never did. */
  prefixAt(size: number): CompactRange | null {
    return this.#prefixes.get(size) ?? null;
  }

  /** Checks the next entries here and now. */
  push(entries: Iterable<SealedEntry>): AuditFault | null {
    return this.absorb(checkEntries(this.#context, entries));
  }

  /** Takes in the next block, checked elsewhere under the same context. Blocks must come in order. */
  absorb({ first, hashes, fault }: CheckedBlock): AuditFault | null {
    if (this.#fault) return this.#fault;
    if (first) this.#fault = linkFault(first, this.#range.to, this.#prev);
    if (this.#fault) return this.#fault;
    for (let at = 0; at < hashes.length; at += HASH_BYTES) {
      const hash = hashes.subarray(at, at + HASH_BYTES);
      this.#range.append(leafHash(hash));
      this.#keepPrefix();
      if (at + HASH_BYTES === hashes.length) this.#prev = toHex(hash);
    }
    // A line that cannot be read has no sequence of its own; its place is known.
    if (fault) this.#fault = fault.fault === 'format' && fault.seq === null ? { ...fault, seq: this.seq + 1 } : fault;
    return this.#fault;
  }

  #keepPrefix(): void {
    if (this.#prefixSizes.has(this.#range.to)) this.#prefixes.set(this.#range.to, this.#range.copy());
  }
}
