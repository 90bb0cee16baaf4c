import { Worker } from 'node:worker_threads';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { holdChain } from '../../core/audit/seal.ts';
import { rotateSigningKey } from '../../core/audit/store/rotate-signing-key.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { systemScope, type Tx } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';
import { auditLength, auditOf } from '../support/rows.ts';

// An act that holds the chain and then asks for something is sealed while that is answered, for the head, the key and the acts that are expected. What
// fits none of them must not be in the chain.

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
  /** Whether the entry was in the chain before the act was through. */
  const isAhead = async (nth: number): Promise<boolean> => {
    let rows: unknown[] = [];
    await act(nth, async (tx) => { rows = await tx.query('select seq from app.audit_entries where xid = pg_current_xact_id()'); });
    return rows.length === 1;
  };
  await act(0);

  await t.test('as it stands', async (t) => {
    const before = await auditLength(database, workspaceId);
    t.ok(await isAhead(1));
    t.ok(await isAhead(2));
    t.same(await written(before), ['test.read 1', 'test.read 2']);
    await intact(t);
  });

  await t.test('once, where nothing is asked behind it', async (t) => {
    const before = await auditLength(database, workspaceId);
    for (const nth of [30, 31, 32]) {
      await app.withWorkspace(scope, async (tx) => {
        await tx.query('select 1');
        holdChain(tx);
        record(tx, { action: 'test.read', detail: { nth } });
      });
    }
    t.same(await written(before), ['test.read 30', 'test.read 31', 'test.read 32']);
    await intact(t);
  });

  await t.test('with what was recorded later behind it', async (t) => {
    const before = await auditLength(database, workspaceId);
    await act(3, async (tx) => record(tx, { action: 'test.more', detail: { nth: 4 } }));
    await t.rejects(act(5, async (tx) => { tx.pending.length = 0; record(tx, { action: 'test.other', detail: { nth: 6 } }); }), /took back/, 'nothing recorded is taken back');
    await t.rejects(act(5, async (tx) => { tx.pending.length = 0; }), /took back/);
    t.same(await written(before), ['test.read 3', 'test.more 4']);
    await intact(t);
  });

  await t.test('so that no SQL of somebody’s own takes it back and is answered', async (t) => {
    const before = await auditLength(database, workspaceId);
    const injected = (nth: number, ...sql: string[]) => t.rejects(act(nth, async (tx) => { for (const each of sql) await tx.knex.raw(each).catch(() => undefined /* nor does it help not to listen */); }), { name: 'ControlledFromWithin' }, sql.join(' · '));
    await injected(40, 'rollback; begin');
    await injected(41, 'rollback');
    await injected(42, 'savepoint s');
    await injected(43, 'select 1; abort; start transaction');
    await t.rejects(act(44, (tx) => tx.query('rollback')), { name: 'ControlledFromWithin' }, 'nor a fixed statement');
    t.same(await written(before), []);
    await act(45);
    t.same(await written(before), ['test.read 45']);
    await intact(t);
  });

  await t.test('not on an entry that was rolled back', async (t) => {
    const before = await auditLength(database, workspaceId);
    await t.rejects(act(7, async () => { throw new Error('no'); }), /no/);
    await t.rejects(act(8, async (tx) => void tx.query('select 1 / 0').catch(() => undefined /* the COMMIT tells */)), { code: '25P02' }, 'sealed by then, and refused with the commit');
    t.notOk(await isAhead(9), 'it is not the next');
    t.notOk(await isAhead(10), 'who else writes there is asked once more');
    t.ok(await isAhead(10));
    t.same(await written(before), ['test.read 9', 'test.read 10', 'test.read 10']);
    await intact(t);
  });

  await t.test('not with a key that was replaced before it was sealed', async (t) => {
    const before = await auditLength(database, workspaceId);
    await rotateSigningKey(app);
    t.notOk(await isAhead(11), 'a key that only the database knows of yet');
    await act(12, async () => {
      await rotateSigningKey(app);
      await app.withWorkspace(systemScope(elsewhere, 'test'), async (tx) => record(tx, { action: 'test.elsewhere' })); // from here on the program signs with the new one
    });
    await act(13, async (tx) => { record(tx, { action: 'test.more', detail: { nth: 14 } }); });
    t.same(await written(before), ['test.read 11', 'test.read 12', 'test.read 13', 'test.more 14']);
    await intact(t);
  });

  await t.test('not where others write, of whom this program knows nothing', async (t) => {
    const before = await auditLength(database, workspaceId);
    const other = () => new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('../support/act-elsewhere.ts', import.meta.url), { workerData: { urls: { appUrl: database.appUrl, jobsUrl: database.jobsUrl }, workspaceId } });
      worker.once('error', reject).once('exit', () => resolve());
    });
    t.ok(await isAhead(15));
    await other();
    t.notOk(await isAhead(16));
    t.notOk(await isAhead(17));
    t.ok(await isAhead(18));
    t.same(await written(before), ['test.read 15', 'test.elsewhere 0', 'test.read 16', 'test.read 17', 'test.read 18']);
    await intact(t);
  });
});

type Tap = { match: typeof t.match };
