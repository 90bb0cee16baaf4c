import t from 'tap';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import type { KeyLoader } from '../../core/db/door.ts';
import { createKeyLoader, RING_LIFE_MS } from '../../core/db/key-store.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createWorkspace } from '../../core/workspaces/create-workspace.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { openTestApp } from '../support/database.ts';

t.test('a ring of keys is as old as its reading began, however long unwrapping took', async (t) => {
  const { app } = await openTestApp(t);
  const workspaceId = await createWorkspace(app, { slug: 'willow', name: 'Willow', timeZone: 'UTC' });
  let now = 1_000_000;
  let readings = 0;
  const load = createKeyLoader(localRootKeys([...TEST_ROOT_KEYS]), () => now);
  const slowly: Parameters<KeyLoader>[1] = async (fn) => {
    readings += 1;
    const result = await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => fn(tx.knex));
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
