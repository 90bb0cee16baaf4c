import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { holdChain } from '../../core/audit/seal.ts';
import { rotateSigningKey } from '../../core/audit/store/rotate-signing-key.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { systemScope, type Tx } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';
import { auditLength, auditOf } from '../support/rows.ts';

// An act that holds the chain and then asks for something is signed while that is answered. What was signed for a head, a key or acts that the seal
// then does not find must not be in the chain.

t.test('what was signed ahead is sealed only where it fits', async (t) => {
  const { app, database } = await openTestApp(t);
  const [workspaceId, elsewhere] = (await Promise.all(['willow', 'harbor'].map((slug) => createWorkspace(app, { slug, name: slug, timeZone: 'UTC' })))) as [string, string];
  const scope = systemScope(workspaceId, 'test');
  const act = (nth: number, during: (tx: Tx) => Promise<unknown> = async () => undefined) => app.withWorkspace(scope, async (tx) => {
    holdChain(tx);
    record(tx, { action: 'test.read', detail: { nth } });
    await tx.query('select 1'); // signed meanwhile
    await during(tx);
  });
  const intact = async (t: Tap) => {
    const length = await auditLength(database, workspaceId);
    t.match(await verifyStored(app, scope, 'whole'), { ok: true, fault: null, toSeq: length });
  };
  const written = async (after: number) => (await auditOf(database, workspaceId, after)).filter(({ action }) => action.startsWith('test.')).map(({ action, detail }) => [action, detail['nth']].join(' '));
  await act(0);

  await t.test('as it stands', async (t) => {
    const before = await auditLength(database, workspaceId);
    await act(1);
    await act(2);
    t.same(await written(before), ['test.read 1', 'test.read 2']);
    await intact(t);
  });

  await t.test('not once more was recorded', async (t) => {
    const before = await auditLength(database, workspaceId);
    await act(3, async (tx) => record(tx, { action: 'test.more', detail: { nth: 4 } }));
    await act(5, async (tx) => { tx.pending.length = 0; record(tx, { action: 'test.other', detail: { nth: 6 } }); });
    t.same(await written(before), ['test.read 3', 'test.more 4', 'test.other 6']);
    await intact(t);
  });

  await t.test('not on an entry that was rolled back', async (t) => {
    const before = await auditLength(database, workspaceId);
    await t.rejects(act(7, async () => { throw new Error('no'); }), /no/);
    await t.rejects(act(8, async (tx) => void tx.query('select 1 / 0').catch(() => undefined /* the COMMIT tells */)), { code: '25P02' }, 'sealed by then, and refused with the commit');
    await act(9);
    await act(10);
    t.same(await written(before), ['test.read 9', 'test.read 10']);
    await intact(t);
  });

  await t.test('not with a key that was replaced before it was sealed', async (t) => {
    const before = await auditLength(database, workspaceId);
    await act(11, async () => {
      await rotateSigningKey(app);
      await app.withWorkspace(systemScope(elsewhere, 'test'), async (tx) => record(tx, { action: 'test.elsewhere' })); // from here on the program signs with the new one
    });
    await act(12);
    t.same(await written(before), ['test.read 11', 'test.read 12']);
    await intact(t);
  });
});

type Tap = { match: typeof t.match };
