import t from 'tap';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { openApp } from '../../core/app.ts';
import { record } from '../../core/audit/record.ts';
import { systemScope, type Scope } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { takeCensus } from '../../core/keys/census.ts';
import { keyStatus } from '../../core/keys/key-status.ts';
import { retireKey } from '../../core/keys/retire-key.ts';
import { rotateDataKey, rotateIndexKey } from '../../core/keys/rotate-key.ts';
import { Contact, ContactPoint } from '../../core/practice/contacts/model.ts';
import { ImportBatch, ImportOutcome } from '../../core/practice/imports/model.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { openTestApp } from '../support/database.ts';
import { rows } from '../support/rows.ts';

const { app, database, config } = await openTestApp(t);
const ROWS = 60;

async function practice(slug: string): Promise<Scope> {
  const workspaceId = await createWorkspace(app, { slug, name: slug, timeZone: 'America/New_York' });
  const scope = systemScope(workspaceId, 'test');
  await app.withWorkspace(scope, async (tx) => {
    for (let i = 0; i < ROWS; i++) {
      const contact = await Contact.query(tx).insert({ given_name: `Ana${i}`, family_name: 'Ruiz', birth_date: '1980-02-03', notes: `note ${i}`, tags: 'Fall Risk' });
      await ContactPoint.query(tx).insert({ contact_id: contact.id, kind: 'phone', value: `+1212555${String(1000 + i)}` });
    }
    record(tx, { action: 'test.seeded' });
  });
  return scope;
}

const all = (scope: Scope) => app.withWorkspace(scope, async (tx) => Contact.query(tx).orderBy('id'));
const valuesUnder = async (scope: Scope, kind: string) => Object.fromEntries(((await keyStatus(app, scope.workspaceId)).workspaces[0]?.keys ?? []).filter((key) => key.kind === kind).map(({ version, values }) => [version, values]));
const actions = (scope: Scope) => app.withWorkspace(scope, (tx) => tx.knex('app.audit_entries').where('action', 'like', 'key.%').orderBy('seq').pluck('action')) as Promise<string[]>;
/** Moves the clock a workspace's keys are measured by. */
const age = (scope: Scope, seconds: number) =>
  rows(database, `update app.workspace_keys set created_at = created_at - make_interval(secs => $2), activated_at = activated_at - make_interval(secs => $2) where workspace_id = $1`, [scope.workspaceId, seconds]);

t.jobs = 5;

t.test('data key: everything moves under the new version, then the old one can go', async (t) => {
  const scope = await practice('willow');
  const before = await all(scope);
  t.same(await valuesUnder(scope, 'data'), { 1: ROWS * 6 });
  const progress: number[] = [];
  const report = await rotateDataKey(app, scope, { batch: 25, onProgress: ({ rows }) => progress.push(rows) });
  t.match(report, { kind: 'data', version: 2, rows: ROWS * 2, left: 0, stuck: [] });
  t.same(progress, [25, 50, 60, 85, 110, 120]);
  t.same(await valuesUnder(scope, 'data'), { 1: 0, 2: ROWS * 6 });
  t.same(await all(scope), before, 'every value reads as before');
  t.match(await takeCensus(app, scope), { data: { 2: ROWS * 6 }, plain: [] });
  t.same(await actions(scope), ['key.rotation_started', 'key.activated', ...Array(6).fill('key.values_rewritten'), 'key.rotation_finished']);

  await t.rejects(retireKey(app, scope, { kind: 'data', version: 2 }), { code: 'key.active' });
  await t.rejects(retireKey(app, scope, { kind: 'data', version: 1 }), { code: 'key.rotation_recent' }, 'another program may still seal under it');
  await age(scope, 120);
  await retireKey(app, scope, { kind: 'data', version: 1 });
  await t.rejects(retireKey(app, scope, { kind: 'data', version: 1 }), { code: 'key.not_found' });
  t.same(await all(scope), before);
  t.match((await keyStatus(app, scope.workspaceId)).workspaces[0]?.keys.map(({ kind, version, status }) => [kind, version, status]), [['data', 1, 'retired'], ['data', 2, 'active'], ['index', 1, 'active']]);
  t.equal((await actions(scope)).at(-1), 'key.retired');
});

t.test('values that nothing else may change move as well', async (t) => {
  const scope = await practice('linden');
  const name = await app.withWorkspace(scope, async (tx) => {
    const batch = await ImportBatch.query(tx).insert({ kind: 'ccda', status: 'done', started_by: null, starter_name: 'test' });
    await ImportOutcome.query(tx).insert({ batch_id: batch.id, position: 1, file_name: 'ruiz-ana.xml', outcome: 'refused', code: 'ccda.not_xml', reason: null, line: 1, column_no: 1, contact_id: null, document_id: null });
    record(tx, { action: 'test.seeded' });
    return 'ruiz-ana.xml';
  });
  t.match(await rotateDataKey(app, scope), { left: 0, stuck: [] });
  t.equal(await app.withWorkspace(scope, (tx) => ImportOutcome.query(tx).first().then((outcome) => outcome?.file_name)), name);
});

t.test('what another program writes behind it, with the keys of a moment ago, moves as well', async (t) => {
  const scope = await practice('poplar');
  const other = await openApp({ config, log: createLog('silent'), appUrl: database.appUrl, jobsUrl: database.jobsUrl });
  t.teardown(() => other.close());
  let isOver = false;
  const under = new Set<string>();
  const rotation = rotateDataKey(app, scope, { batch: 25 }).finally(() => (isOver = true));
  while (!isOver) {
    await other.withWorkspace(scope, async (tx) => {
      await Contact.query(tx).insert({ given_name: 'Late', family_name: 'Comer' });
      under.add(tx.keys.sealingKeyId);
      record(tx, { action: 'test.seeded' });
    });
    await sleep(100);
  }
  t.match(await rotation, { left: 0, stuck: [] });
  t.same(under, new Set(['d1', 'd2']));
});

t.test('a transaction from before the new version is told to begin again', async (t) => {
  const scope = await practice('old-hand');
  const read = app.withWorkspace(scope, async (tx) => {
    t.equal(await Contact.query(tx).resultSize(), ROWS);
    await rotateDataKey(app, scope);
    await Contact.query(tx).orderBy('id').first();
  });
  await t.rejects(read, { code: 'key.rotated', status: 503, retryAfterS: 1 });
  t.equal((await all(scope)).length, ROWS, 'the next one reads everything');
  await app.withWorkspace(scope, async (tx) => {
    const place = { table: 'contacts', column: 'notes', rowId: scope.workspaceId };
    const sealed = tx.keys.seal('a note', place);
    for (const id of ['d1', 'd0', 'x9']) t.throws(() => tx.keys.open(sealed.replace('.d2.', `.${id}.`), place), { name: 'EnvelopeError' }, 'what never opens is no matter of trying again');
  });
});

t.test('index key: tags are made anew and both versions are found meanwhile', async (t) => {
  const scope = await practice('harbor');
  const find = () => app.withWorkspace(scope, async (tx) => {
    const tagged = (domain: string, term: string) => `{${tx.keys.tags(domain, term).join(',')}}`;
    return Contact.query(tx).whereRaw('name_tags && ?::bigint[]', [tagged('name', '^rui')]).whereRaw('label_tags && ?::bigint[]', [tagged('label', 'fall risk')]).resultSize();
  });
  t.equal(await find(), ROWS);
  const seen: number[] = [];
  const searches: Promise<void>[] = [];
  const report = await rotateIndexKey(app, scope, { batch: 20, onProgress: () => void searches.push(find().then((count) => void seen.push(count))) });
  await Promise.all(searches);
  t.match(report, { kind: 'index', version: 2, rows: ROWS * 2, left: 0, stuck: [] });
  t.ok(seen.length >= 6 && seen.every((count) => count === ROWS), `a search finds all at every moment: ${seen}`);
  t.same(await valuesUnder(scope, 'index'), { 1: 0, 2: ROWS * 2 });
  await age(scope, 120);
  await retireKey(app, scope, { kind: 'index', version: 1 });
  t.equal(await find(), ROWS);
  const [point] = await app.withWorkspace(scope, async (tx) => ContactPoint.query(tx).whereIn('value_tag', tx.keys.tags('point', '+12125551007')));
  t.equal(point?.value, '+12125551007');
});

t.test('edits during a rotation are neither lost nor left behind', async (t) => {
  const scope = await practice('maple');
  const ids = (await all(scope)).map(({ id }) => id);
  let edits = 0;
  let isRotating = true;
  const edit = async () => {
    for (; isRotating || edits < 40; edits++) {
      const id = ids[edits % ids.length] as string;
      await app.withWorkspace(scope, async (tx) => {
        const row = await Contact.query(tx).findById(id).throwIfNotFound();
        await row.$query(tx).patch({ notes: `edit ${edits}` });
        record(tx, { action: 'test.edited' });
      });
      await new Promise((resolve) => setTimeout(resolve, edits < 200 ? 5 : 200));
    }
  };
  const editing = edit();
  const report = await rotateDataKey(app, scope, { batch: 3 }).finally(() => (isRotating = false));
  await editing;
  t.equal(report.stuck.length, 0);
  const notes = new Map((await all(scope)).map(({ id, notes: text }) => [id, text]));
  const last = new Map(Array.from({ length: edits }, (_, at) => [ids[at % ids.length] as string, `edit ${at}`]));
  for (const [id, text] of last) t.equal(notes.get(id), text);
  t.equal((await valuesUnder(scope, 'data'))[1], 0);
});

t.test('killed at any point, it goes on where it was', async (t) => {
  const scope = await practice('cedar');
  const before = await all(scope);
  const child = fileURLToPath(new URL('rotate-child.ts', import.meta.url));
  const env = { ...process.env, CHILD: JSON.stringify({ appUrl: database.appUrl, jobsUrl: database.jobsUrl, workspaceId: scope.workspaceId, rootKey: config.rootKeys[0]?.bytes.toString('base64') }) };
  const killAfter = async (lines: number) => {
    const running = spawn(process.execPath, [child], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = 0;
    running.stdout.on('data', (chunk: Buffer) => {
      seen += String(chunk).split('\n').length - 1;
      if (seen >= lines) running.kill('SIGKILL');
    });
    const [, signal] = (await once(running, 'exit')) as [number | null, string | null];
    return signal;
  };
  t.equal(await killAfter(1), 'SIGKILL', 'killed while the new version waits to become active');
  t.same(await valuesUnder(scope, 'data'), { 1: ROWS * 6, 2: 0 });
  t.equal(await killAfter(3), 'SIGKILL', 'killed between batches');
  const halfway = await valuesUnder(scope, 'data');
  t.ok((halfway[1] ?? 0) > 0 && (halfway[2] ?? 0) > 0, `some values moved, some did not: ${JSON.stringify(halfway)}`);
  t.same(await all(scope), before, 'both versions open');
  const report = await rotateDataKey(app, scope);
  t.match(report, { version: 2, left: 0 }, 'the same rotation, finished');
  t.same(await valuesUnder(scope, 'data'), { 1: 0, 2: ROWS * 6 });
  t.same(await all(scope), before);
  t.equal((await actions(scope)).filter((action) => action === 'key.rotation_started').length, 1);
});

t.test('a value no key opens stays, is named, and holds its key', async (t) => {
  const scope = await practice('birch');
  const [first, second] = await all(scope);
  await app.withWorkspace(scope, async (tx) => {
    await tx.knex.raw('update app.contacts set notes = (select notes from app.contacts where id = ?) where id = ?', [first?.id as string, second?.id as string]);
    record(tx, { action: 'test.tampered' });
  });
  const report = await rotateDataKey(app, scope);
  t.match(report, { left: 1, stuck: [{ table: 'contacts', column: 'notes', id: second?.id }] });
  await age(scope, 120);
  await t.rejects(retireKey(app, scope, { kind: 'data', version: 1 }), { code: 'key.values_left' });
  t.match(await rotateDataKey(app, scope), { version: 2, left: 1 }, 'running it again makes no third version');
});

t.test('a person without the capability is refused, on the record', async (t) => {
  const scope = await practice('spruce');
  const manager: Scope = { ...scope, actor: { ...scope.actor, kind: 'user', id: '018f0000-0000-7000-8000-0000000000aa', role: 'MANAGER', assuredAt: Date.now() } };
  const acts: (() => Promise<unknown>)[] = [() => rotateDataKey(app, manager), () => rotateIndexKey(app, manager), () => retireKey(app, manager, { kind: 'data', version: 1 })];
  for (const act of acts) await t.rejects(act(), { code: 'access.denied' });
  t.same(await valuesUnder(scope, 'data'), { 1: ROWS * 6 }, 'nothing moved');
});
