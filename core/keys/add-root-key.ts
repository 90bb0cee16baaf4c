import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { prependRootKey, type RootKeyInfo } from '../crypto/root-key-file.ts';

/** Puts a new root key in front of those in its file. It wraps what is wrapped from the next start on; what there is, `rewrapKeys` brings under it. */
export function addRootKey(app: App, file: string): Promise<RootKeyInfo> {
  return app.withSystem('key.manage', async (tx) => {
    const added = await prependRootKey(file);
    record(tx, { action: 'key.root_added', target: { type: 'key', id: added.id } });
    return added;
  });
}
