import t from 'tap';
import { ChainVerifier } from '../../core/audit/chain-verifier.ts';
import { checkLines, entryLine, sealedLine } from '../../core/audit/check-block.ts';
import { canonicalize } from '../../core/audit/canonical.ts';
import type { SealedEntry } from '../../core/audit/entry.ts';
import { readKeyLog } from '../../core/audit/key-log.ts';
import { toHex } from '../../core/audit/primitives.ts';
import { rootFromTiles } from '../../core/audit/tiles.ts';
import { openVerifyWorkers } from '../../core/audit/verify-workers.ts';
import { INSTALLATION, simpleLog, WILLOW } from '../support/audit-log.ts';

const log = await simpleLog(40);
const context = { workspace: WILLOW, keys: readKeyLog(log.keyLog, INSTALLATION) };
const entry = (seq: number): SealedEntry => log.entries[seq - 1] as SealedEntry;

t.test('night after night: each resumes where the last ended, and comes to the same root', async (t) => {
  let position;
  for (const [from, to] of [[0, 1], [1, 17], [17, 17], [17, 40]] as const) {
    const chain: ChainVerifier = new ChainVerifier(context, position);
    t.equal(chain.push(log.entries.slice(from, to)), null);
    t.equal(chain.seq, to);
    position = chain.position;
    t.equal(toHex(position.range.root()), toHex(await rootFromTiles(log.tiles, to)));
  }
  const skipped = new ChainVerifier(context, position);
  t.match(skipped.push([entry(40)]), { fault: 'sequence', seq: 40 }, 'nothing is taken twice');
});

t.test('an entry replaced between two nights is seen by its neighbour', async (t) => {
  const first = new ChainVerifier(context);
  first.push(log.entries.slice(0, 10));
  const second = new ChainVerifier(context, { ...first.position, prev: entry(9).hash });
  t.match(second.push(log.entries.slice(10)), { fault: 'chain', seq: 11 });
});

t.test('after a fault nothing more is taken in', async (t) => {
  const chain = new ChainVerifier(context);
  const broken = { ...entry(5), entry: { ...entry(5).entry, ip: null } };
  t.match(chain.push([...log.entries.slice(0, 4), broken, ...log.entries.slice(5)]), { fault: 'hash', seq: 5 });
  t.equal(chain.seq, 4);
  t.match(chain.push(log.entries.slice(4)), { fault: 'hash', seq: 5 });
  t.equal(chain.seq, 4);
});

t.test('prefixes are kept where asked', async (t) => {
  const chain = new ChainVerifier(context, undefined, [0, 7, 99]);
  chain.push(log.entries);
  t.equal(chain.prefixAt(0)?.to, 0);
  t.equal(toHex(chain.prefixAt(7)?.root() ?? new Uint8Array()), toHex(await rootFromTiles(log.tiles, 7)));
  t.equal(chain.prefixAt(99), null);
  t.equal(chain.prefixAt(8), null);
});

t.test('blocks cut anywhere come to the same as one', async (t) => {
  const lines = log.entries.map((sealed) => `${entryLine(sealed)}\n`);
  const whole = checkLines(context, Buffer.from(lines.join('')));
  for (let at = 0; at <= lines.length; at += 3) {
    const chain = new ChainVerifier(context);
    for (const part of [lines.slice(0, at), lines.slice(at)]) chain.absorb(checkLines(context, Buffer.from(part.join(''))));
    t.equal(chain.fault, null);
    t.equal(chain.seq, 40);
  }
  t.equal(toHex(whole.hashes), log.entries.map(({ hash }) => hash).join(''));
});

t.test('stored parts make the same line; a stored body that is not canonical, or holds two entries, is no line', async (t) => {
  const { hash, keyId, signature } = entry(1);
  const body = canonicalize(entry(1).entry);
  t.equal(sealedLine(body, hash, keyId, signature), entryLine(entry(1)));
  for (const stored of [` ${body}`, `${body}\n`, `${body},"hash":""}\n{"entry":${body}`, body.replace('"seq":1', '"seq":1.0')]) {
    const chain = new ChainVerifier(context);
    t.match(chain.absorb(checkLines(context, Buffer.from(`${sealedLine(stored, hash, keyId, signature)}\n`))), { fault: 'format', seq: 1 });
  }
});

t.test('workers answer in the order they were asked, on any core', async (t) => {
  const checker = openVerifyWorkers(context, 3);
  t.teardown(() => checker.close());
  const blocks = await Promise.all(Array.from({ length: 40 }, (_, i) => checker.check(Buffer.from(`${entryLine(entry(i + 1))}\n`))));
  const chain = new ChainVerifier(context);
  for (const block of blocks) t.equal(chain.absorb(block), null);
  t.equal(chain.seq, 40);
});
