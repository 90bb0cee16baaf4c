import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import type { KeyLoader } from '../../core/db/door.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { createKeyLoader, newKeyRow, RESERVATION, RING_LIFE_MS } from '../../core/db/key-store.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { KEY_CLAIMS } from '../../core/trust/claims/keys.ts';
import { proveClaims } from '../../core/trust/prove-claims.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { openTestApp } from '../support/database.ts';
import { rows } from '../support/rows.ts';

t.test('a ring of keys is as old as its reading began, however long unwrapping took', async (t) => {
  const { app } = await openTestApp(t);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  let now = 1_000_000;
  let readings = 0;
  const load = createKeyLoader(localRootKeys([...TEST_ROOT_KEYS]), () => now);
  const slowly: Parameters<KeyLoader>[1] = async (fn) => {
    readings += 1;
    const result = await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => fn(tx));
    now += 4_000;
    return result;
  };
  await load(workspaceId, slowly);
  now += RING_LIFE_MS - 4_001;
  await load(workspaceId, slowly);
  t.equal(readings, 1, 'kept until then');
  now += 1;
  await load(workspaceId, slowly);
  t.equal(readings, 2);
});

t.test('rings read at once, forgotten meanwhile, and outlived', async (t) => {
  const { app, database } = await openTestApp(t);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  let now = 1_000_000;
  let readings = 0;
  const load = createKeyLoader(localRootKeys([...TEST_ROOT_KEYS]), () => now);
  const read: Parameters<KeyLoader>[1] = (fn) => {
    readings += 1;
    return app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => fn(tx));
  };
  const asOwner = (sql: string) => asSuperuser(database.superuserUrl, (client) => client.query(sql));
  const stored = async () => Number((await asOwner("select sum(encryptions) as n from app.workspace_keys where kind = 'data'")).rows[0].n);
  await app.withWorkspace(systemScope(workspaceId, 'test'), async () => undefined); // the program's own reservation
  const before = await stored();

  const [first, again] = await Promise.all([load(workspaceId, read), load(workspaceId, read)]);
  t.equal(first, again, 'two at once share a reading');
  t.same([readings, await stored()], [1, before + RESERVATION], 'and a reservation');

  now += RING_LIFE_MS;
  const reading = load(workspaceId, read);
  load.forget(workspaceId);
  await reading;
  const fresh = await load(workspaceId, read);
  t.equal(readings, 3, 'a ring forgotten while it was read is not kept');

  const place = { table: 'contacts', column: 'notes', rowId: workspaceId };
  const spend = (keys: typeof first, share: number) => { for (let n = 0; n < RESERVATION * share; n += 1) keys.seal('', place); };
  spend(first, 0.5); // a transaction that began long ago
  spend(fresh, 0.3);
  await load(workspaceId, read);
  t.equal(await stored(), before + 2 * RESERVATION, 'uses by an older ring count as well');

});

t.test('a retired key is not kept open', async (t) => {
  const { app, database } = await openTestApp(t);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  const scope = systemScope(workspaceId, 'test');
  const roots = localRootKeys([...TEST_ROOT_KEYS]);
  const old = await newKeyRow(roots, workspaceId, 'data', 2);
  const setOld = (status: string) => rows(database, 'insert into app.workspace_keys (workspace_id, kind, version, wrapped, status) values ($1, $2, $3, $4, $5) on conflict (workspace_id, kind, version) do update set status = excluded.status', [workspaceId, 'data', 2, old.wrapped, status]);
  let now = 1_000_000;
  let unwrapped = 0;
  const load = createKeyLoader({ ...roots, unwrap: (...given) => (unwrapped += 1, roots.unwrap(...given)) }, () => now);
  const next = async () => {
    now += RING_LIFE_MS;
    unwrapped = 0;
    await load(workspaceId, (fn) => app.withWorkspace(scope, (tx) => fn(tx)));
    return unwrapped;
  };
  await setOld('decrypt');
  t.equal(await next(), 3);
  t.equal(await next(), 0);
  await setOld('retired');
  t.equal(await next(), 0);
  await setOld('decrypt');
  t.equal(await next(), 1, 'had it been kept, nothing would be unwrapped');
});

t.test('a damaged key takes what it sealed with it, and nothing else', async (t) => {
  const { app, database } = await openTestApp(t);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  const scope = systemScope(workspaceId, 'test');
  const roots = localRootKeys([...TEST_ROOT_KEYS]);
  const load = () => createKeyLoader(roots)(workspaceId, (fn) => app.withWorkspace(scope, (tx) => fn(tx))); // as after the life of a ring
  const { wrapped } = await newKeyRow(roots, workspaceId, 'data', 2);
  await rows(database, "update app.workspace_keys set status = 'decrypt' where kind = 'data'");
  await rows(database, "insert into app.workspace_keys (workspace_id, kind, version, wrapped, status) values ($1, 'data', 2, $2, 'active')", [workspaceId, wrapped]);
  const place = { table: 'contacts', column: 'notes', rowId: workspaceId };
  const sealed = (await load()).seal('Prefers mornings', place);
  const damage = (version: number) => rows(database, `update app.workspace_keys set wrapped = left(wrapped, -4) || 'AAAA' where kind = 'data' and version = $1`, [version]);

  await damage(1);
  const keys = await load();
  t.equal(String(keys.open(sealed, place)), 'Prefers mornings');
  t.throws(() => keys.open(sealed.replace('v1.d2.', 'v1.d1.'), place), { message: /unknown key/ });
  const claim = (await proveClaims({ ...app, roots }, workspaceId, KEY_CLAIMS.filter(({ id }) => id === 'KEY-4')))[0];
  t.match(claim, { status: 'failing', evidence: { unopened: [{ kind: 'data', version: 1 }] } });
  await damage(2);
  await t.rejects(load(), { code: 'key.closed' }, 'nothing is written under a key nobody has');
  await t.rejects(createKeyLoader({ ...roots, unwrap: async () => { throw new Error('The key service is away.'); } })(workspaceId, (fn) => app.withWorkspace(scope, (tx) => fn(tx))), /key service is away/, 'what passes is no damage');
});
