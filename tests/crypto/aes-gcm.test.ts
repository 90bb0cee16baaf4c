import t from 'tap';
import { decryptGcm, encryptGcm, EnvelopeError } from '../../core/crypto/envelope.ts';
import { bytes, skipWithoutVectors, testGroups, type Verdict } from './wycheproof.ts';

type Group = { ivSize: number; keySize: number; tagSize: number; tests: { tcId: number; comment: string; key: string; iv: string; aad: string; msg: string; ct: string; tag: string; result: Verdict }[] };

t.test('Wycheproof AES-GCM through our wrappers', { skip: skipWithoutVectors }, async (t) => {
  const counts = { opened: 0, refused: 0, foreign: 0 };
  for (const group of testGroups<Group>('aes_gcm_test.json')) {
    const isOurs = group.keySize === 256 && group.ivSize === 96 && group.tagSize === 128;
    for (const test of group.tests) {
      const name = `${test.tcId} ${test.comment}`;
      const [key, nonce, aad, plaintext, sealed] = [bytes(test.key), bytes(test.iv), bytes(test.aad), bytes(test.msg), bytes(test.ct + test.tag)];
      if (isOurs && test.result === 'valid') {
        t.same(encryptGcm(key, nonce, plaintext, aad), sealed, `${name}: sealed alike`);
        t.same(decryptGcm(key, nonce, sealed, aad), plaintext, `${name}: opens`);
        counts.opened += 1;
        continue;
      }
      t.throws(() => decryptGcm(key, nonce, sealed, aad), EnvelopeError, `${name}: refused`);
      if (isOurs) counts.refused += 1;
      else {
        t.throws(() => encryptGcm(key, nonce, plaintext, aad), RangeError, `${name}: no sealing with another size`);
        counts.foreign += 1;
      }
    }
  }
  t.ok(counts.opened > 30 && counts.refused > 20 && counts.foreign > 100, JSON.stringify(counts));
});
