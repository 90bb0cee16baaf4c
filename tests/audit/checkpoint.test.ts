import t from 'tap';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { logOrigin, parseCheckpoint, signCheckpoint } from '../../core/audit/checkpoint.ts';
import { signingKey } from '../../core/audit/signing-key.ts';
import { FormatError } from '../../core/audit/format-error.ts';
import { EMPTY_ROOT, leafHash, verifyConsistency, verifyInclusion } from '../../core/audit/merkle.ts';
import { fromBase64, toBase64, toHex } from '../../core/audit/primitives.ts';
import { noteKeyId, parseNote, signNote, verifiedBy } from '../../core/audit/signed-note.ts';
import { consistencyProof, inclusionProof, rootFromTiles, tilePath } from '../../core/audit/tiles.ts';
import type { TileReader } from '../../core/audit/tiles.ts';

const TLOG = new URL('../../../shared/data/vectors/tlog/', import.meta.url);
// The key transparency-dev/tessera's testdata/build_log.sh made the log with.
// Its verifier key is example.com/log/testdata+33d7b496+AeHTu4Q3…: name, ID, and behind a byte for Ed25519 the key itself.
const TLOG_KEY = { name: 'example.com/log/testdata', publicKey: fromBase64('AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx').subarray(1) };
const SIZES = Array.from({ length: 16 }, (_, size) => size);

const isMissing = !existsSync(TLOG) && !process.env['CI'];

t.test('a log that another implementation wrote', { skip: isMissing && 'no ../shared/data' }, async (t) => {
  const file = (path: string): Buffer => readFileSync(new URL(path, TLOG));
  const read: TileReader = async (level, index, width) => file(tilePath(level, index, width));
  t.equal(noteKeyId(TLOG_KEY), '33d7b496');
  const checkpoints = SIZES.map((size) => parseCheckpoint(file(`checkpoint.${size}`).toString()));
  // The log was grown one entry at a time, so every size has its own partial tile; tile 15 alone would do as well.
  for (const checkpoint of checkpoints) {
    t.equal(checkpoint.origin, 'example.com/log/testdata');
    t.equal(verifiedBy(checkpoint.note, [TLOG_KEY])?.length, 1, `signature at ${checkpoint.size}`);
    t.equal(toBase64(await rootFromTiles(read, checkpoint.size)), toBase64(checkpoint.root), `root at ${checkpoint.size}`);
  }
  t.same(checkpoints.map(({ size }) => size), SIZES);
  t.same(checkpoints[0]?.root, EMPTY_ROOT);
  for (const older of checkpoints) {
    for (const newer of checkpoints.slice(older.size)) {
      const proof = await consistencyProof(read, older.size, newer.size);
      t.ok(verifyConsistency(older.size, older.root, newer.size, newer.root, proof), `${older.size} to ${newer.size}`);
    }
  }
  const words = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'.split(' ');
  for (const { size, root } of checkpoints.slice(1)) {
    const bundle = file(tilePath('entries', 0, size));
    const entries: string[] = [];
    for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) entries.push(bundle.toString('utf8', at + 2, at + 2 + bundle.readUInt16BE(at)));
    t.same(entries, words.slice(0, size));
    for (const [index, entry] of entries.entries()) {
      const proof = await inclusionProof(read, index, size);
      t.ok(verifyInclusion(index, size, leafHash(Buffer.from(entry)), proof, root), `entry ${index} in ${size}`);
    }
  }
});

t.test('a published log and key: the example of C2SP tlog-checkpoint parses', async (t) => {
  const text =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';
  const checkpoint = parseCheckpoint(text);
  t.match(checkpoint, { origin: 'example.com/behind-the-sofa', size: 20852163, extensions: [] });
  t.match(checkpoint.note.signatures, [{ name: 'example.com/behind-the-sofa', id: '033de0ae' }]);
});

const key = signingKey(generateKeyPairSync('ed25519').privateKey);
const other = signingKey(generateKeyPairSync('ed25519').privateKey);
const named = { name: 'wardkeep/clinic', publicKey: key.publicKey };

t.test('signed, written, read, verified', async (t) => {
  const text = signCheckpoint({ origin: logOrigin('clinic', 'willow'), size: 3, root: EMPTY_ROOT }, named.name, key);
  const checkpoint = parseCheckpoint(text);
  t.match(checkpoint, { origin: 'wardkeep/clinic/willow', size: 3, extensions: [] });
  t.same(verifiedBy(checkpoint.note, [named]), [named]);
  t.equal(checkpoint.note.signatures[0]?.id, noteKeyId(named));
  t.throws(() => signCheckpoint({ origin: '', size: 3, root: EMPTY_ROOT }, named.name, key), FormatError);
  t.throws(() => signCheckpoint({ origin: 'a\nb', size: 3, root: EMPTY_ROOT }, named.name, key), FormatError);
  t.throws(() => signCheckpoint({ origin: 'a', size: 3, root: EMPTY_ROOT }, 'with space', key), FormatError);
});

t.test('who signed: unknown keys are ignored, a known one that lies spoils the note', async (t) => {
  const text = 'a\n\nb\n';
  const note = signNote(text, [{ name: 'witness', key: other }, { name: named.name, key }]);
  t.equal(parseNote(note).text, text, 'the text may hold blank lines');
  t.same(verifiedBy(parseNote(note), [named]), [named]);
  t.same(verifiedBy(parseNote(note), [{ ...named, name: 'wardkeep/other' }]), [], 'same key, other name');
  t.same(verifiedBy(parseNote(note), [{ ...named, publicKey: other.publicKey }]), [], 'same name, other key');
  t.equal(verifiedBy(parseNote(note.replace('b\n', 'c\n')), [named]), null, 'text changed');
});

t.test('strict reading of notes and checkpoints', async (t) => {
  const good = signCheckpoint({ origin: 'o', size: 3, root: EMPTY_ROOT }, named.name, key);
  const root = toBase64(EMPTY_ROOT);
  const signature = good.split('\n\n')[1] as string;
  const checkpoint = (text: string): string => `${text}\n${signature}`;
  const refused: [name: string, text: string][] = [
    ['empty', ''],
    ['no signatures', `o\n3\n${root}\n`],
    ['no signature line', `o\n3\n${root}\n\n`],
    ['no final newline', good.slice(0, -1)],
    ['a hyphen for the em dash', good.replace('—', '-')],
    ['two spaces', good.replace('— ', '—  ')],
    ['text after the signature', `${good}x\n`],
    ['a carriage return', good.replace('o\n', 'o\r\n')],
    ['a tab', good.replace('o\n', 'o\t\n')],
    ['a lone surrogate', good.replace('o\n', '\ud800\n')],
    ['a key name with a plus', good.replace('wardkeep/', 'ward+keep/')],
    ['a key name with a no-break space', good.replace('wardkeep/', 'ward\u00a0keep/')],
    ['base64 without padding', good.replace(/=+\n$/, '\n')],
    ['base64 with stray bits', checkpoint(`o\n3\n${root.replace('U=', 'V=')}\n`)],
    ['a signature of four bytes', good.replace(/ \S+\n$/, ' AAAAAA==\n')],
    ['signatures without measure', `${good}${signature.repeat(100)}`],
    ['no origin', checkpoint(`\n3\n${root}\n`)],
    ['a leading zero', checkpoint(`o\n03\n${root}\n`)],
    ['a sign', checkpoint(`o\n+3\n${root}\n`)],
    ['hexadecimal', checkpoint(`o\n0x3\n${root}\n`)],
    ['a size beyond 2^53', checkpoint(`o\n9007199254740993\n${root}\n`)],
    ['no root', checkpoint('o\n3\n')],
    ['a root of 31 bytes', checkpoint(`o\n3\n${toBase64(EMPTY_ROOT.subarray(1))}\n`)],
    ['an empty extension line', checkpoint(`o\n3\n${root}\n\n`)],
  ];
  t.equal(toHex(parseCheckpoint(good).root), toHex(EMPTY_ROOT));
  t.same(parseCheckpoint(checkpoint(`o\n3\n${root}\nextra\n`)).extensions, ['extra']);
  for (const [name, text] of refused) t.throws(() => parseCheckpoint(text), FormatError, name);
});
