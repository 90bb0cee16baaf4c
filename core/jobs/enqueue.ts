import type { SystemTx, Tx } from '../db/scope.ts';
import { checkInput, type Fields, type InputOf, type WorkspaceJob } from './job.ts';

export type EnqueueOptions = {
  readonly runAt?: Date;
  /** A waiting job of this workspace, name and key is replaced instead of adding another. */
  readonly key?: string;
};

/** Adds a job of the transaction's workspace. It exists only if the transaction commits. @throws TypeError for input the job does not take. */
export async function enqueue<F extends Fields>(tx: Tx, job: WorkspaceJob<F>, input: InputOf<F>, options: EnqueueOptions = {}): Promise<void> {
  await add(tx, job, input, options, null);
}

/** The same for any workspace, through the system door. */
export async function enqueueFor<F extends Fields>(tx: SystemTx, workspaceId: string, job: WorkspaceJob<F>, input: InputOf<F>, options: EnqueueOptions = {}): Promise<void> {
  await add(tx, job, input, options, workspaceId);
}

async function add<F extends Fields>(tx: Tx | SystemTx, job: WorkspaceJob<F>, input: InputOf<F>, { runAt, key }: EnqueueOptions, workspaceId: string | null): Promise<void> {
  await tx.knex.raw('select sec.enqueue(?, ?::jsonb, ?, ?, ?)', [job.name, JSON.stringify(checkInput(job, input)), runAt?.toISOString() ?? null, key ?? null, workspaceId] as never);
}
