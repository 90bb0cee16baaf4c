import { readKeys } from '../../audit/stored-log.ts';
import { isSigned } from '../../audit/stored-outcome.ts';
import { claim, notApplicable, verdict } from '../claim.ts';

const DAYS = 8; // a weekly one may come late
/** As the audit log allows for (core/audit/key-log.ts). What a clock that ran further ahead has dated is not of this week. */
const AHEAD_MS = 5 * 60_000;

type Proof = { seq: number; at: Date; outcome: string; target_id: string };

export const proved = claim({
  id: 'BKP-1',
  title: 'A backup was restored and proved within the week',
  statement: `Within the last ${DAYS} days a backup of the whole installation was restored aside, and the copy proved: every audit entry verified against the heads of that time, and the claims about tenancy, keys and audit. The newest such proof is on the record of this workspace.`,
  async prove({ app, scope }) {
    if (app.config.database !== null) return notApplicable('The database is a PostgreSQL of the operator’s own, which backs it up.');
    const { newest, isYoung, isOurs } = await app.withWorkspace(scope, async (tx) => {
      const since = new Date(tx.now - DAYS * 24 * 3600_000);
      const [found] = await tx.query<Proof>("select seq, at, outcome, target_id from app.audit_entries where at between $1 and $2 and action = 'backup.proved' order by seq desc limit 1", [since, new Date(tx.now + AHEAD_MS)]);
      const young = await tx.query('select 1 from app.workspaces where created_at >= $1', [since]);
      // An entry that somebody's own INSERT put there proves nothing.
      const keys = found === undefined ? null : await readKeys(tx, app.installationId, app.signer);
      return { newest: found ?? null, isYoung: young.length > 0, isOurs: found !== undefined && (await isSigned(tx, found.seq, keys ?? [])) };
    });
    if (newest === null && isYoung) return notApplicable(`No backup has been proved yet, and this workspace is younger than ${DAYS} days.`);
    const at = newest?.at.toISOString() ?? null;
    return verdict(newest?.outcome === 'ok' && isOurs, { proved: `The newest was proved at ${at}.`, failing: newest === null ? `None in ${DAYS} days: wardkeep backup --check makes one and proves it.` : isOurs ? `The copy restored at ${at} did not hold.` : 'The newest entry that tells of one does not hold.' }, { at, backup: newest?.target_id ?? null });
  },
});

export const BACKUP_CLAIMS = [proved] as const;
