import { randomBytes } from 'node:crypto';
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
type Ring = { keys: WorkspaceKeys; readAt: number; left: number };

export function keyContext(workspaceId: string, kind: string, version: number): string {
  return `workspace-key\n${workspaceId}\n${kind}\n${version}`;
}

export function createKeyLoader(roots: RootKeyProvider, clock: () => number = Date.now): KeyLoader & { forget(workspaceId: string): void } {
  const rings = new Map<string, Ring>();
  const opened = new Map<string, Buffer>();

  const open = async (workspaceId: string, row: KeyRow): Promise<KeyVersion> => {
    const bytes = opened.get(row.wrapped) ?? (await roots.unwrap(row.wrapped, keyContext(workspaceId, row.kind, row.version)));
    opened.set(row.wrapped, bytes);
    return { version: row.version, status: row.status, bytes };
  };

  const load: KeyLoader = async (workspaceId, read) => {
    const cached = rings.get(workspaceId);
    if (cached !== undefined && clock() - cached.readAt < RING_LIFE_MS && cached.left > RESERVATION / 4) return cached.keys;
    const readAt = clock(); // before it is read: unwrapping may be a call to a key service, and the ring must not outlive RING_LIFE_MS by it
    const { rows, left } = await read(async (knex) => {
      const found = ((await knex.raw("select kind, version, wrapped, status from app.workspace_keys where status <> 'retired' order by version desc")) as { rows: KeyRow[] }).rows;
      const active = found.find(({ kind, status }) => kind === 'data' && status === 'active')?.version ?? 0;
      // What was reserved on a version cannot be spent on the next.
      const carried = cached?.keys.dataVersion === active ? cached.left : 0;
      if (carried > RESERVATION / 4) return { rows: found, left: carried };
      await knex.raw("update app.workspace_keys set encryptions = encryptions + ? where kind = 'data' and version = ?", [RESERVATION, active]);
      return { rows: found, left: carried + RESERVATION };
    });
    if (rows.length === 0) throw fault('workspace.not_found');
    const of = (kind: string) => Promise.all(rows.filter((row) => row.kind === kind).map((row) => open(workspaceId, row)));
    const ring: Ring = { keys: undefined as unknown as WorkspaceKeys, readAt, left };
    ring.keys = new WorkspaceKeys(workspaceId, await of('data'), await of('index'), () => {
      ring.left -= 1;
    });
    rings.set(workspaceId, ring);
    return ring.keys;
  };
  return Object.assign(load, {
    forget(workspaceId: string) {
      rings.delete(workspaceId);
    },
  });
}

/** A new key's row, wrapped and ready to insert. */
export async function newKeyRow(roots: RootKeyProvider, workspaceId: string, kind: 'data' | 'index', version: number): Promise<{ workspace_id: string; kind: string; version: number; wrapped: string }> {
  return { workspace_id: workspaceId, kind, version, wrapped: await roots.wrap(randomBytes(32), keyContext(workspaceId, kind, version)) };
}

