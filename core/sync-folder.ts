import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Has the name of a new file on the disk, as `sync` of the file has its content. */
export async function syncFolder(file: string): Promise<void> {
  const handle = await open(dirname(file), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
