import { hostname } from 'node:os';
import t from 'tap';
import { composeServer } from '../../core/server.ts';
import { createLog } from '../../core/log.ts';
import { openTestApp } from '../support/database.ts';

t.test('log and answer name a request by the same random id', async (t) => {
  const { app } = await openTestApp(t);
  const lines: { requestId: string }[] = [];
  const log = createLog('error', (line) => lines.push(JSON.parse(line)));
  const server = await composeServer({ ...app, log }, { tls: null, host: 'localhost', port: 0 });
  server.route({ method: 'GET', path: '/api/broken', options: { auth: false }, handler: () => { throw new Error('broken'); } });
  const ids = [];
  for (let n = 0; n < 2; n += 1) {
    const { requestId } = JSON.parse((await server.inject('/api/broken')).payload) as { requestId: string };
    t.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    t.notMatch(requestId, hostname());
    t.equal(lines.at(-1)?.requestId, requestId);
    ids.push(requestId);
  }
  t.not(ids[0], ids[1]);
});
