import t from 'tap';
import { FAILED_IN_ROW_MAX, spendTotpCode } from '../../core/auth/totp/actions.ts';
import { newTotpSecret, stepOfCode, totpUri } from '../../core/auth/totp/code.ts';
import { beginTotpSetup, confirmTotpSetup } from '../../core/auth/totp/setup.ts';
import { createPeople, scopeAs, totpCode } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, signIn } from '../support/site.ts';

/** RFC 6238 Appendix B for SHA-1, cut to six digits; the secret is ASCII "12345678901234567890". */
const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const RFC_CODES: readonly [seconds: number, code: string][] = [[59, '287082'], [1_111_111_109, '081804'], [1_111_111_111, '050471'], [1_234_567_890, '005924'], [2_000_000_000, '279037'], [20_000_000_000, '353130']];

t.test('codes', async (t) => {
  for (const [seconds, code] of RFC_CODES) t.equal(stepOfCode(RFC_SECRET, code, seconds * 1000), Math.floor(seconds / 30), `RFC 6238 at ${seconds}`);
  const at = 1_234_567_890;
  for (const [steps, expected] of [[-2, false], [-1, true], [0, true], [1, true], [2, false]] as const) {
    t.equal(stepOfCode(RFC_SECRET, '005924', (at - steps * 30) * 1000) !== null, expected, `a code ${steps} steps away`);
  }
  for (const typed of ['', '00592', '0059240', 'abcdef', '٠٠٥٩٢٤', '-05924', '5924']) t.equal(stepOfCode(RFC_SECRET, typed, at * 1000), null, typed);
  t.equal(stepOfCode(RFC_SECRET, '005 924', at * 1000), Math.floor(at / 30), 'as apps show it');
  t.match(newTotpSecret(), /^[A-Z2-7]{32}$/);
  t.not(newTotpSecret(), newTotpSecret());
  t.match(totpUri(RFC_SECRET, 'a@b.example', 'Wardkeep: Willow'), /^otpauth:\/\/totp\/[^?]+\?secret=GEZDG.*issuer=Wardkeep/);
});

t.test('a code works once', async (t) => {
  const { app, server, database } = await openSite(t);
  const { admin, manager, workspaceId } = await createPeople(app);

  const code = totpCode(admin.totpSecret);
  const tries = await Promise.all(Array.from({ length: 20 }, () => app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, code))));
  t.same(tries.sort(), ['accepted', ...Array.from({ length: 19 }, () => 'used')], 'of twenty at once one wins');
  t.equal(await app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, code)), 'used', 'nor later');
  t.equal(await app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, totpCode(admin.totpSecret, -1))), 'used', 'nor an older one');
  t.equal(await app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, totpCode(admin.totpSecret, 1))), 'accepted');
  t.equal(await app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, totpCode(manager.totpSecret))), 'wrong', "nor somebody else's");

  await signIn(server, manager);
  await t.rejects(signIn(server, manager), /422/, 'a used code is refused at the door');
  t.match((await auditOf(database, workspaceId)).filter(({ action }) => action === 'auth.mfa_refused').at(-1), { outcome: 'refused', detail: { reason: 'totp_used' } });

  const [{ secret } = { secret: '' }] = await rows<{ secret: string }>(database, 'select secret from app.totp_factors where user_id = $1', [admin.id]);
  t.match(secret, /^v1\.d1\./, 'the secret is sealed at rest');
});

t.test('a secret on its way to being confirmed is one person’s, for a quarter of an hour', async (t) => {
  const { app } = await openSite(t);
  const { admin, manager } = await createPeople(app);
  await app.withWorkspace(scopeAs(admin), async (tx) => {
    const { sealed, secretGroups } = beginTotpSetup(tx, admin, 'Willow');
    const secret = secretGroups.join('');
    const confirmAfter = (minutes: number, userId = admin.id) => confirmTotpSetup({ ...tx, now: tx.now + minutes * 60_000 }, userId, sealed, totpCode(secret, minutes * 2));
    t.match(confirmAfter(14), { secret });
    t.equal(confirmAfter(15), null, 'too late');
    t.equal(confirmAfter(0, manager.id), null, 'somebody else’s');
  });
});

t.test('a hundred wrong codes in a row and the factor is dead', async (t) => {
  const { app, database } = await openSite(t);
  const { admin } = await createPeople(app);
  const spend = (code: string) => app.withWorkspace(scopeAs(admin), (tx) => spendTotpCode(tx, admin.id, code));
  t.equal(await spend('000000'), 'wrong');
  t.match(await rows(database, 'select failed_in_row from app.totp_factors where user_id = $1', [admin.id]), [{ failed_in_row: 1 }]);
  await rows(database, 'update app.totp_factors set failed_in_row = $2 where user_id = $1', [admin.id, FAILED_IN_ROW_MAX - 1]);
  t.equal(await spend('000000'), 'wrong');
  t.equal(await spend(totpCode(admin.totpSecret)), 'locked');
  await rows(database, 'update app.totp_factors set failed_in_row = 5 where user_id = $1', [admin.id]);
  t.equal(await spend(totpCode(admin.totpSecret)), 'accepted');
  t.match(await rows(database, 'select failed_in_row from app.totp_factors where user_id = $1', [admin.id]), [{ failed_in_row: 0 }], 'a right one starts the count anew');
});
