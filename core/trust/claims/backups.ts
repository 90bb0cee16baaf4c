import { claim, notApplicable, verdict } from '../claim.ts';
import { newestOnRecord } from '../on-record.ts';

const DAYS = 8; // a weekly one may come late
export const proved = claim({
  id: 'BKP-1',
  title: 'A backup was restored and proved within the week',
  statement: `Within the last ${DAYS} days a backup of the whole installation was restored aside, and the copy proved: every audit entry verified against the heads of that time, and the claims about tenancy, keys and audit. The newest such proof is on the record of this workspace.`,
  async prove({ app, scope }) {
    if (app.config.database !== null) return notApplicable('The database is a PostgreSQL of the operator’s own, which backs it up.');
    const { newest, isYoung } = await app.withWorkspace(scope, async (tx) => ({
      newest: await newestOnRecord(tx, app, 'backup.proved', DAYS),
      isYoung: (await tx.query('select 1 from app.workspaces where created_at >= $1', [new Date(tx.now - DAYS * 24 * 3600_000)])).length > 0,
    }));
    if (newest === null && isYoung) return notApplicable(`No backup has been proved yet, and this workspace is younger than ${DAYS} days.`);
    const at = newest?.at ?? null;
    return verdict(newest?.outcome === 'ok' && newest.isOurs, { proved: `The newest was proved at ${at}.`, failing: newest === null ? `None in ${DAYS} days: wardkeep backup --check makes one and proves it.` : newest.isOurs ? `The copy restored at ${at} did not hold.` : 'The newest entry that tells of one does not hold.' }, { at, backup: newest?.target?.id ?? null });
  },
});

export const BACKUP_CLAIMS = [proved] as const;
