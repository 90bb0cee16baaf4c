import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { systemScope, type Actor, type Scope, type Tx } from '../../core/db/scope.ts';
import { fault } from '../../core/errors.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';
import { auditOf } from '../support/rows.ts';

t.test('an act that follows at once goes on in the transaction that found its actor', async (t) => {
  const { app, database } = await openTestApp(t);
  const [willow, harbor] = await Promise.all(['willow', 'harbor'].map((slug) => createWorkspace(app, { slug, name: slug, timeZone: 'UTC' }))) as [string, string];
  const scopeOf = (actor: Actor, workspaceId = willow): Scope => ({ ...systemScope(workspaceId, 'test'), actor });
  const started = async ({ query }: Pick<Tx, 'query'>): Promise<string> => (await query<{ at: string; pid: number }>('select now()::text as at, pg_backend_pid() as pid')).map(({ at, pid }) => `${pid} ${at}`)[0] as string;
  const look = async (): Promise<{ actor: Actor; transaction: string }> => {
    const { actor } = systemScope(willow, 'somebody');
    return app.identify(willow, async (bound) => ({ answer: { actor, transaction: await started(bound) }, actor }));
  };

  await t.test('in the same transaction, sealed and committed', async (t) => {
    const { actor, transaction } = await look();
    const acted = await app.withWorkspace(scopeOf(actor), async (tx) => {
      record(tx, { action: 'test.first' });
      return started(tx);
    });
    t.equal(acted, transaction);
    t.equal((await auditOf(database, willow)).at(-1)?.action, 'test.first');
    t.not(await app.withWorkspace(scopeOf(actor), started), transaction, 'the second act has one of its own');
  });

  await t.test('not after the event loop has turned', async (t) => {
    const { actor, transaction } = await look();
    await new Promise((resolve) => setTimeout(resolve, 5));
    t.not(await app.withWorkspace(scopeOf(actor), started), transaction);
  });

  await t.test('not in another workspace, nor for another actor', async (t) => {
    const first = await look();
    t.not(await app.withWorkspace(scopeOf(first.actor, harbor), started), first.transaction);
    const second = await look();
    t.not(await app.withWorkspace(scopeOf({ ...second.actor }), started), second.transaction);
  });

  await t.test('two acts at once share nothing', async (t) => {
    const { actor, transaction } = await look();
    const both = await Promise.all([app.withWorkspace(scopeOf(actor), started), app.withWorkspace(scopeOf(actor), started)]);
    t.equal(both.filter((acted) => acted === transaction).length, 1);
  });

  await t.test('a refused act is rolled back and its refusal recorded', async (t) => {
    const { actor } = await look();
    await t.rejects(app.withWorkspace(scopeOf(actor), async (tx) => {
      await tx.knex.raw('update app.workspaces set name = ?', ['Half']);
      throw fault('contact.not_found', { refused: { action: 'contact.read_refused', target: null, detail: {} } });
    }), { code: 'contact.not_found' });
    const name = await app.withWorkspace(systemScope(willow, 'test'), async ({ knex }) => (await knex.raw('select name from app.workspaces')).rows[0].name as string);
    t.equal(name, 'willow');
    t.match((await auditOf(database, willow)).at(-1), { action: 'contact.read_refused', outcome: 'refused' });
  });

  await t.test('a look that fails is the caller’s error, and so is a workspace that is not there', async (t) => {
    await t.rejects(app.identify(willow, ({ query }) => query('select 1 / 0') as Promise<never>), /division by zero/);
    await t.rejects(app.identify('00000000-0000-7000-8000-000000000009', async () => ({ answer: 1, actor: null })), { code: 'workspace.not_found' });
  });
});
