import type { App } from '../app.ts';
import { isUuid } from '../crypto/uuid.ts';
import type { Scope } from '../db/scope.ts';

/**
 * A job is work after the act: it runs outside the transaction that asked for it, perhaps twice, so it must bear repeating. Its input is
 * ids, whole numbers, flags and words from a fixed list; there is no type for free text, so a payload cannot carry PHI.
 */
export type FieldType = 'id' | 'integer' | 'boolean' | readonly string[];
export type Fields = { readonly [name: string]: FieldType };
type ValueOf<T extends FieldType> = T extends 'id' ? string : T extends 'integer' ? number : T extends 'boolean' ? boolean : T extends readonly (infer Word)[] ? Word : never;
export type InputOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** A job of one workspace: `scope` is that workspace with the system as the actor. */
export type WorkspaceJob<F extends Fields = Fields> = {
  /** `noun.verb`, as in the audit; it is what rows in the queue name, so it does not change. */
  readonly name: string;
  readonly input: F;
  run(app: App, scope: Scope, input: InputOf<F>): Promise<void>;
};
/** A job of the installation that the clock starts. `at`: the minute it was due; it may run later, when the program was down then. */
export type ScheduledJob = {
  readonly name: string;
  /** crontab(5), in UTC. */
  readonly schedule: string;
  /** How far back missed runs are made up for. */
  readonly catchUpMs: number;
  run(app: App, at: Date): Promise<void>;
};
export type Job = WorkspaceJob | ScheduledJob;

export function workspaceJob<const F extends Fields>(job: WorkspaceJob<F>): WorkspaceJob<F> {
  return job;
}

/** @throws TypeError naming the field; never its value. */
export function checkInput<F extends Fields>(job: WorkspaceJob<F>, input: unknown): InputOf<F> {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  for (const [name, type] of Object.entries(job.input)) if (!fits(type, given[name])) throw new TypeError(`The input of ${job.name} is wrong at ${name}.`);
  if (Object.keys(given).some((name) => !Object.hasOwn(job.input, name))) throw new TypeError(`The input of ${job.name} has a field it does not know.`);
  return given as InputOf<F>;
}

function fits(type: FieldType, value: unknown): boolean {
  if (type === 'id') return isUuid(value);
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'boolean') return typeof value === 'boolean';
  return typeof value === 'string' && type.includes(value);
}
