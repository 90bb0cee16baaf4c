import type { Tx } from '../db/scope.ts';
import { requeue } from '../jobs/enqueue.ts';
import type { Plugin } from '../plugin.ts';
import { ParkedJob } from './model.ts';

/** Keeps a job that its plugin may not do now. */
export async function parkJob(tx: Tx, plugin: string, job: string, input: Readonly<Record<string, unknown>>): Promise<void> {
  await ParkedJob.query(tx).insert({ plugin, job, input });
}

export async function countParked(tx: Tx, plugin: string): Promise<number> {
  return ParkedJob.query(tx).where({ plugin }).resultSize();
}

/** Puts what was kept back into the queue, oldest first. Returns how many there were. */
export async function releaseParked(tx: Tx, { name }: Plugin): Promise<number> {
  const parked = await ParkedJob.query(tx).where({ plugin: name }).orderBy(['parked_at', 'id']);
  for (const { job, input } of parked) await requeue(tx, job, input);
  await ParkedJob.query(tx).delete().whereIn('id', parked.map(({ id }) => id));
  return parked.length;
}
