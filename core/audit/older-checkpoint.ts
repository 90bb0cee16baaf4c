import { logOrigin, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint, ReadCheckpoint } from './checkpoint.ts';
import { FormatError } from './format-error.ts';
import { sameBytes } from './merkle.ts';
import type { CompactRange } from './merkle.ts';
import { verifiedBy } from './signed-note.ts';
import type { NoteKey } from './signed-note.ts';

/**
 * What the checkpoint a verifier kept from earlier says of a bundle. Only `confirmed` speaks for it.
 * confirmed: the log only grew since. contradicted: it was rewritten or cut. unknown-key: signed by a key the bundle does not know, as
 * after a log was made anew under another key. not-covered: its size lies outside the exported range, so nothing can be said.
 * other-log: another workspace's or installation's. bad-signature, unreadable: it is no checkpoint. not-compared: a fault came first.
 * none: none was given.
 */
export type CheckpointResult = 'none' | 'not-compared' | 'confirmed' | 'contradicted' | 'unknown-key' | 'not-covered' | 'other-log' | 'bad-signature' | 'unreadable';

/** Each of them in a sentence. */
export const CHECKPOINT_MEANING: Readonly<Record<CheckpointResult, string>> = {
  none: 'No older checkpoint was given. Whoever holds the signing key could have rewritten the whole log before this export, and only a checkpoint kept elsewhere would show it.',
  'not-compared': 'The checkpoint you gave was not compared: the fault came first.',
  confirmed: 'The log only grew since the checkpoint you gave: nothing before it was changed, removed or moved.',
  contradicted: 'The log is not the one the checkpoint you gave was signed over.',
  'unknown-key': 'The checkpoint you gave was signed by a key this log does not know: the log was made anew under another key.',
  'not-covered': 'The checkpoint you gave lies outside the exported range, so it says nothing about it. Export from entry 1, or a range that reaches the checkpoint.',
  'other-log': 'The checkpoint you gave is of another workspace or installation.',
  'bad-signature': 'The signature on the checkpoint you gave does not hold: it is not what was saved.',
  unreadable: 'What you gave as an older checkpoint is not one.',
};

/** A note as it was signed. Editors, forms and mail write CRLF, and add or drop the last newline; neither carries meaning, and the format has no such freedom. */
export function asNote(text: string): string {
  return `${text.replaceAll('\r\n', '\n').trim()}\n`;
}

/** Null when the text is no checkpoint. */
export function readOlderCheckpoint(text: string): ReadCheckpoint | null {
  try {
    return parseCheckpoint(asNote(text));
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Whether the checkpoint is of this log and signed by one of its keys; null when both hold. */
export function distrustOlder(older: ReadCheckpoint, log: { installation: string; workspace: string }, keys: readonly NoteKey[]): CheckpointResult | null {
  if (older.origin !== logOrigin(log.installation, log.workspace)) return 'other-log';
  const signers = verifiedBy(older.note, keys);
  if (signers === null) return 'bad-signature';
  return signers.length === 0 ? 'unknown-key' : null;
}

/** `prefix`: the tree as it was at the older checkpoint's size, null when the bundle does not tell. */
export function compareOlder(older: Checkpoint, head: Checkpoint, prefix: CompactRange | null): CheckpointResult {
  if (older.size > head.size) return 'contradicted';
  if (older.size === head.size) return sameBytes(older.root, head.root) ? 'confirmed' : 'contradicted';
  if (!prefix) return 'not-covered';
  return sameBytes(older.root, prefix.root()) ? 'confirmed' : 'contradicted';
}
