import t from 'tap';
import { addDays, addMonths, dayIn, daysBetween, isDay, startOfDay } from '../../../plugins/baa-tracker/calendar-days.ts';
import { decideBy, isInForce, renewedUntil } from '../../../plugins/baa-tracker/agreements/days-in-force.ts';
import { mayStep, STATUSES, type By, type Status } from '../../../plugins/baa-tracker/agreements/states.ts';
import type { Agreement, Subprocessor } from '../../../plugins/baa-tracker/models.ts';
import { markReached } from '../../../plugins/baa-tracker/reminders/who-is-told.ts';
import type { Register } from '../../../plugins/baa-tracker/register/read-register.ts';
import { drawFlows } from '../../../plugins/baa-tracker/timeline/draw-flows.ts';
import { drawTimeline, gapsOf } from '../../../plugins/baa-tracker/timeline/draw-timeline.ts';

t.test('every step of an agreement’s life, and no other', async (t) => {
  const allowed: [Status, Status, By][] = [
    ['draft', 'sent', 'person'], ['draft', 'terminated', 'person'], ['sent', 'draft', 'person'], ['sent', 'signed', 'person'], ['sent', 'terminated', 'person'], ['signed', 'in_force', 'clock'], ['signed', 'terminated', 'person'],
    ['in_force', 'expiring', 'clock'], ['in_force', 'expired', 'clock'], ['in_force', 'superseded', 'clock'], ['in_force', 'terminated', 'person'],
    ['expiring', 'in_force', 'clock'], ['expiring', 'expired', 'clock'], ['expiring', 'superseded', 'clock'], ['expiring', 'terminated', 'person'], ['expired', 'superseded', 'clock'],
  ];
  const found = STATUSES.flatMap((from) => STATUSES.flatMap((to) => (['person', 'clock'] as const).flatMap((by): [Status, Status, By][] => (mayStep(from, to, by) ? [[from, to, by]] : []))));
  t.same(found.map(String).sort(), allowed.map(String).sort());
});

t.test('days', async (t) => {
  t.equal(addMonths('2027-01-31', 1), '2027-02-28');
  t.equal(addMonths('2024-02-29', 12), '2025-02-28');
  t.equal(addMonths('2026-11-15', 14), '2028-01-15');
  t.equal(addDays('2026-12-31', 1), '2027-01-01');
  t.equal(daysBetween('2026-03-01', '2026-02-27'), -2);
  t.same(['2026-02-29', '2026-1-1', '2026-13-01', 'x', '0000-01-01', '9999-12-31'].map(isDay), [false, false, false, false, false, false]);
  t.equal(dayIn('Pacific/Auckland', Date.parse('2026-06-30T13:00:00Z')), '2026-07-01');
  t.equal(startOfDay('America/Denver', '2026-07-01').toISOString(), '2026-07-01T06:00:00.000Z');
  t.equal(startOfDay('America/New_York', '2026-03-08').toISOString(), '2026-03-08T05:00:00.000Z', 'the day clocks go forward begins in winter time');
  t.equal(startOfDay('America/New_York', '2026-03-09').toISOString(), '2026-03-09T04:00:00.000Z');
  t.equal(startOfDay('Asia/Kolkata', '2026-01-01').toISOString(), '2025-12-31T18:30:00.000Z');
});

const terms = (over: Partial<Agreement> = {}) => ({ id: 'a', subprocessor_id: 's', kind: 'baa', title: 'BAA', status: 'in_force', effective_on: '2026-01-01', expires_on: '2026-12-31', renewal_months: null, notice_days: 0, ended_on: null, ...over }) as Agreement;

t.test('what the dates say', async (t) => {
  t.equal(decideBy(terms({ renewal_months: 12, notice_days: 60 })), '2026-11-01', 'what renews itself is decided on its notice day');
  t.equal(decideBy(terms({ notice_days: 60 })), '2026-12-31');
  t.equal(decideBy(terms({ expires_on: null })), null);
  t.equal(renewedUntil(terms({ renewal_months: 1, expires_on: '2026-01-31' }), '2026-04-15'), '2026-04-30', 'counted from the first end, so the 31st is not lost in February');
  t.same(['2025-12-31', '2026-01-01', '2026-12-31', '2027-01-01'].map((today) => isInForce(terms(), today)), [false, true, true, false]);
  for (const status of ['draft', 'sent', 'terminated'] as const) t.equal(isInForce(terms({ status }), '2026-06-01'), false, status);
  t.same([91, 90, 61, 60, 31, 30, 8, 7, 1, 0].map((days) => markReached(days)), [null, 90, 90, 60, 60, 30, 30, 7, 7, 0]);
});

const subprocessor = { id: 's', name: 'Acme <Cloud>', in_use: true, phi_class: 'store', is_operator: false } as Subprocessor;
const register = (agreements: Agreement[], over: Partial<Register> = {}): Register => ({ today: '2026-06-01', zone: 'UTC', subprocessors: [subprocessor], agreements, attestations: [], openReminders: [], openNotices: [], plugins: [], names: new Map(), ...over });

t.test('gaps', async (t) => {
  const gaps = (...agreements: Agreement[]) => gapsOf(register(agreements), subprocessor, '2028-01-01').map(({ from, to }) => `${from} ${to}`);
  t.same(gaps(), ['2026-06-01 2028-01-01'], 'nothing at all: from today');
  t.same(gaps(terms({ expires_on: null })), []);
  t.same(gaps(terms()), ['2027-01-01 2028-01-01'], 'ahead');
  t.same(gaps(terms({ renewal_months: 12 })), [], 'what renews itself leaves none');
  t.same(gaps(terms({ status: 'expired', effective_on: '2025-01-01', expires_on: '2025-12-31', ended_on: '2025-12-31' }), terms({ effective_on: '2026-03-01', expires_on: null })), ['2026-01-01 2026-02-28'], 'between two');
  t.same(gaps(terms({ expires_on: '2026-12-31' }), terms({ effective_on: '2026-06-01', expires_on: null })), [], 'overlapping');
  t.same(gaps(terms({ kind: 'dpa', expires_on: null })), ['2026-06-01 2028-01-01'], 'a DPA covers nothing');
  t.same(gaps(terms({ status: 'draft', expires_on: null })), ['2026-06-01 2028-01-01']);
  t.same(gapsOf(register([]), { ...subprocessor, phi_class: 'none' } as Subprocessor, '2028-01-01'), [], 'who has no patients’ data needs none');
});

t.test('the pictures stay inside their frames and say in words what they show', async (t) => {
  const timeline = drawTimeline(register([terms({ status: 'expired', effective_on: '1999-01-01', expires_on: '2025-12-31', ended_on: '2025-12-31' }), terms({ effective_on: '2026-03-01', expires_on: '2090-01-01' }), terms({ kind: 'dpa', expires_on: null })]));
  t.match(timeline.summary, '1 subprocessors. None has');
  const marks = timeline.rows.flatMap(({ bars, gaps }) => [...bars, ...gaps]);
  t.equal(marks.length, 4);
  for (const { x, width, y, height } of marks) t.ok(x >= timeline.left && x + width <= timeline.width + 0.2 && y >= 0 && y + height <= timeline.base, `${x}+${width}`);
  t.match(drawTimeline(register([])).summary, '1 has patients’ data without an agreement today');
  t.equal(drawTimeline(register([], { subprocessors: [] })).rows.length, 0);

  const plugin = (name: string, isOn: boolean, phi: 'none' | 'store') => ({ name, title: name, phi, isOn, subprocessors: [] });
  const flow = (name: string, isOn: boolean, phi: 'none' | 'store', agreement: Agreement | null) => ({ plugin: plugin(name, isOn, phi), subprocessorName: 'Acme', purpose: 'x', location: 'US', subprocessor, agreement, isNeeded: phi !== 'none' });
  const picture = drawFlows([flow('Archive', true, 'store', null), flow('Mail', true, 'none', null)]);
  t.match(picture.summary, '2 plugins hand data to 1 subprocessors; 1 of 2 flows have no agreement in force.');
  t.same(picture.boxes.map(({ text, tone }) => [text, tone]), [['Archive', 'plain'], ['Mail', 'plain'], ['Acme', 'plain'], ['No agreement in force', 'bad'], ['None needed: no patient data', 'idle']]);
  t.match(drawFlows([flow('Archive', true, 'store', terms())]).lines, [{ tone: 'held' }, { tone: 'held' }]);
});
