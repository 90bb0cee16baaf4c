import { open, stat } from 'node:fs/promises';
import { readingFormatOf, TELLING_BYTES } from './reading-format.ts';

/** Which export for reading a file is. A pipe cannot be asked twice: null. */
export async function readingExportIn(path: string): Promise<'CSV' | 'JSON' | null> {
  if (!(await stat(path)).isFile()) return null;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TELLING_BYTES), 0, TELLING_BYTES, 0);
    return readingFormatOf(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}
