import type { App } from '../app.ts';

export type JobHealth = {
  readonly job: string;
  readonly waiting: number;
  readonly running: number;
  /** Failed at least once and waiting for another try. */
  readonly retrying: number;
  /** Out of tries: a person must look. */
  readonly dead: number;
  /** Age in seconds of the oldest that could run now. */
  readonly oldestDueSeconds: number;
  /** Codes or names of the last errors, never their texts. */
  readonly lastErrors: readonly string[];
};

/** The queue by job, for the health page and `doctor`. Jobs that ran are gone, so an empty list is a healthy one. */
export async function jobHealth(app: App): Promise<JobHealth[]> {
  const { rows } = (await app.withSystem('health', (tx) => tx.knex.raw(
    `select t.identifier as job,
       (count(*) filter (where j.locked_at is null and j.attempts = 0))::int as waiting,
       (count(*) filter (where j.locked_at is not null))::int as running,
       (count(*) filter (where j.locked_at is null and j.attempts between 1 and j.max_attempts - 1))::int as retrying,
       (count(*) filter (where j.locked_at is null and j.attempts >= j.max_attempts))::int as dead,
       coalesce(extract(epoch from now() - min(j.run_at) filter (where j.is_available and j.run_at <= now())), 0)::int as "oldestDueSeconds",
       array_remove(array_agg(distinct j.last_error), null) as "lastErrors"
     from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
     group by t.identifier order by t.identifier`,
  ))) as { rows: JobHealth[] };
  return rows;
}
