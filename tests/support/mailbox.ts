import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { App } from '../../core/app.ts';
import { AUTH_JOBS } from '../../core/auth/mail/notices.ts';
import { startWorker } from '../../core/jobs/start-worker.ts';
import { listMail, readMail, type StoredMail } from '../../core/mail/folder.ts';
import type { TestDatabase } from './database.ts';

/** A data folder of the test's own. */
export async function dataFolder(t: Pick<Test, 'teardown'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'wardkeep-data-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Works the queue, so that mail is sent, until the test ends. */
export async function workMail(t: Pick<Test, 'teardown'>, app: App, database: TestDatabase): Promise<void> {
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: AUTH_JOBS });
  t.teardown(() => worker.stop());
}

export type Mailbox = { /** The next mail to this address, waited for. */ next(to: string): Promise<StoredMail & { link: string }>; /** How many there are so far. */ count(to: string): Promise<number> };

export function mailbox(app: App): Mailbox {
  const dir = join(app.config.dataDir, 'mail');
  const taken = new Set<string>();
  /** Oldest first. */
  const waiting = async (to: string) => (await listMail(dir)).filter((mail) => mail.to === to && !taken.has(mail.name)).reverse();
  return {
    async next(to) {
      for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 25))) {
        const [mail] = await waiting(to);
        if (mail === undefined) continue;
        taken.add(mail.name);
        const link = /https:\/\/\S+/.exec((await readMail(dir, mail.name))?.text ?? '')?.[0] ?? '';
        return { ...mail, link };
      }
      throw new Error(`No mail to ${to} came in ten seconds.`);
    },
    count: async (to) => (await waiting(to)).length,
  };
}
