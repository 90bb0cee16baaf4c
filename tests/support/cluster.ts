import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureKeyLog } from '../../core/audit/store/key-events.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';
import { startEmbedded, type EmbeddedUrls } from '../../core/db/embedded.ts';
import { CORE_MIGRATIONS, migrate } from '../../core/db/migrate.ts';
import { ensureSecrets } from '../../core/db/secrets.ts';

/** The root key of every test database. */
export const TEST_ROOT_KEYS = [{ id: 'test', bytes: Buffer.alloc(32, 0x2a) }] as const;

/** A crash may cost tests their data, never their truth: nothing here waits for the disk. */
const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'autovacuum=off', 'max_connections=200', 'scram_iterations=1'];

export type TestCluster = EmbeddedUrls & { stop(): Promise<void> };

/**
 * A bundled PostgreSQL in a folder of its own, whose database `wardkeep` is migrated, holds secrets sealed under TEST_ROOT_KEYS, and serves as
 * the template of all test databases. stop() leaves nothing behind.
 */
export async function startTestCluster(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'wardkeep-test-'));
  await chmod(folder, 0o755); // as root, PostgreSQL runs as another user and must reach its folder
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const server = await startEmbedded(folder, FAST);
    const stop = async () => {
      await server.stop();
      await remove();
    };
    try {
      await migrate(server.ownerUrl, { app: 'wardkeep_app', jobs: 'wardkeep_jobs' }, [CORE_MIGRATIONS]);
      const roots = localRootKeys([...TEST_ROOT_KEYS]);
      await ensureSecrets(server.ownerUrl, roots);
      await ensureKeyLog(server.ownerUrl, roots);
    } catch (error) {
      await stop();
      throw error;
    }
    const { superuserUrl, ownerUrl, appUrl, jobsUrl } = server;
    return { superuserUrl, ownerUrl, appUrl, jobsUrl, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}
