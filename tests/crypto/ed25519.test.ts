import t from 'tap';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { signingKey } from '../../core/audit/signing-key.ts';
import { verifyEd25519 } from '../../core/audit/primitives.ts';
import { bytes, skipWithoutVectors, testGroups, type Verdict } from './wycheproof.ts';

t.test('Wycheproof Ed25519 through the verifier of audit and attestations', { skip: skipWithoutVectors }, async (t) => {
  type Group = { publicKey: { pk: string }; tests: { tcId: number; comment: string; msg: string; sig: string; result: Verdict }[] };
  let count = 0;
  for (const { publicKey, tests } of testGroups<Group>('ed25519_test.json')) {
    for (const test of tests) {
      t.equal(verifyEd25519(bytes(publicKey.pk), bytes(test.msg), bytes(test.sig)), test.result === 'valid', `${test.tcId} ${test.comment}`);
      count += 1;
    }
  }
  t.ok(count > 140);
});

t.test('RFC 8032 section 7.1, test 2: our signer gives the published signature', async (t) => {
  const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
  const key = signingKey(createPrivateKey({ key: bytes(`302e020100300506032b657004220420${seed}`), format: 'der', type: 'pkcs8' }));
  t.same(key.publicKey, new Uint8Array(bytes('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')));
  t.same(Buffer.from(key.sign(Uint8Array.of(0x72))), bytes('92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'));
  t.throws(() => signingKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey), TypeError);
});
