import { open, stat } from 'node:fs/promises';
import { csvHeading } from './entry-csv.ts';

const JSON_BEGINS = /^\[\s*(\{"entry":|\])/;

/** Whether what is no bundle is an export for reading, which proves nothing; told by how it begins. A pipe cannot be asked twice: null. */
export async function readingExportIn(path: string): Promise<'CSV' | 'JSON' | null> {
  if (!(await stat(path)).isFile()) return null;
  const heading = csvHeading().trimEnd();
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * heading.length), 0, 2 * heading.length, 0);
    const text = buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, ''); // spreadsheets put a mark there when they store the file again
    return text.startsWith(heading) ? 'CSV' : JSON_BEGINS.test(text) ? 'JSON' : null;
  } finally {
    await file.close();
  }
}
