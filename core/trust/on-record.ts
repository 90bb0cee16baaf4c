import { readBody } from '../audit/entry-of.ts';
import type { AuditEntry } from '../audit/entry.ts';
import { readEntries, readKeys } from '../audit/stored-log.ts';
import { isSigned } from '../audit/stored-outcome.ts';
import type { Tx } from '../db/scope.ts';
import type { Subject } from './claim.ts';

/** As the audit log allows for (core/audit/key-log.ts). What a clock that ran further ahead has dated is not of this week. */
const AHEAD_MS = 5 * 60_000;

/**
 * The newest entry of an action within so many days. `isOurs`: it is signed, and says what its columns say; one that somebody's own INSERT put there
 * proves nothing.
 */
export async function newestOnRecord(tx: Tx, { installationId, signer }: Subject['app'], action: string, days: number): Promise<(AuditEntry & { readonly isOurs: boolean }) | null> {
  const since = new Date(tx.now - days * 24 * 3600_000);
  const [found] = await tx.query<{ seq: number }>('select seq from app.audit_entries where action = $1 and at between $2 and $3 order by at desc, seq desc limit 1', [action, since, new Date(tx.now + AHEAD_MS)]);
  if (found === undefined) return null;
  const [row] = await readEntries(tx, found.seq - 1, found.seq, 1);
  const entry = row === undefined ? null : readBody(row.body);
  return entry === null ? null : { ...entry, isOurs: await isSigned(tx, found.seq, (await readKeys(tx, installationId, signer)) ?? []) };
}
