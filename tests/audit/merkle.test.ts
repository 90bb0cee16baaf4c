import t from 'tap';
import { CompactRange, EMPTY_ROOT, leafHash, nodeHash, verifyConsistency, verifyInclusion } from '../../core/audit/merkle.ts';
import { fromHex, sha256, toHex } from '../../core/audit/primitives.ts';
import { consistencyProof, inclusionProof, rootFromTiles, subtreeHashes, tilePath, tilesFor, TILE_WIDTH, type TileCoordinate } from '../../core/audit/tiles.ts';
import type { TileReader } from '../../core/audit/tiles.ts';

/** RFC 6962 §2.1, written as it is written there: the oracle for everything below. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0] as Uint8Array;
  const k = split(leaves.length);
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** §2.1.1 PATH(m, D[n]). */
function path(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))] : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** §2.1.2 SUBPROOF(m, D[n], b). */
function subproof(m: number, leaves: readonly Uint8Array[], b: boolean): Uint8Array[] {
  if (m === leaves.length) return b ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k ? [...subproof(m, leaves.slice(0, k), b), mth(leaves.slice(k))] : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

function split(n: number): number {
  return 2 ** Math.ceil(Math.log2(n) - 1);
}

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => leafHash(sha256(Buffer.from(`entry ${i}`))));
}

const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(toHex);

/** Tiles kept in memory, widest first come: what a store does. Counts what is read. */
function tileStore(): { read: TileReader; grow(oldSize: number, leaves: readonly Uint8Array[]): Promise<void>; reads: string[]; widths: Map<string, number> } {
  const tiles = new Map<string, Uint8Array>();
  const reads: string[] = [];
  const widths = new Map<string, number>();
  const read: TileReader = async (level, index, width) => {
    reads.push(tilePath(level, index, width));
    const tile = tiles.get(`${level}/${index}`);
    if (!tile) throw new Error(`no tile ${level}/${index}`);
    return tile.subarray(0, width * 32);
  };
  return {
    read,
    reads,
    widths,
    async grow(oldSize, leaves) {
      for (const tile of await tilesFor(read, oldSize, leaves)) {
        tiles.set(`${tile.level}/${tile.index}`, tile.hashes);
        widths.set(`${tile.level}/${tile.index}`, tile.width);
      }
    },
  };
}

t.test('the roots of the Certificate Transparency reference tests', async (t) => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const frontier = new CompactRange();
  t.equal(toHex(frontier.root()), toHex(EMPTY_ROOT));
  t.equal(toHex(EMPTY_ROOT), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  inputs.forEach((input, i) => {
    frontier.append(leafHash(fromHex(input)));
    t.equal(toHex(frontier.root()), roots[i], `${i + 1} leaves`);
  });
});

t.test('compact range: the root of every prefix, resumed from its own hashes', async (t) => {
  const leaves = leavesOf(70);
  let frontier = new CompactRange();
  for (let size = 1; size <= leaves.length; size++) {
    frontier.append(leaves[size - 1] as Uint8Array);
    if (toHex(frontier.root()) !== toHex(mth(leaves.slice(0, size)))) t.fail(`root of ${size}`);
    frontier = new CompactRange(0, frontier.to, frontier.hashes);
  }
  t.equal(frontier.to, 70);
  t.throws(() => new CompactRange(0, 3, [leaves[0] as Uint8Array]), RangeError, 'a size with other bits than hashes');
  t.throws(() => frontier.appendSubtree(2, leaves[0] as Uint8Array), RangeError, 'a subtree where none can begin');
});

t.test('what is left of a range, the range, and what is right of it give the root', async (t) => {
  const size = 41;
  const leaves = leavesOf(size);
  const store = tileStore();
  await store.grow(0, leaves);
  for (let from = 0; from <= size; from++) {
    for (let to = from; to <= size; to += 3) {
      const tree = new CompactRange(0, from, await subtreeHashes(store.read, size, 0, from));
      const range = new CompactRange(from);
      for (const leaf of leaves.slice(from, to)) range.append(leaf);
      if (hex(range.hashes).join() !== hex(await subtreeHashes(store.read, size, from, to)).join()) t.fail(`hashes of ${from}..${to}`);
      tree.appendRange(range.copy());
      tree.appendRange(new CompactRange(to, size, await subtreeHashes(store.read, size, to, size)));
      if (toHex(tree.root()) !== toHex(mth(leaves))) t.fail(`root over ${from}..${to}`);
    }
  }
  t.throws(() => new CompactRange(3).root(), RangeError, 'a range from elsewhere has no root');
  t.throws(() => new CompactRange(0).appendRange(new CompactRange(1)), RangeError, 'a range that does not follow');
});

t.test('proofs from tiles are those of RFC 6962, and hold', async (t) => {
  const size = 37;
  const leaves = leavesOf(size);
  const store = tileStore();
  await store.grow(0, leaves);
  for (let n = 1; n <= size; n++) {
    const root = mth(leaves.slice(0, n));
    t.equal(toHex(await rootFromTiles(store.read, n)), toHex(root));
    for (let m = 0; m < n; m++) {
      const proof = await inclusionProof(store.read, m, n);
      const leaf = leaves[m] as Uint8Array;
      if (hex(proof).join() !== hex(path(m, leaves.slice(0, n))).join()) t.fail(`inclusion of ${m} in ${n}`);
      if (!verifyInclusion(m, n, leaf, proof, root)) t.fail(`inclusion of ${m} in ${n} refused`);
      if (verifyInclusion((m + 1) % n, n, leaf, proof, root) && n > 1) t.fail(`${m} accepted in another place of ${n}`);
      if (verifyInclusion(m, n, leafHash(leaf), proof, root)) t.fail(`another leaf accepted as ${m} of ${n}`);
      if (verifyInclusion(m, n, leaf, [...proof, leaf], root)) t.fail(`a longer proof accepted for ${m} of ${n}`);
      if (proof.length > 0 && verifyInclusion(m, n, leaf, proof.slice(1), root)) t.fail(`a shorter proof accepted for ${m} of ${n}`);
    }
    for (let m = 0; m <= n; m++) {
      const proof = await consistencyProof(store.read, m, n);
      const oldRoot = mth(leaves.slice(0, m));
      if (m > 0 && hex(proof).join() !== hex(subproof(m, leaves.slice(0, n), true)).join()) t.fail(`consistency ${m}..${n}`);
      if (!verifyConsistency(m, oldRoot, n, root, proof)) t.fail(`consistency ${m}..${n} refused`);
      if (m > 0 && verifyConsistency(m, leafHash(oldRoot), n, root, proof)) t.fail(`another old root accepted ${m}..${n}`);
      if (m > 0 && verifyConsistency(m, oldRoot, n, leafHash(root), proof)) t.fail(`another new root accepted ${m}..${n}`);
      if (m < n && verifyConsistency(n, root, m, oldRoot, proof)) t.fail(`shrinking accepted ${n}..${m}`);
    }
  }
  await t.rejects(inclusionProof(store.read, size, size), RangeError);
  await t.rejects(consistencyProof(store.read, 3, 2), RangeError);
});

/** The tiles that a tree grown from `before` to `after` leaves needs written, each at its new width (C2SP tlog-tiles, "Merkle Tree"). */
function tilesToWrite(before: number, after: number): TileCoordinate[] {
  const tiles: TileCoordinate[] = [];
  for (let level = 0, span = 1; span <= after; level++, span *= TILE_WIDTH) {
    const [had, has] = [Math.floor(before / span), Math.floor(after / span)];
    for (let index = Math.floor(had / TILE_WIDTH); index * TILE_WIDTH < has && had < has; index++) tiles.push({ level, index, width: Math.min(TILE_WIDTH, has - index * TILE_WIDTH) });
  }
  return tiles;
}

t.test('tiles: paths and widths of the specification’s examples', async (t) => {
  t.equal(tilePath(0, 1234067, 256), 'tile/0/x001/x234/067');
  t.equal(tilePath(0, 0, 15), 'tile/0/000.p/15');
  t.equal(tilePath('entries', 999, 256), 'tile/entries/999');
  t.equal(tilePath(3, 1000, 1), 'tile/3/x001/000.p/1');
  const of = (tiles: readonly { level: number; width: number }[], level: number, width: (w: number) => boolean): number[] =>
    tiles.filter((tile) => tile.level === level && width(tile.width)).map((tile) => tile.width);
  const full = (width: number): boolean => width === 256;
  const tiles = tilesToWrite(0, 70_000);
  t.equal(of(tiles, 0, full).length, 273);
  t.same(of(tiles, 0, (w) => !full(w)), [112]);
  t.equal(of(tiles, 1, full).length, 1);
  t.same(of(tiles, 1, (w) => !full(w)), [17]);
  t.same(of(tiles, 2, () => true), [1]);
  t.same(tilesToWrite(0, 256), [{ level: 0, index: 0, width: 256 }, { level: 1, index: 0, width: 1 }]);
  t.same(tilesToWrite(300, 300), []);
});

t.test('tiles: grown in uneven steps they equal those grown at once, and a proof reads few of them', async (t) => {
  const size = 70_000;
  const leaves = leavesOf(size);
  const [atOnce, bySteps] = [tileStore(), tileStore()];
  await atOnce.grow(0, leaves);
  const frontier = new CompactRange();
  for (let from = 0, step = 1; from < size; from += step, step = (step * 7 + 1) % 4999) {
    const chunk = leaves.slice(from, from + step);
    const written = await tilesFor(bySteps.read, from, chunk);
    t.same(written.map(({ level, index, width }) => ({ level, index, width })), tilesToWrite(from, from + chunk.length));
    await bySteps.grow(from, chunk);
  }
  for (const leaf of leaves) frontier.append(leaf);
  const root = toHex(frontier.root());
  t.equal(toHex(await rootFromTiles(atOnce.read, size)), root);
  t.equal(toHex(await rootFromTiles(bySteps.read, size)), root);
  t.same([...bySteps.widths].sort(), [...atOnce.widths].sort());
  for (const index of [0, 255, 256, 65_535, 65_536, 69_999]) {
    bySteps.reads.length = 0;
    const proof = await inclusionProof(bySteps.read, index, size);
    t.ok(verifyInclusion(index, size, leaves[index] as Uint8Array, proof, frontier.root()), `leaf ${index}`);
    t.ok(bySteps.reads.length <= 6, `${bySteps.reads.length} tiles for leaf ${index}`);
  }
  const proof = await consistencyProof(bySteps.read, 65_600, size);
  t.ok(verifyConsistency(65_600, await rootFromTiles(bySteps.read, 65_600), size, frontier.root(), proof));
});

t.test('a tile of the wrong length is refused', async (t) => {
  await t.rejects(rootFromTiles(async () => new Uint8Array(31), 1), RangeError);
});
