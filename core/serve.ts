import { hostname } from 'node:os';
import type { Server } from '@hapi/hapi';
import { readFileSync } from 'node:fs';
import type { App } from './app.ts';
import { AUTH_JOBS } from './auth/mail/notices.ts';
import { nightlyAuditVerification, verifyAuditLog } from './jobs/audit-verification.ts';
import type { Job } from './jobs/job.ts';
import { startWorker } from './jobs/start-worker.ts';
import { createTls } from './http/tls.ts';
import type { PluginHost } from './plugins/host.ts';
import { composeServer } from './server.ts';

/** The listening program. `stop()` ends it in order: no new requests, then running ones, then jobs, then the database's connections. */
export type Serving = { readonly server: Server; readonly url: string; readonly caFile: string | null; stop(): Promise<void> };

const DRAIN_MS = 5_000;

/** Jobs of the core, worked by every serving program. */
const JOBS: readonly Job[] = [...AUTH_JOBS, verifyAuditLog, nightlyAuditVerification];

export async function serve(app: App, jobsUrl: string, host: PluginHost): Promise<Serving> {
  const { config } = app;
  const own = config.tls === null ? await createTls(config.dataDir, [...new Set([config.host, new URL(config.origin).hostname, hostname()])]) : null;
  const tls = own ?? { key: readFileSync((config.tls as { keyFile: string }).keyFile, 'utf8'), cert: readFileSync((config.tls as { certFile: string }).certFile, 'utf8') };
  const server = await composeServer(app, { tls, host: config.host, port: config.port, plugins: host.plugins });
  try {
    await server.start();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw new Error(`Port ${config.port} on ${config.host} is in use. Stop what listens there or set WARDKEEP_PORT.`, { cause: error });
    throw error;
  }
  const worker = await startWorker(app, { jobsUrl, jobs: [...JOBS, ...host.jobs] }).catch(async (error: unknown) => {
    await server.stop(); // or it would go on answering on a database that is being closed
    throw error;
  });
  app.log.info('listening', { port: config.port });
  return {
    server,
    url: config.origin,
    caFile: own?.caFile ?? null,
    stop: async () => {
      await server.stop({ timeout: DRAIN_MS });
      await worker.stop();
    },
  };
}

/** Resolves with the first SIGINT or SIGTERM. A second one ends the process at once. */
export function untilAskedToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}
