import { createServer } from 'node:net';
import t from 'tap';
import { loadHost } from '../core/plugins/load-host.ts';
import { serve } from '../core/serve.ts';
import { openTestApp } from './support/database.ts';

t.test('a program whose jobs cannot start does not go on listening', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const dataDir = t.testdir();
  const { app, database } = await openTestApp(t, { host: '127.0.0.1', port, dataDir });
  await t.rejects(serve(app, database.jobsUrl.replace(/:[^:@]+@/, ':wrong@'), await loadHost(app.config)), { code: '28P01' });
  const again = createServer();
  await new Promise<void>((resolve, reject) => again.once('error', reject).listen(port, '127.0.0.1', resolve));
  t.pass('the port is free');
  await new Promise((resolve) => again.close(resolve));
});
