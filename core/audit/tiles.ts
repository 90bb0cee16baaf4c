import { coveringSubtrees, foldRight, HASH_BYTES, nodeHash } from './merkle.ts';
import type { Subtree } from './merkle.ts';

// C2SP tlog-tiles: the tree cut into tiles of 256 hashes (8 levels), so that a proof in a log of millions reads a handful of them.

const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;

/** Tile `index` of `level` holds MTH(D[(index·256+i)·256^level : (index·256+i+1)·256^level]) for i from 0 to width−1. */
export interface TileCoordinate {
  readonly level: number;
  readonly index: number;
  /** 1 to 256; a full tile has 256. */
  readonly width: number;
}

export interface Tile extends TileCoordinate {
  /** width × 32 bytes. */
  readonly hashes: Uint8Array;
}

/** Must return the first `width` hashes of a tile, exactly width × 32 bytes: tiles only grow, so a wider one serves with its prefix. */
export type TileReader = (level: number, index: number, width: number) => Promise<Uint8Array>;

/** Hashes a tree of `size` leaves has at tile level `level`, over all its tiles. */
function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

function widthOfTile(level: number, index: number, size: number): number {
  return Math.min(TILE_WIDTH, hashesAtLevel(level, size) - index * TILE_WIDTH);
}

/** Path below a log's prefix, as the specification writes it: `tile/0/x001/x234/067` or `tile/0/000.p/15`; bundles take `entries`. */
export function tilePath(level: number | 'entries', index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) as string[];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

/**
 * The tiles, with their bytes, that appending `leaves` (leaf hashes) to a tree of `oldSize` writes. Reads at most one partial tile a level.
 * Partial tiles come out at their new width; whoever stores them replaces the narrower one.
 */
export async function tilesFor(read: TileReader, oldSize: number, leaves: readonly Uint8Array[]): Promise<Tile[]> {
  const tiles: Tile[] = [];
  let added: readonly Uint8Array[] = leaves;
  for (let level = 0; added.length > 0; level++) {
    const start = hashesAtLevel(level, oldSize);
    const kept = start % TILE_WIDTH;
    let index = Math.floor(start / TILE_WIDTH);
    let hashes = kept > 0 ? split(await readTile(read, { level, index, width: kept })) : [];
    const above: Uint8Array[] = [];
    for (let taken = 0; taken < added.length; index++) {
      const room = TILE_WIDTH - hashes.length;
      hashes = [...hashes, ...added.slice(taken, taken + room)];
      taken += room;
      tiles.push({ level, index, width: hashes.length, hashes: join(hashes) });
      if (hashes.length === TILE_WIDTH) above.push(foldPerfect(hashes));
      hashes = [];
    }
    added = above;
  }
  return tiles;
}

/** RFC 6962 §2.1 root of the first `size` leaves. */
export async function rootFromTiles(read: TileReader, size: number): Promise<Uint8Array> {
  const [root] = await hashRanges(read, size, [[0, size]]);
  return root as Uint8Array;
}

/** RFC 6962 §2.1.1 PATH(index, D[size]): siblings from the leaf upwards. */
export async function inclusionProof(read: TileReader, index: number, size: number): Promise<Uint8Array[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`);
  const ranges: Range[] = [];
  for (let [from, to] = [0, size]; to - from > 1; ) {
    const middle = from + largestPowerBelow(to - from);
    ranges.unshift(index < middle ? [middle, to] : [from, middle]);
    [from, to] = index < middle ? [from, middle] : [middle, to];
  }
  return hashRanges(read, size, ranges);
}

/** RFC 6962 §2.1.2 PROOF(oldSize, D[newSize]); empty when either tree says it all (sizes equal, or the old one empty). */
export async function consistencyProof(read: TileReader, oldSize: number, newSize: number): Promise<Uint8Array[]> {
  if (!(oldSize >= 0 && oldSize <= newSize)) throw new RangeError(`no consistency proof from ${oldSize} to ${newSize} leaves`);
  if (oldSize === 0 || oldSize === newSize) return [];
  const ranges: Range[] = [];
  let [from, to] = [0, newSize];
  while (oldSize !== to) {
    const middle = from + largestPowerBelow(to - from);
    ranges.unshift(oldSize <= middle ? [middle, to] : [from, middle]);
    [from, to] = oldSize <= middle ? [from, middle] : [middle, to];
  }
  // SUBPROOF's `b`: a subtree that is the whole old tree is known to the verifier and left out.
  if (from > 0) ranges.unshift([from, to]);
  return hashRanges(read, newSize, ranges);
}

/** Hashes of {@link coveringSubtrees}(from, to), in a tree of `size` leaves. */
export async function subtreeHashes(read: TileReader, size: number, from: number, to: number): Promise<Uint8Array[]> {
  const subtrees = coveringSubtrees(from, to);
  const tiles = await loadTiles(read, size, subtrees);
  return subtrees.map((subtree) => subtreeHash(tiles, subtree));
}

type Range = readonly [from: number, to: number];

/** MTH(D[from:to]) of each range; every range begins where RFC 6962's recursion can begin one. All tiles are read at once. */
async function hashRanges(read: TileReader, size: number, ranges: readonly Range[]): Promise<Uint8Array[]> {
  const covers = ranges.map(([from, to]) => coveringSubtrees(from, to));
  const tiles = await loadTiles(read, size, covers.flat());
  return covers.map((cover) => foldRight(cover.map((subtree) => subtreeHash(tiles, subtree))));
}

type LoadedTiles = ReadonlyMap<string, Uint8Array>;

async function loadTiles(read: TileReader, size: number, subtrees: readonly Subtree[]): Promise<LoadedTiles> {
  const wanted = new Map<string, TileCoordinate>();
  for (const subtree of subtrees) {
    const { level, index } = locate(subtree);
    wanted.set(`${level}/${index}`, { level, index, width: widthOfTile(level, index, size) });
  }
  return new Map(await Promise.all([...wanted].map(async ([name, tile]) => [name, await readTile(read, tile)] as const)));
}

async function readTile(read: TileReader, { level, index, width }: TileCoordinate): Promise<Uint8Array> {
  const hashes = await read(level, index, width);
  if (hashes.length !== width * HASH_BYTES) throw new RangeError(`tile ${tilePath(level, index, width)} has ${hashes.length} bytes, not ${width * HASH_BYTES}`);
  return hashes;
}

/** The tile a subtree's hash is in (or under), and where its span of 2^height hashes begins there. */
function locate({ level, index }: Subtree): { level: number; index: number; offset: number; height: number } {
  const height = level % TILE_HEIGHT;
  const first = index * 2 ** height;
  return { level: (level - height) / TILE_HEIGHT, index: Math.floor(first / TILE_WIDTH), offset: first % TILE_WIDTH, height };
}

function subtreeHash(tiles: LoadedTiles, subtree: Subtree): Uint8Array {
  const { level, index, offset, height } = locate(subtree);
  const tile = tiles.get(`${level}/${index}`) as Uint8Array;
  return foldPerfect(split(tile.subarray(offset * HASH_BYTES, (offset + 2 ** height) * HASH_BYTES)));
}

/** The root over a power of two of hashes. */
function foldPerfect(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i] as Uint8Array, row[2 * i + 1] as Uint8Array));
  return row[0] as Uint8Array;
}

function split(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / HASH_BYTES }, (_, i) => hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

function join(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, i) => bytes.set(hash, i * HASH_BYTES));
  return bytes;
}

/** RFC 6962 §2.1: the largest power of two smaller than n (n > 1). */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}
