import t from 'tap';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { recentOutcomes } from '../../core/security/audit/verification.ts';
import { CLAIMS } from '../../core/trust/claims.ts';
import { proveClaims } from '../../core/trust/prove-claims.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs } from '../support/people.ts';

// Somebody with SQL of his own may add outcomes of verifications that never were. None of them counts.

const { app, database } = await openTestApp(t);
const { officer, workspaceId } = await createPeople(app, 'willow');
const scope = scopeAs(officer);
const state = (finished: Date) => app.withWorkspace(scope, (tx) => tx.query(
  "insert into app.audit_verifications (workspace_id, id, started_at, finished_at, from_seq, to_seq, ok) values ($1, gen_random_uuid(), '2999-01-01', $2, 1, 1000000, true)", [workspaceId, finished]));
const night = async () => (await proveClaims(app, workspaceId, CLAIMS.filter(({ id }) => id === 'AUD-1')))[0];

t.test('an outcome that no entry tells of', async (t) => {
  await state(new Date('2999-01-02'));
  await state(new Date());
  t.match(await verifyStored(app, scope, 'weekly'), { ok: true, fromSeq: 1 }, 'the whole log is due all the same');
  const shown = await app.withWorkspace(scope, (tx) => recentOutcomes(tx, 10));
  t.match(shown, [{ ok: true, fromSeq: 1 }]);
  t.equal(shown.length, 1);
  const proof = await night();
  t.match(proof, { status: 'proved', evidence: { fromSeq: 1, toSeq: shown[0]?.toSeq } });
});

/** Past the triggers, as a superuser may. */
const sql = (text: string, values: unknown[]) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica');
  return client.query(text, values);
});
/** By the owner's hand, or in the time before vouchers: the role that serves can no longer (voucher.test.ts). */
const forge = (body: string) => sql(`insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, actor_id, action, outcome, body, hash, key_id, signature)
    select workspace_id, seq + 1, gen_random_uuid(), now() + interval '30 seconds', 'system', null, 'audit.verified', 'ok', $1, hash, key_id, signature
      from app.audit_entries where workspace_id = $2 order by seq desc limit 1`, [body, workspaceId]);

t.test('an outcome with an entry that nobody signed', async (t) => {
  await forge('{ no JSON');
  await forge('{"detail":{"fault":null,"faultSeq":null,"fromSeq":1,"toSeq":1000000}}');
  await state(new Date(Date.now() + 30_000));
  t.match(await night(), { status: 'failing' }, 'it is not believed, and the verification that is made instead finds the entry');
  t.match(await app.withWorkspace(scope, (tx) => recentOutcomes(tx, 1)), [{ toSeq: 1000000 }], 'the list of outcomes, which checks no signatures, stays readable');
});

t.test('outcomes of a clock that ran a year ahead, and was set right', async (t) => {
  const scope = scopeAs((await createPeople(app, 'harbor')).officer);
  await verifyStored(app, scope, 'whole');
  await sql("update app.audit_verifications set finished_at = finished_at + interval '1 year' where workspace_id = $1", [scope.workspaceId]);
  await sql("update app.audit_entries set at = at + interval '1 year' where workspace_id = $1 and action = 'audit.verified'", [scope.workspaceId]);
  const shown = () => app.withWorkspace(scope, (tx) => recentOutcomes(tx, 1));
  t.same(await shown(), [], 'they do not stand before those of this year');
  await verifyStored(app, scope, 'since-checkpoint');
  t.equal((await shown()).length, 1);
});
