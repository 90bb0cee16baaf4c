import t from 'tap';
import { addDays, ageOn, daysBetween, isCalendarDay, nextWorkday, WallClock } from '../../core/demo/calendar.ts';

t.test('days count over months, leap years and back', async (t) => {
  t.equal(addDays('2024-02-28', 1), '2024-02-29');
  t.equal(addDays('2025-03-01', -1), '2025-02-28');
  t.equal(daysBetween('2024-01-01', '2025-01-01'), 366);
  t.equal(ageOn('2004-02-29', '2025-02-28'), 20);
  t.equal(ageOn('2004-02-29', '2025-03-01'), 21);
  t.equal(nextWorkday('2025-11-22'), '2025-11-24');
  t.notOk(isCalendarDay('2025-02-29') || isCalendarDay('2025-2-3') || isCalendarDay('today'));
});

t.test('wall clock to instant, on both sides of a change of clocks in one month', async (t) => {
  const clock = new WallClock('America/New_York');
  t.equal(clock.instant('2025-01-15', 9 * 60), '2025-01-15T14:00:00.000Z');
  t.equal(clock.instant('2025-03-07', 9 * 60), '2025-03-07T14:00:00.000Z');
  t.equal(clock.instant('2025-03-10', 9 * 60), '2025-03-10T13:00:00.000Z');
  t.equal(clock.instant('2025-07-15', 9 * 60), '2025-07-15T13:00:00.000Z');
  t.equal(new WallClock('Asia/Kolkata').instant('2025-07-15', 9 * 60), '2025-07-15T03:30:00.000Z');
  t.equal(new WallClock('UTC').instant('2025-07-15', 9 * 60), '2025-07-15T09:00:00.000Z');
});
