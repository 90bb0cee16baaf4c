import { openApp } from '../../core/app.ts';
import { readConfig } from '../../core/config.ts';
import { systemScope } from '../../core/db/scope.ts';
import { rotateDataKey } from '../../core/keys/rotate-key.ts';
import { createLog } from '../../core/log.ts';

// Run and killed by rotate.test.ts: says a line once the new version waits, and one after each batch.
const { appUrl, jobsUrl, workspaceId, rootKey } = JSON.parse(process.env['CHILD'] as string) as Record<'appUrl' | 'jobsUrl' | 'workspaceId' | 'rootKey', string>;
const app = await openApp({ config: { ...readConfig('demo', {}), rootKeys: [{ id: 'test', bytes: Buffer.from(rootKey, 'base64') }] }, log: createLog('silent'), appUrl, jobsUrl });
const scope = systemScope(workspaceId, 'test');
const watch = setInterval(async () => {
  const waiting = await app.withWorkspace(scope, (tx) => tx.knex('app.workspace_keys').whereNull('activated_at').first());
  if (waiting !== undefined) process.stdout.write('waiting\n', () => clearInterval(watch));
}, 200);
await rotateDataKey(app, scope, { batch: 10, onProgress: () => process.stdout.write('batch\n') });
