import { randomBytes } from 'node:crypto';
import { EnvelopeError } from '../crypto/envelope.ts';
import { WorkspaceKeys, type KeyVersion } from '../crypto/keyring.ts';
import type { RootKeyProvider } from '../crypto/root-keys.ts';
import { fault } from '../errors.ts';
import type { KeyLoader } from './door.ts';

/**
 * Opened workspace keys, cached per process. A cached ring is read again after RING_LIFE_MS, so every process learns of a rotation within
 * that time; an old version is therefore never retired sooner (see keys rotate).
 */
export const RING_LIFE_MS = 10_000;
/** Encryptions a process reserves at a time before it uses a data key; the stored count is an upper bound. */
export const RESERVATION = 65_536;

type KeyRow = { kind: 'data' | 'index'; version: number; wrapped: string; status: 'active' | 'decrypt' };
/** `left`: encryptions reserved and not yet made. It outlives its rings, since transactions in progress go on counting with an older one. */
type Budget = { readonly version: number; left: number };
/** `opened` by wrapped text: what a ring no longer holds is not kept. */
type Ring = { readonly keys: WorkspaceKeys; readonly readAt: number; readonly budget: Budget; readonly opened: ReadonlyMap<string, Buffer> };

export function keyContext(workspaceId: string, kind: string, version: number): string {
  return `workspace-key\n${workspaceId}\n${kind}\n${version}`;
}

export function createKeyLoader(roots: RootKeyProvider, clock: () => number = Date.now): KeyLoader & { forget(workspaceId: string): void } {
  const rings = new Map<string, Ring>();
  const budgets = new Map<string, Budget>();
  const loading = new Map<string, Promise<Ring>>();

  const readRing = async (workspaceId: string, read: Parameters<KeyLoader>[1]): Promise<Ring> => {
    const readAt = clock(); // before it is read: unwrapping may be a call to a key service, and the ring must not outlive RING_LIFE_MS by it
    const known = budgets.get(workspaceId);
    const { rows, version, reserved } = await read(async ({ query }) => {
      const found = await query<KeyRow>("select kind, version, wrapped, status from app.workspace_keys where status <> 'retired' order by version desc");
      const active = found.find(({ kind, status }) => kind === 'data' && status === 'active')?.version ?? 0;
      // What was reserved on a version cannot be spent on the next; what was overdrawn is made up for.
      const left = known?.version === active ? known.left : 0;
      if (isEnough(left)) return { rows: found, version: active, reserved: 0 };
      const more = RESERVATION + Math.max(0, -left);
      await query("update app.workspace_keys set encryptions = encryptions + $1 where kind = 'data' and version = $2", [more, active]);
      return { rows: found, version: active, reserved: more };
    });
    if (rows.length === 0) throw fault('workspace.not_found');
    const before = budgets.get(workspaceId);
    const budget = before?.version === version ? before : { version, left: 0 };
    budget.left += reserved;
    budgets.set(workspaceId, budget);
    const kept = rings.get(workspaceId)?.opened;
    const opened = new Map<string, Buffer>();
    // An older one that was damaged takes its own values with it, not the workspace: KEY-4 of the trust page names it.
    const open = async (row: KeyRow): Promise<KeyVersion[]> => {
      const bytes = kept?.get(row.wrapped) ?? (await roots.unwrap(row.wrapped, keyContext(workspaceId, row.kind, row.version)).catch((error: unknown) => {
        if (!(error instanceof EnvelopeError)) throw error;
        if (row.status === 'active') throw fault('key.closed');
        return null;
      }));
      if (bytes === null) return [];
      opened.set(row.wrapped, bytes);
      return [{ version: row.version, status: row.status, bytes }];
    };
    const of = async (kind: string) => (await Promise.all(rows.filter((row) => row.kind === kind).map(open))).flat();
    const keys = new WorkspaceKeys(workspaceId, await of('data'), await of('index'), () => {
      budget.left -= 1;
    });
    return { keys, readAt, budget, opened };
  };

  /** One reading at a time; whoever comes meanwhile waits for it. A ring that was forgotten while it was read is not kept. */
  const readOnce = (workspaceId: string, read: Parameters<KeyLoader>[1]): Promise<Ring> => {
    const underway = loading.get(workspaceId);
    if (underway !== undefined) return underway;
    const reading = readRing(workspaceId, read).then(
      (ring) => {
        if (loading.get(workspaceId) === reading) {
          loading.delete(workspaceId);
          rings.set(workspaceId, ring);
        }
        return ring;
      },
      (error: unknown) => {
        if (loading.get(workspaceId) === reading) loading.delete(workspaceId);
        throw error;
      },
    );
    loading.set(workspaceId, reading);
    return reading;
  };

  const load: KeyLoader = async (workspaceId, read) => {
    const cached = rings.get(workspaceId);
    if (cached !== undefined && clock() - cached.readAt < RING_LIFE_MS && isEnough(cached.budget.left)) return cached.keys;
    return (await readOnce(workspaceId, read)).keys;
  };
  return Object.assign(load, {
    forget(workspaceId: string) {
      rings.delete(workspaceId);
      loading.delete(workspaceId);
    },
  });
}

/** A quarter is kept in hand for the transactions that are in progress. */
function isEnough(left: number): boolean {
  return left > RESERVATION / 4;
}

/** A new key's row, wrapped and ready to insert. */
export async function newKeyRow(roots: RootKeyProvider, workspaceId: string, kind: 'data' | 'index', version: number): Promise<{ workspace_id: string; kind: string; version: number; wrapped: string }> {
  return { workspace_id: workspaceId, kind, version, wrapped: await roots.wrap(randomBytes(32), keyContext(workspaceId, kind, version)) };
}

