import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApp, type App } from '../../core/app.ts';
import { readConfig, type Config } from '../../core/config.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { startEmbedded } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { ensureSecrets } from '../../core/db/secrets.ts';
import { createLog } from '../../core/log.ts';

export async function bootTest(): Promise<{ app: App; config: Config; urls: Awaited<ReturnType<typeof startEmbedded>>; close(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'wkt-'));
  chmodSync(dir, 0o755);
  const urls = await startEmbedded(dir);
  const config = { ...readConfig('demo', {}), dataDir: dir, rootKeys: [{ id: 'test', bytes: Buffer.alloc(32, 1) }] };
  await migrate(urls.ownerUrl, { app: 'wardkeep_app', jobs: 'wardkeep_jobs' }, [CORE_MIGRATIONS]);
  await ensureSecrets(urls.ownerUrl, localRootKeys(config.rootKeys));
  const app = await openApp({ config, log: createLog('silent'), appUrl: urls.appUrl, jobsUrl: urls.jobsUrl });
  return { app, config, urls, close: async () => { await app.close(); await urls.stop(); } };
}
