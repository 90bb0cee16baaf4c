import { workerData } from 'node:worker_threads';
import { openApp } from '../../core/app.ts';
import { record } from '../../core/audit/record.ts';
import { readConfig } from '../../core/config.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { TEST_ROOT_KEYS } from './cluster.ts';

/** One recorded act of a program that shares nothing with the one that started this worker but the database. */
const { urls, workspaceId } = workerData as { urls: { appUrl: string; jobsUrl: string }; workspaceId: string };
const app = await openApp({ config: { ...readConfig('demo', {}), rootKeys: [...TEST_ROOT_KEYS], logLevel: 'silent' }, log: createLog('silent'), ...urls });
await app.withWorkspace(systemScope(workspaceId, 'elsewhere'), async (tx) => record(tx, { action: 'test.elsewhere', detail: { nth: 0 } }));
await app.close();
