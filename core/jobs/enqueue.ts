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

/** Puts a job back whose input was checked when it was first added, and is again when it runs. */
export async function requeue(tx: Tx, name: string, input: object): Promise<void> {
  await send(tx, name, input, {}, null);
}

async function add<F extends Fields>(tx: Tx | SystemTx, job: WorkspaceJob<F>, input: InputOf<F>, options: EnqueueOptions, workspaceId: string | null): Promise<void> {
  await send(tx, job.name, checkInput(job, input), options, workspaceId);
}

async function send(tx: Tx | SystemTx, name: string, input: object, { runAt, key }: EnqueueOptions, workspaceId: string | null): Promise<void> {
  await tx.knex.raw('select sec.enqueue(?, ?::jsonb, ?, ?, ?)', [name, JSON.stringify(input), runAt?.toISOString() ?? null, key ?? null, workspaceId] as never);
}
