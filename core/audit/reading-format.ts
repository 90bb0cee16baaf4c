// Imports nothing: the verifier page asks as the command does.

/** Heading of the CSV export. */
export const CSV_COLUMNS = [
  'seq', 'id', 'at', 'actor_kind', 'actor_id', 'actor_name', 'action', 'outcome', 'target_type', 'target_id', 'ip', 'user_agent', 'request_id', 'detail', 'hash', 'key_id', 'signature',
];

const JSON_BEGINS = /^\[\s*(\{"entry":|\])/;

/** So much of a file tells. */
export const TELLING_BYTES = 512;

/** Whether what is no bundle is an export for reading, which proves nothing; told by how it begins. */
export function readingFormatOf(beginning: string): 'CSV' | 'JSON' | null {
  const text = beginning.replace(/^\ufeff/, ''); // spreadsheets put a mark there when they store the file again
  return text.startsWith(CSV_COLUMNS.join(',')) ? 'CSV' : JSON_BEGINS.test(text) ? 'JSON' : null;
}
