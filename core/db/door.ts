import type { SymmetricKey } from '../crypto/envelope.ts';
import type { WorkspaceKeys } from '../crypto/keyring.ts';
import { Fault, fault } from '../errors.ts';
import { CONTEXT_LIFE_MS, mintContext, vouchFor, type VouchedTable } from './context.ts';
import { openPool, type Pool } from './pool.ts';
import type { Bound } from './transaction.ts';
import { stillActing } from './still-acting.ts';
import { INSTALLATION_WORKSPACE, systemScope, type Actor, type PendingEntry, type Plugged, type Scope, type SystemReason, type SystemTx, type Tx } from './scope.ts';

/**
 * The two doors to data (design invariant 1). Nothing else in the program opens a transaction.
 *
 * `withWorkspace` binds a transaction to the scope's workspace, runs `fn`, seals what `fn` recorded into the audit chain and commits. If
 * sealing fails, nothing is committed. `withSystem` is the same on the installation's own workspace under the jobs role, which may look
 * across workspaces where a table is open to the system door; the reason is recorded.
 */
export type Door = {
  withWorkspace<T>(scope: Scope, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Finds out who is asking, in a transaction of the workspace that their token names, and answers before it ends. It stays open until the event
   * loop turns: the first `withWorkspace` of that actor goes on in it, so a request that need not wait for its body costs one transaction in
   * all. What `look` changes is then committed or rolled back with the act.
   */
  identify<R>(workspaceId: string, look: (bound: Bound) => Promise<Identified<R>>): Promise<R>;
  /**
   * For an actor as an earlier request found them: their first act begins at once, beside the question whether they are still the same, and what
   * it comes to is thrown away if they are not. `again` then finds out anew, brings `actor` up to date or throws, and the act is done once more.
   * Only for acts that do nothing outside of their transaction, and where nothing is answered without one.
   */
  anticipate(actor: Actor, question: Anticipated): void;
  withSystem<T>(reason: SystemReason, fn: (tx: SystemTx) => Promise<T>): Promise<T>;
  /** Whether the database answers both roles; nothing is read. Rejects with what stood in the way. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** `actor`: whose act may go on in the transaction; null: it ends at once. */
export type Identified<R> = { readonly answer: R; readonly actor: Actor | null };

export type Anticipated = { isStill(bound: Bound): Promise<boolean>; again(): Promise<void> };

/** Provided by core/audit, which may import this room but not the reverse. */
export type Sealer = {
  /** Seals `tx.pending` in order, inside the transaction; `inserted` settles with the last statement, which shares a round trip with COMMIT. */
  pending(tx: Tx | SystemTx): Promise<Sealed>;
  /** While PostgreSQL is at work on what the act asked so far: may seal what it has recorded by now. */
  ahead(tx: Tx | SystemTx): void;
};
export type Sealed = { readonly inserted: Promise<unknown> };
/** Loads (and caches) a workspace's opened keys. */
export type KeyLoader = (workspaceId: string, read: <T>(fn: (bound: Bound) => Promise<T>) => Promise<T>) => Promise<WorkspaceKeys>;

export type DoorOptions = {
  readonly appUrl: string;
  readonly jobsUrl: string;
  readonly contextKey: SymmetricKey;
  readonly loadKeys: KeyLoader;
  readonly seal: Sealer;
  /** Plugins a transaction can ask and tell; without it there are none. */
  readonly plugged?: Plugged;
  readonly clock?: () => number;
  readonly poolSize?: number;
};

const NOTHING_PLUGGED: Plugged = { ask: async () => [], tell: async () => undefined, settings: async () => { throw new Error('No plugin is loaded.'); }, list: async () => [] };

export function openDoor(options: DoorOptions): Door {
  const { contextKey, loadKeys, seal, plugged = NOTHING_PLUGGED, clock = Date.now } = options;
  const app = openPool(options.appUrl, options.poolSize ?? 10);
  const jobs = openPool(options.jobsUrl, 4);

  const bound = <T>(pool: Pool, workspaceId: string, fn: (bound: Bound) => Promise<T>): Promise<T> =>
    pool.transaction((backend) => mintContext(contextKey, workspaceId, backend, clock() + CONTEXT_LIFE_MS), fn);

  const open = new WeakMap<Actor, OpenTransaction>();
  const anticipated = new WeakMap<Actor, Anticipated>();
  const inTransaction = async <T>(pool: Pool, { workspaceId, actor }: Scope, fn: (bound: Bound) => Promise<T>): Promise<T> => {
    const identified = open.get(actor);
    if (pool === app && identified?.workspaceId === workspaceId) return identified.goOn(fn);
    const before = anticipated.get(actor);
    if (before !== undefined) return asBefore(before, actor, (act) => bound(pool, workspaceId, act), fn);
    const question = pool === app ? stillActing(actor) : null;
    return bound(pool, workspaceId, async (entered) => {
      const found = question === null ? null : entered.query(question.text, question.values); // sent in front of the act, looked at behind it
      found?.catch(() => undefined);
      const outcome = await fn(entered);
      if (found !== null && (await found).length === 0) throw fault(actor.kind === 'agent' ? 'token.refused' : 'session.expired');
      return outcome;
    });
  };

  /** What the act throws, too, counts only if it was done in the right name. */
  const asBefore = async <T>({ isStill, again }: Anticipated, actor: Actor, enter: (act: (bound: Bound) => Promise<T>) => Promise<T>, fn: (bound: Bound) => Promise<T>): Promise<T> => {
    try {
      return await enter(async (entered) => {
        const still = isStill(entered); // sent in front of the act, looked at behind it
        still.catch(() => undefined);
        const [outcome] = await Promise.allSettled([fn(entered)]);
        if (!(await still)) throw new SomebodyElse();
        anticipated.delete(actor);
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
    } catch (error) {
      if (!(error instanceof SomebodyElse)) throw error;
    }
    await again();
    anticipated.delete(actor);
    return enter(fn);
  };

  const sealed = async <T, X extends Tx | SystemTx>(pool: Pool, start: { scope: Scope; keys: X['keys']; pending: readonly PendingEntry[] }, fn: (tx: X) => Promise<T>): Promise<T> => {
    const none: Sealed = { inserted: Promise.resolve() };
    let entries = none;
    try {
      return await inTransaction(pool, start.scope, async (bound) => {
        entries = none; // an act that is done once more has nothing to do with what it left the first time
        const tx = {
          ...start, pending: [...start.pending], query: bound.query, ended: bound.ended, flushBehind: () => bound.flushBehind(), whileCommitting: (work: () => void) => bound.whileCommitting(work),
          sendAhead: () => bound.sendAhead(), beforeEnd: (work: () => void) => bound.beforeEnd(work), sealAhead: () => bound.beforeEnd(() => seal.ahead(tx)),
          vouch: (table: VouchedTable, ...said: Uint8Array[]) => vouchFor(contextKey, table, start.scope.workspaceId, said),
          get knex() { return bound.knex; }, plugged, now: clock(),
        } as unknown as X;
        const result = await fn(tx);
        entries = await seal.pending(tx);
        return result;
      });
    } catch (error) {
      await entries.inserted; // its own error says more than "the transaction was aborted"
      throw error;
    }
  };

  /** What was refused is rolled back with its transaction; that it was refused must not be. */
  const recorded = async <T, X extends Tx | SystemTx>(pool: Pool, start: { scope: Scope; keys: X['keys'] }, pending: readonly PendingEntry[], fn: (tx: X) => Promise<T>): Promise<T> => {
    try {
      return await sealed<T, X>(pool, { ...start, pending: [...pending] }, fn);
    } catch (error) {
      if (error instanceof Fault && error.refused !== null) {
        const { action, target, detail } = error.refused;
        const refusal: PendingEntry = { action, outcome: 'refused', target, detail: { ...detail, code: error.code } };
        await sealed<void, X>(pool, { ...start, pending: [...pending, refusal] }, async () => undefined);
      }
      throw error;
    }
  };

  return {
    async withWorkspace(scope, fn) {
      const keys = await loadKeys(scope.workspaceId, (read) => bound(app, scope.workspaceId, read)).catch(async (error: unknown) => {
        await anticipated.get(scope.actor)?.again(); // whoever is gone together with the workspace is told that they are
        throw error;
      });
      return recorded(app, { scope, keys }, [], fn);
    },
    identify(workspaceId, look) {
      return new Promise((resolve, reject) => {
        const whole = loadKeys(workspaceId, (read) => bound(app, workspaceId, read)).then(() => bound(app, workspaceId, async (entered) => {
          const { answer, actor } = await look(entered);
          const act = actor === null ? null : firstActOf(open, actor, workspaceId, () => whole);
          resolve(answer);
          await (await act)?.(entered);
        }));
        whole.catch(reject);
      });
    },
    anticipate(actor, question) {
      anticipated.set(actor, question);
    },
    async withSystem(reason, fn) {
      const act: PendingEntry = { action: 'system.door', outcome: 'ok', target: null, detail: { reason } };
      return recorded(jobs, { scope: systemScope(INSTALLATION_WORKSPACE, reason), keys: null }, [act], fn);
    },
    async ping() {
      await Promise.all([app, jobs].map((pool) => bound(pool, INSTALLATION_WORKSPACE, async () => undefined)));
    },
    async close() {
      await Promise.all([app.destroy(), jobs.destroy()]);
    },
  };
}

/** The actor is not, or not quite, who they were. */
class SomebodyElse extends Error {}

type Act = (bound: Bound) => Promise<void>;
type OpenTransaction = { readonly workspaceId: string; /** Settles when the whole transaction has. */ goOn<T>(fn: (bound: Bound) => Promise<T>): Promise<T> };

/** The actor's first act if it begins before the event loop turns, else null. */
function firstActOf(open: WeakMap<Actor, OpenTransaction>, actor: Actor, workspaceId: string, whole: () => Promise<void>): Promise<Act | null> {
  return new Promise((resolve) => {
    const tooLate = setImmediate(() => {
      open.delete(actor);
      resolve(null);
    });
    open.set(actor, {
      workspaceId,
      async goOn<T>(fn: (bound: Bound) => Promise<T>) {
        open.delete(actor);
        clearImmediate(tooLate);
        let outcome: T | undefined;
        resolve(async (bound) => {
          outcome = await fn(bound);
        });
        await whole();
        return outcome as T;
      },
    });
  });
}
