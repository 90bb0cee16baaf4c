import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Test } from 'tap';

const verbs = ['get', 'list'];
/** What helm wants to know of a cluster before it looks anything up. */
const DISCOVERY: Readonly<Record<string, object>> = {
  '/version': { major: '1', minor: '30', gitVersion: 'v1.30.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }], preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } }] },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [] },
  '/apis/apps/v1': { kind: 'APIResourceList', groupVersion: 'apps/v1', resources: [{ name: 'deployments', namespaced: true, kind: 'Deployment', verbs }, { name: 'statefulsets', namespaced: true, kind: 'StatefulSet', verbs }] },
};
const NOT_FOUND = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };

/** A Kubernetes API that has the objects in `running`, by path, and nothing else. Returns the kubeconfig that leads to it. */
export async function openKubernetesApi(t: Pick<Test, 'teardown' | 'testdir'>, running: ReadonlyMap<string, object>): Promise<string> {
  const api = createServer((asked, answer) => {
    const path = new URL(asked.url ?? '/', 'http://api').pathname;
    const found = DISCOVERY[path] ?? running.get(path);
    answer.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? NOT_FOUND));
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  t.teardown(() => new Promise((resolve) => api.close(resolve).closeAllConnections()));
  const { port } = api.address() as { port: number };
  const file = join(t.testdir(), 'config');
  writeFileSync(file, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'test', contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    users: [{ name: 'test', user: {} }], clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}` } }],
  }));
  return file;
}
