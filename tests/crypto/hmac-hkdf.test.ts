import t from 'tap';
import { blindIndex, hmacSha256 } from '../../core/crypto/blind-index.ts';
import { hkdfSha256 } from '../../core/crypto/hkdf.ts';
import { bytes, skipWithoutVectors, testGroups, type Verdict } from './wycheproof.ts';

t.test('Wycheproof HMAC-SHA-256', { skip: skipWithoutVectors }, async (t) => {
  type Group = { tagSize: number; tests: { tcId: number; key: string; msg: string; tag: string; result: Verdict }[] };
  let count = 0;
  for (const { tagSize, tests } of testGroups<Group>('hmac_sha256_test.json')) {
    for (const test of tests) {
      const tag = hmacSha256(bytes(test.key), bytes(test.msg)).subarray(0, tagSize / 8);
      t.equal(tag.equals(bytes(test.tag)), test.result === 'valid', `${test.tcId} is ${test.result}`);
      count += 1;
    }
  }
  t.ok(count > 150);
});

t.test('Wycheproof HKDF-SHA-256', { skip: skipWithoutVectors }, async (t) => {
  type Group = { tests: { tcId: number; ikm: string; salt: string; info: string; size: number; okm: string; result: Verdict }[] };
  let count = 0;
  for (const { tests } of testGroups<Group>('hkdf_sha256_test.json')) {
    for (const test of tests) {
      const derive = () => hkdfSha256(bytes(test.ikm), bytes(test.salt), bytes(test.info), test.size);
      if (test.result === 'valid') t.same(derive(), bytes(test.okm), `${test.tcId}`);
      else t.throws(derive, `${test.tcId} asks for more than 255 blocks`);
      count += 1;
    }
  }
  t.ok(count > 80);
});

t.test('a blind index is the first 64 bits of the HMAC of domain and term', async (t) => {
  const key = Buffer.alloc(32, 7);
  t.equal(blindIndex(key, 'name', '=rose'), hmacSha256(key, Buffer.from('name\n=rose')).readBigInt64BE(0).toString());
  t.not(blindIndex(key, 'name', '=rose'), blindIndex(key, 'point', '=rose'), 'another domain, another tag');
  t.not(blindIndex(key, 'name', '=rose'), blindIndex(Buffer.alloc(32, 8), 'name', '=rose'), 'another workspace, another tag');
});
