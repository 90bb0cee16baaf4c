import { NO_PREVIOUS, parseEntry, type ActorKind, type AuditEntry, type Outcome } from './entry.ts';
import { FormatError } from './format-error.ts';
import type { StoredEntry } from './stored-log.ts';

/** The columns {@link entryOf} needs. */
export const ENTRY_COLUMNS = ['seq', 'id', 'at', 'actor_kind', 'actor_id', 'action', 'outcome', 'target_type', 'target_id', 'body'] as const;
export type EntryRow = Omit<StoredEntry, 'hash' | 'key_id' | 'signature'>;

/** The entry that a stored body holds; null where it is none. */
export function readBody(body: string): AuditEntry | null {
  try {
    return parseEntry(JSON.parse(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof FormatError) return null;
    throw error;
  }
}

/**
 * The same for showing. SQL of somebody's own may leave a body there that is none, and nobody can take it away: no page, answer or export of the log
 * may break off at it. What the columns beside it say stands in for it; that it does not hold is verification's to say.
 */
export function entryOf(row: EntryRow, workspace: string): AuditEntry {
  const { seq, id, at, actor_kind: kind, actor_id: actorId, action, outcome, target_type: type, target_id: targetId } = row;
  return readBody(row.body) ?? {
    v: 1, workspace, seq, id, at: at.toISOString(), actor: { kind: kind as ActorKind, id: actorId, name: null }, action, outcome: outcome as Outcome,
    target: type === null ? null : { type, id: targetId }, ip: null, userAgent: null, requestId: null, detail: { unreadable: true }, prev: NO_PREVIOUS,
  };
}
