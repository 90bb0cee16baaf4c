import t from 'tap';
import { systemScope } from '../../../core/db/scope.ts';
import { proveClaims } from '../../../core/trust/prove-claims.ts';
import { advance } from '../../../plugins/baa-tracker/agreements/advance.ts';
import { STATUSES } from '../../../plugins/baa-tracker/agreements/states.ts';
import { todayOf } from '../../../plugins/baa-tracker/calendar-days.ts';
import { BAA_CLAIMS } from '../../../plugins/baa-tracker/claims.ts';
import { demo } from '../../../plugins/baa-tracker/demo/seed.ts';
import { readBytes } from '../../../plugins/baa-tracker/documents/actions.ts';
import { checkPdf } from '../../../plugins/baa-tracker/documents/check-pdf.ts';
import { Agreement, AgreementDocument, Transition } from '../../../plugins/baa-tracker/models.ts';
import { makeReminders } from '../../../plugins/baa-tracker/reminders/remind.ts';
import { drawTimeline } from '../../../plugins/baa-tracker/timeline/draw-timeline.ts';
import { readRegister } from '../../../plugins/baa-tracker/register/read-register.ts';
import { HOME, openRegister } from './register.ts';

t.test('the demo’s registers', async (t) => {
  const { app, willow, harbor, visit } = await openRegister(t);
  const claims = async (workspaceId: string) => Object.fromEntries((await proveClaims(app, workspaceId, BAA_CLAIMS)).map(({ id, status }) => [id, status]));
  for (const [slug, { workspaceId, admin, officer }] of [['willow', willow], ['harbor', harbor]] as const) {
    const people = [{ id: admin.id, name: 'Ada', role: 'ADMIN', designations: [] }, { id: officer.id, name: 'Otto', role: 'READONLY', designations: ['SECURITY_OFFICER'] }] as const;
    await app.withWorkspace(systemScope(workspaceId, 'demo'), async (tx) => {
      await demo.seed?.(tx, { slug, name: slug, timeZone: 'UTC', people });
      const { today } = await todayOf(tx);
      t.equal(await advance(tx, today), 0, `${slug}: every agreement stands where its dates say`);
      t.equal(await makeReminders(tx, today), 0, `${slug}: every reminder that was due is there`);
      for (const agreement of await Agreement.query(tx)) {
        const steps = await Transition.query(tx).where({ agreement_id: agreement.id }).orderBy('number');
        t.match(steps.at(-1), { to_status: agreement.status, number: agreement.version }, 'its last step led to where it is');
        t.ok(steps.every(({ at }, index) => at.getTime() <= tx.now && at >= (steps[index - 1]?.at ?? at)), 'its steps are in order, and past');
      }
      for (const document of await AgreementDocument.query(tx)) await checkPdf(await readBytes(tx, document));
    });
  }
  t.same(await claims(willow.workspaceId), { 'BAA-1': 'proved', 'BAA-2': 'proved' }, 'the clinic has what it needs');
  t.same(await claims(harbor.workspaceId), { 'BAA-1': 'failing', 'BAA-2': 'proved' }, 'the hospital has a gap, which nobody overlooked');
  await app.withWorkspace(systemScope(harbor.workspaceId, 'test'), async (tx) => {
    t.same([...new Set((await Agreement.query(tx)).map(({ status }) => status))].sort(), [...STATUSES].sort(), 'an agreement in every state');
    const { gaps, today } = { ...drawTimeline(await readRegister(tx)), ...(await todayOf(tx)) };
    t.ok(gaps.some(({ isOpen }) => isOpen) && gaps.some(({ to }) => to !== null && to < today), 'a gap now, and one that was closed');
  });
  const page = await (await visit(harbor.officer)).get(HOME);
  for (const text of ['Coastline Transcription', 'in 20 days', 'A subprocessor is added']) t.match(page.payload, text);
  t.match((await (await visit(harbor.officer)).get('/contacts')).payload, /aria-label="Agreements"[^]*has patients’ data/, 'the page people land on says what waits');
  t.notMatch((await (await visit(willow.officer)).get('/contacts')).payload, 'aria-label="Agreements"', 'and nothing while all is in order');
});
