import type { App } from '../app.ts';
import { authorize } from '../access/authorize.ts';
import { systemScope, type Tx } from '../db/scope.ts';
import type { RootKeyProvider } from '../crypto/root-keys.ts';
import { countUnder, readKeyRows, total, type KeyKind } from './key-row.ts';
import { listWorkspaces, type WorkspaceEntry } from '../workspaces/find-workspace.ts';
import type { ValueCount } from './count-values.ts';

/** NIST SP 800-38D section 8.3: with random 96-bit nonces, one key encrypts at most 2^32 times. */
export const ENCRYPTIONS_MAX = 2 ** 32;
/** Half of that: time to rotate. */
export const ENCRYPTIONS_WARN = 2 ** 31;

export type KeyVersionStatus = {
  readonly kind: KeyKind;
  readonly version: number;
  readonly status: 'active' | 'decrypt' | 'retired';
  readonly createdAt: string;
  readonly retiredAt: string | null;
  /** Upper bound; index keys do not encrypt. */
  readonly encryptions: number;
  /** Root key id; null when the provider does not know the text. */
  readonly wrappedBy: string | null;
  /** Values sealed under it, or rows tagged under it. */
  readonly values: number;
  readonly byColumn: readonly ValueCount[];
  readonly warning: 'rotate_soon' | 'rotate_now' | 'values_under_retired_key' | null;
};
export type InstallationKeyStatus = {
  /** In the order of use: the first wraps. `wraps` counts workspace keys and secrets; at zero the key can be taken away. */
  readonly rootKeys: readonly { readonly id: string; readonly isCurrent: boolean; readonly wraps: number }[];
  /** Wrapped by a root key this program was not given. */
  readonly unknownRootKeys: readonly string[];
  readonly workspaces: readonly (WorkspaceEntry & { readonly keys: readonly KeyVersionStatus[] })[];
};

/** The key versions of the transaction's workspace. */
export async function workspaceKeyStatus(tx: Tx, roots: RootKeyProvider): Promise<KeyVersionStatus[]> {
  authorize(tx, 'key.read');
  const [rows, sealed, tagged] = await Promise.all([readKeyRows(tx), countUnder(tx, 'data'), countUnder(tx, 'index')]);
  return rows.map((row) => {
    const byColumn = (row.kind === 'data' ? sealed : tagged).filter(({ version }) => version === row.version);
    const values = total(byColumn, () => true);
    return {
      kind: row.kind, version: row.version, status: row.status, createdAt: row.created_at.toISOString(), retiredAt: row.retired_at?.toISOString() ?? null,
      encryptions: row.encryptions, wrappedBy: roots.wrappedBy(row.wrapped), values, byColumn, warning: warningFor(row, values),
    };
  });
}

/** The whole installation's keys, or one workspace's, for the command and the trust page. */
export async function keyStatus(app: App, workspaceId?: string): Promise<InstallationKeyStatus> {
  const workspaces: InstallationKeyStatus['workspaces'][number][] = [];
  for (const workspace of await listWorkspaces(app)) {
    if (workspaceId !== undefined && workspace.id !== workspaceId) continue;
    workspaces.push({ ...workspace, keys: await app.withWorkspace(systemScope(workspace.id, 'key.status'), (tx) => workspaceKeyStatus(tx, app.roots)) });
  }
  const secrets = (await app.withSystem('key.manage', (tx) => tx.knex('sys.secrets').select('wrapped'))) as { wrapped: string }[];
  const wrappers = [...workspaces.flatMap(({ keys }) => keys.map(({ wrappedBy }) => wrappedBy)), ...secrets.map(({ wrapped }) => app.roots.wrappedBy(wrapped))].map((id) => id ?? 'unknown');
  return {
    rootKeys: app.roots.keyIds.map((id, at) => ({ id, isCurrent: at === 0, wraps: wrappers.filter((wrapper) => wrapper === id).length })),
    unknownRootKeys: [...new Set(wrappers.filter((wrapper) => !app.roots.keyIds.includes(wrapper)))],
    workspaces,
  };
}

function warningFor({ status, encryptions }: { status: string; encryptions: number }, values: number): KeyVersionStatus['warning'] {
  if (status === 'retired' && values > 0) return 'values_under_retired_key';
  if (status === 'active' && encryptions >= ENCRYPTIONS_MAX) return 'rotate_now';
  if (status === 'active' && encryptions >= ENCRYPTIONS_WARN) return 'rotate_soon';
  return null;
}
