import t from 'tap';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { systemScope } from '../../core/db/scope.ts';
import { toBase64 } from '../../core/audit/primitives.ts';
import { signingKey } from '../../core/audit/signing-key.ts';
import { rotateSigningKey } from '../../core/audit/store/rotate-signing-key.ts';
import { attestVerify } from '../../core/commands/attest-verify.ts';
import { exportLog } from '../../core/security/audit/export-log.ts';
import { attest, attestationScope } from '../../core/trust/attest.ts';
import { signAttestation } from '../../core/trust/attestation.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople } from '../support/people.ts';

const folder = t.testdir();
const { app } = await openTestApp(t, { port: 1 });
const { workspaceId } = await createPeople(app, 'willow');
const signed = await attest(app, attestationScope(workspaceId));
const write = (name: string, content: string | Buffer): string => {
  writeFileSync(`${folder}/${name}`, content);
  return `${folder}/${name}`;
};
const bundleOf = async (name: string): Promise<string> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await exportLog(app, systemScope(workspaceId, 'test'), 'bundle', {})).pieces) pieces.push(piece as Uint8Array);
  return write(name, Buffer.concat(pieces));
};
const attestation = write('attestation.json', JSON.stringify(signed, null, 2));
const bundle = await bundleOf('bundle.ndjson');

const run = async (file: string, values: Record<string, string> = {}) => {
  const said: { value: unknown; text: string }[] = [];
  const code = await attestVerify.run({ positionals: [file], values, out: { say: () => undefined, result: (value, text) => said.push({ value, text }) } });
  return { code, ...(said[0] as { value: object; text: string }) };
};

t.test('what was signed holds, and whose key it is a bundle or one’s own knowledge says', async (t) => {
  t.match(await run(attestation), { code: 0, value: { ok: true, isKeyKnown: false }, text: /The signature holds\. willow .* failing[^]*Whose key it is/ });
  t.match(await run(attestation, { bundle }), { code: 0, value: { ok: true, isKeyKnown: true } });
  t.match(await run(attestation, { key: toBase64(app.signer.publicKey) }), { code: 0, value: { isKeyKnown: true } });
});

t.test('another word, another key, another installation', async (t) => {
  const other = signingKey(generateKeyPairSync('ed25519').privateKey);
  const altered = write('altered.json', JSON.stringify(signed).replace('"status":"not_applicable"', '"status":"proved"'));
  t.match(await run(altered), { code: 1, value: { ok: false, fault: /signature does not hold/ } });
  const forged = write('forged.json', JSON.stringify(signAttestation(signed.attestation, other)));
  t.match(await run(forged), { code: 0, value: { isKeyKnown: false } }, 'by itself it is consistent');
  t.match(await run(forged, { bundle }), { code: 1, value: { fault: /not in the key log/ } });
  t.match(await run(forged, { key: toBase64(app.signer.publicKey) }), { code: 1, value: { fault: /another key/ } });
  const elsewhere = write('elsewhere.json', JSON.stringify(signAttestation({ ...signed.attestation, installation: workspaceId }, app.signer)));
  t.match(await run(elsewhere, { bundle }), { code: 1, value: { fault: /another installation/ } });
  t.match(await run(attestation, { bundle: altered }), { code: 1, value: { fault: /does not verify/ } });
});

t.test('a key that was retired before is not in force', async (t) => {
  const before = app.signer;
  await rotateSigningKey(app);
  const after = await bundleOf('after.ndjson');
  t.match(await run(attestation, { bundle: after }), { code: 0 }, 'what it signed in its time holds');
  const late = write('late.json', JSON.stringify(signAttestation({ ...signed.attestation, at: '2099-01-01T00:00:00.000Z' }, before)));
  t.match(await run(late, { bundle: after }), { code: 1, value: { fault: /not in force/ } });
});

t.test('what is no attestation is refused', async (t) => {
  for (const content of ['', '{}', 'x', '[]', JSON.stringify({ ...signed, more: 1 }), JSON.stringify({ ...signed, signature: '!' }), JSON.stringify({ ...signed, attestation: { ...signed.attestation, claims: [{}] } }), '{"header":1}\n{"entry":2}']) {
    t.match(await run(write('wrong.json', content)), { code: 2, text: /This is no attestation/ }, content.slice(0, 40));
  }
  await t.rejects(run(`${folder}/none.json`), /is not there/);
  await t.rejects(run(attestation, { bundle, key: 'x' }), /either/);
});
