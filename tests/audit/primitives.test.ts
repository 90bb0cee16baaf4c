import t from 'tap';
import { existsSync, readFileSync } from 'node:fs';
import { FormatError } from '../../core/audit/format-error.ts';
import * as node from '../../core/audit/primitives.ts';
import * as page from '../../core/audit/verifier-page/primitives.ts';

const WYCHEPROOF = new URL('../../../shared/data/vectors/wycheproof/ed25519_test.json', import.meta.url);
const isMissing = !existsSync(WYCHEPROOF) && !process.env['CI'];

type Vectors = { numberOfTests: number; testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string; comment: string }[] }[] };

t.test('Wycheproof Ed25519: node:crypto and @noble give the right answer to every vector', { skip: isMissing && 'no ../shared/data' }, async (t) => {
  const { numberOfTests, testGroups } = JSON.parse(readFileSync(WYCHEPROOF, 'utf8')) as Vectors;
  let seen = 0;
  for (const { publicKey, tests } of testGroups) {
    for (const { tcId, msg, sig, result, comment } of tests) {
      const [key, message, signature] = [publicKey.pk, msg, sig].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer, Buffer];
      t.equal(node.verifyEd25519(key, message, signature), result === 'valid', `node ${tcId} ${comment}`);
      t.equal(page.verifyEd25519(key, message, signature), result === 'valid', `page ${tcId} ${comment}`);
      seen++;
    }
  }
  t.equal(seen, numberOfTests);
});

t.test('keys of small order and keys that are not reduced verify nothing, in either', async (t) => {
  // Under the identity point S = 0, R = identity satisfies the equation for every message.
  const identity = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
  const forged = Buffer.concat([identity, Buffer.alloc(32)]);
  const keys = [
    identity.toString('hex'),
    `00${'00'.repeat(31)}`,
    `${'00'.repeat(31)}80`,
    `ec${'ff'.repeat(30)}7f`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    `01${'00'.repeat(30)}80`, // x = 0 with its sign set
    `ee${'ff'.repeat(30)}7f`, // y = p + 1
  ];
  for (const key of keys) {
    for (let i = 0; i < 16; i++) {
      if (node.verifyEd25519(Buffer.from(key, 'hex'), Buffer.of(i), forged)) t.fail(`node took ${key}`);
      if (page.verifyEd25519(Buffer.from(key, 'hex'), Buffer.of(i), forged)) t.fail(`page took ${key}`);
    }
  }
  t.pass(`${keys.length} keys`);
});

for (const [name, own] of Object.entries({ node, page })) {
  t.test(`${name}: hashes and encodings`, async (t) => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    t.equal(hex(own.sha256(Buffer.from('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'FIPS 180-4 “abc”');
    const stream = own.sha256Stream();
    stream.update(Buffer.from('a'));
    stream.update(Buffer.from('bc'));
    t.equal(hex(stream.digest()), hex(own.sha256(Buffer.from('abc'))));
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (let length = 0; length < 256; length += 17) {
      t.equal(own.toHex(bytes.subarray(0, length)), hex(bytes.subarray(0, length)));
      t.equal(hex(own.fromHex(own.toHex(bytes.subarray(0, length)))), hex(bytes.subarray(0, length)));
      t.equal(own.toBase64(bytes.subarray(1, length + 1)), Buffer.from(bytes.subarray(1, length + 1)).toString('base64'));
      t.equal(hex(own.fromBase64(own.toBase64(bytes.subarray(0, length)))), hex(bytes.subarray(0, length)));
    }
    for (const bad of ['0', 'AB', 'zz', ' 00', '00\n']) t.throws(() => own.fromHex(bad), FormatError, JSON.stringify(bad));
    for (const bad of ['A', 'AA', 'AA=', 'AB==', 'AAB=', 'AA==\n', ' AA==', 'AA-_', 'AAAA====', '====', 'AA==AAAA', 'ä===']) t.throws(() => own.fromBase64(bad), FormatError, JSON.stringify(bad));
    for (const [key, signature] of [[31, 64], [32, 63], [33, 64], [0, 0]] as const) t.equal(own.verifyEd25519(new Uint8Array(key), bytes, new Uint8Array(signature)), false, 'wrong lengths are no signature');
  });
}
