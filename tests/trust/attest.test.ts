import t from 'tap';
import { generateKeyPairSync } from 'node:crypto';
import { signingKey } from '../../core/audit/signing-key.ts';
import { toBase64 } from '../../core/audit/primitives.ts';
import { attest, attestationScope } from '../../core/trust/attest.ts';
import { signAttestation, verifyAttestation, type SignedAttestation } from '../../core/trust/attestation.ts';
import { claim, type Claim } from '../../core/trust/claim.ts';
import { CLAIMS } from '../../core/trust/claims.ts';
import { proveClaims } from '../../core/trust/prove-claims.ts';
import { verificationsOf } from '../../core/security/audit/verification.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs } from '../support/people.ts';

const { app } = await openTestApp(t, { port: 1 });
const people = await createPeople(app, 'willow');
const { workspaceId } = people;
const actions = (action: string) => app.withWorkspace(attestationScope(workspaceId), (tx) => tx.knex('app.audit_entries').where({ action }).orderBy('seq').select('outcome', 'actor_id', 'body')) as Promise<{ outcome: string; actor_id: string | null; body: string }[]>;

t.test('an attestation is signed, recorded and verifies offline', async (t) => {
  const signed = await attest(app, scopeAs(people.officer));
  t.match(signed.attestation, { installation: app.installationId, workspace: { id: workspaceId, slug: 'willow' }, version: /^\d+\.\d+\.\d+/ });
  t.same(signed.attestation.claims.map(({ id }) => id), CLAIMS.map(({ id }) => id));
  t.same(signed.attestation.claims.filter(({ status }) => status === 'failing').map(({ id, summary, evidence }) => `${id} ${summary} ${JSON.stringify(evidence)}`), []);
  t.same(signed.attestation.claims.filter(({ status }) => status === 'not_applicable').map(({ id }) => id), ['ACC-2', 'DOC-1', 'TLS-1', 'NET-1', 'PRG-1', 'BKP-1'], 'nothing listens, nothing was imported, nothing is packed, and no week has passed');

  const read = JSON.parse(JSON.stringify(signed)) as SignedAttestation;
  t.ok(verifyAttestation(read), 'after a round through JSON');
  t.ok(verifyAttestation(read, toBase64(app.signer.publicKey)));
  const altered = structuredClone(read) as { attestation: { claims: { summary: string }[] } } & SignedAttestation;
  (altered.attestation.claims[0] as { summary: string }).summary = 'All is well.';
  t.notOk(verifyAttestation(altered));
  t.notOk(verifyAttestation(signAttestation(read.attestation, signingKey(generateKeyPairSync('ed25519').privateKey)), read.publicKey), 'another key');

  const [entry] = await actions('trust.attested');
  t.equal(entry?.actor_id, people.officer.id);
  t.match(JSON.parse(entry?.body as string).detail, { proved: CLAIMS.length - 6, failing: 0, notApplicable: 6 });
});

t.test('only who may read the trust page may attest, and only who may verify may verify', async (t) => {
  await t.rejects(attest(app, scopeAs(people.agent)), { code: 'access.denied' });
  const verifications = verificationsOf(app);
  await t.rejects(verifications.start(scopeAs(people.agent), 'since-checkpoint'), { code: 'access.denied' });
  await verifications.start(scopeAs(people.officer), 'whole');
  t.equal((await actions('audit.verified')).at(-1)?.actor_id, people.officer.id);
  t.equal((await actions('access.refused')).length, 2);
});

t.test('what does not come to an end, or breaks, is failing; the others are proved all the same', async (t) => {
  const make = (id: string, prove: Claim['prove']) => claim({ id, title: id, statement: id, prove });
  const proven = await proveClaims(app, workspaceId, [
    make('X-1', () => new Promise(() => undefined)),
    make('X-2', async () => {
      throw new TypeError('Ana Ruiz');
    }),
    make('X-3', async () => ({ status: 'proved', summary: 'fine', evidence: {} })),
  ], 100);
  t.match(proven, [{ id: 'X-1', status: 'failing', summary: 'Not proved within 0.1 seconds.' }, { id: 'X-2', status: 'failing', evidence: { error: 'TypeError' } }, { id: 'X-3', status: 'proved' }]);
  t.notMatch(JSON.stringify(proven), 'Ana');
});
