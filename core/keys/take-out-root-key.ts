import type { App } from '../app.ts';
import { record } from '../audit/record.ts';
import { removeRootKey } from '../crypto/root-key-file.ts';
import { fault } from '../errors.ts';
import { keyStatus } from './key-status.ts';

/**
 * Takes an old root key out of its file. Without it, what it still wraps could never be opened again.
 * @throws Fault key.root_in_use · RootKeyFileError for the first key of the file, or one that is not in it
 */
export async function takeOutRootKey(app: App, file: string, id: string): Promise<void> {
  const { rootKeys, unknownRootKeys } = await keyStatus(app);
  if (unknownRootKeys.includes(id) || rootKeys.some((key) => key.id === id && key.wraps > 0)) throw fault('key.root_in_use');
  await app.withSystem('key.manage', async (tx) => {
    await removeRootKey(file, id);
    record(tx, { action: 'key.root_removed', target: { type: 'key', id } });
  });
}
