import { stringify } from 'csv-stringify/sync';
import { canonicalize } from './canonical.ts';
import type { SealedEntry } from './entry.ts';
import { CSV_COLUMNS } from './reading-format.ts';

// RFC 4180 line ends. A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV Injection): a user agent
// is text that anyone on the network chooses.
const OPTIONS = { record_delimiter: '\r\n', escape_formulas: true, quoted_match: /[\r\n]/ };

export const csvHeading = (): string => stringify([CSV_COLUMNS], OPTIONS);

/** One line an entry, for spreadsheets; it proves nothing by itself. */
export function csvLines(entries: readonly SealedEntry[]): string {
  return stringify(entries.map(({ entry, hash, keyId, signature }) => [
    entry.seq, entry.id, entry.at, entry.actor.kind, entry.actor.id, entry.actor.name, entry.action, entry.outcome, entry.target?.type, entry.target?.id,
    entry.ip, entry.userAgent, entry.requestId, canonicalize(entry.detail), hash, keyId, signature,
  ]), OPTIONS);
}
