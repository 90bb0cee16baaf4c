import { sha256 } from './primitives.ts';

// RFC 6962 §2.1 (kept by RFC 9162 §2.1): the tree over SHA-256, its compact form, and the verification of proofs.
// Sizes and indices are plain numbers below 2^53, so halving is division, never a 32-bit shift.

export const HASH_BYTES = 32;

/** MTH({}) of §2.1: the root of the empty tree. */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** SHA-256(0x00 ‖ data). Wardkeep's leaf data is the 32-byte entry hash, so a tree can be built without the entries' bodies. */
export function leafHash(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + data.length);
  bytes.set(data, 1);
  return sha256(bytes);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return sha256(bytes);
}

/** A perfect subtree: its leaves are [index·2^level, (index+1)·2^level). */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/**
 * The fewest perfect subtrees that cover leaves [from, to), left to right. A range that starts at 0 takes one per set bit of its length,
 * any other at most two per level.
 */
export function coveringSubtrees(from: number, to: number): Subtree[] {
  const subtrees: Subtree[] = [];
  let at = from;
  while (at < to) {
    let level = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= to) {
      level++;
      width *= 2;
    }
    subtrees.push({ level, index: at / width });
    at += width;
  }
  return subtrees;
}

/** Folds adjacent subtree hashes (largest first) into the Merkle tree hash over all their leaves. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  const last = hashes.at(-1);
  if (!last) return EMPTY_ROOT;
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/**
 * Leaves [from, to) in compact form: the hashes of {@link coveringSubtrees}(from, to), at most two a level. All that is needed to go on
 * appending; a range from 0 is the right edge of a tree and knows its root.
 */
export class CompactRange {
  readonly from: number;
  #to: number;
  readonly #hashes: Uint8Array[];

  /** @throws RangeError when the hashes are not as many as the range needs. */
  constructor(from = 0, to = from, hashes: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from) throw new RangeError('a range of leaves is 0 ≤ from ≤ to');
    if (hashes.length !== coveringSubtrees(from, to).length) throw new RangeError(`leaves ${from} to ${to} take another number of hashes`);
    if (hashes.some((hash) => hash.length !== HASH_BYTES)) throw new RangeError(`a hash has ${HASH_BYTES} bytes`);
    this.from = from;
    this.#to = to;
    this.#hashes = [...hashes];
  }

  get to(): number {
    return this.#to;
  }

  get hashes(): readonly Uint8Array[] {
    return this.#hashes;
  }

  /** Appends one leaf, given by its leaf hash. */
  append(leaf: Uint8Array): void {
    this.appendSubtree(0, leaf);
  }

  /** Appends 2^level leaves at once, given by their subtree's hash. @throws RangeError where no subtree of that level can begin. */
  appendSubtree(level: number, hash: Uint8Array): void {
    let width = 2 ** level;
    let index = this.#to / width;
    if (!Number.isInteger(index)) throw new RangeError(`no subtree of level ${level} begins at leaf ${this.#to}`);
    this.#to += width;
    let merged = hash;
    while (index % 2 === 1 && (index - 1) * width >= this.from) {
      merged = nodeHash(this.#hashes.pop() as Uint8Array, merged);
      index = (index - 1) / 2;
      width *= 2;
    }
    this.#hashes.push(merged);
  }

  /** Appends the leaves of a range that begins where this one ends. */
  appendRange(next: CompactRange): void {
    if (next.from !== this.#to) throw new RangeError(`leaves from ${next.from} do not follow ${this.#to}`);
    coveringSubtrees(next.from, next.to).forEach(({ level }, i) => this.appendSubtree(level, next.hashes[i] as Uint8Array));
  }

  copy(): CompactRange {
    return new CompactRange(this.from, this.#to, this.#hashes);
  }

  /** The RFC 6962 root of the tree of `to` leaves. @throws RangeError for a range that does not begin at 0. */
  root(): Uint8Array {
    if (this.from !== 0) throw new RangeError('only a range from 0 has a root');
    return foldRight(this.#hashes);
  }
}

/** RFC 9162 §2.1.3.2: whether `leaf` (a leaf hash) is the leaf `index` of the tree of `size` leaves under `root`. */
export function verifyInclusion(index: number, size: number, leaf: Uint8Array, proof: readonly Uint8Array[], root: Uint8Array): boolean {
  if (index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && sameBytes(hash, root);
}

/** RFC 9162 §2.1.4.2: whether the tree (`newSize`, `newRoot`) only appended to the tree (`oldSize`, `oldRoot`). */
export function verifyConsistency(oldSize: number, oldRoot: Uint8Array, newSize: number, newRoot: Uint8Array, proof: readonly Uint8Array[]): boolean {
  if (oldSize < 0 || oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  // The RFC asks for 0 < first; everything is consistent with the empty tree, and its root is known.
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, EMPTY_ROOT);
  // A perfect old tree is itself a node of the new one, and its root is left out of the proof.
  const path = coveringSubtrees(0, oldSize).length === 1 ? [oldRoot, ...proof] : [...proof];
  const first = path.shift();
  if (!first) return false;
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let oldHash = first;
  let newHash = first;
  for (const sibling of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && sameBytes(oldHash, oldRoot) && sameBytes(newHash, newRoot);
}

/** Public values only: returns at the first difference. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
