import type { Server } from '@hapi/hapi';
import type { App } from './app.ts';
import { nightlyBackup } from './backup/nightly-backup.ts';
import { AUTH_JOBS } from './auth/mail/notices.ts';
import { nightlyAuditVerification, verifyAuditLog } from './jobs/audit-verification.ts';
import { countValues, nightlyCensus } from './keys/nightly-census.ts';
import type { Job } from './jobs/job.ts';
import type { Log } from './log.ts';
import { startWorker } from './jobs/start-worker.ts';
import { keepCertificate, readCertificate } from './http/certificate.ts';
import type { PluginHost } from './plugins/host.ts';
import { IMPORT_JOBS } from './practice/imports/sweep-sources.ts';
import { composeServer } from './server.ts';

/** The listening program. `stop()` ends it in order: no new requests, then running ones, then jobs, then the database's connections. */
export type Serving = { readonly server: Server; readonly url: string; readonly caFile: string | null; stop(): Promise<void> };

const DRAIN_MS = 5_000;

/** Jobs of the core, worked by every serving program. */
const JOBS: readonly Job[] = [...AUTH_JOBS, verifyAuditLog, nightlyAuditVerification, countValues, nightlyCensus, nightlyBackup, ...IMPORT_JOBS];

export async function serve(app: App, jobsUrl: string, host: PluginHost): Promise<Serving> {
  const { config } = app;
  const tls = await readCertificate(config);
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
  const leaveCertificate = keepCertificate(server, tls, () => readCertificate(config), app.log);
  app.log.info('listening', { port: config.port });
  return {
    server,
    url: config.origin,
    caFile: tls.caFile,
    stop: async () => {
      leaveCertificate();
      await server.stop({ timeout: DRAIN_MS });
      await worker.stop();
    },
  };
}

/** How the program came to its end: `failed` on an error that nobody handled. */
export type Ending = NodeJS.Signals | 'failed';

/** A program whose state nobody knows any more must not hang in the attempt to stop in order. */
const FAILED_STOP_MS = 30_000;

/**
 * Resolves with the first SIGINT or SIGTERM; a second one ends the process at once. An error that nobody handled resolves it as well, logged
 * by name and code: Node would print its message, in which drivers quote row values, and leave the database running.
 */
export function untilAskedToStop(log: Log): Promise<Ending> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (err: unknown) => {
        log.error('an error that nobody handled', { err });
        setTimeout(() => process.exit(1), FAILED_STOP_MS).unref();
        resolve('failed');
      });
    }
  });
}
