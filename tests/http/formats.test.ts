import t from 'tap';
import { calendarDate, formatAge, formatAgo, formatDate, formatDateTime, formatTime } from '../../core/http/formats.ts';

t.test('a birth date does not move with the zone', async (t) => {
  for (const zone of ['Pacific/Honolulu', 'UTC', 'Pacific/Kiritimati']) t.equal(formatDate('1980-03-05', zone), 'Mar 5, 1980', zone);
});

t.test('a moment does', async (t) => {
  const at = '2026-03-08T03:30:00Z';
  t.equal(formatDate(at, 'America/New_York'), 'Mar 7, 2026');
  t.equal(formatTime(at, 'America/New_York'), '22:30');
  t.equal(formatDateTime(new Date(at), 'UTC'), 'Mar 8, 2026, 03:30');
  t.equal(formatTime('2026-03-08T00:05:00Z', 'UTC'), '00:05', 'midnight is 00, not 24');
  t.equal(calendarDate(Date.parse(at), 'America/New_York'), '2026-03-07');
});

t.test('how long ago', async (t) => {
  const now = Date.parse('2026-03-08T12:00:00Z');
  const table: [string, string][] = [
    ['2026-03-08T11:59:30Z', 'just now'], ['2026-03-08T11:57:00Z', '3 minutes ago'], ['2026-03-08T10:00:00Z', '2 hours ago'],
    ['2026-03-07T11:00:00Z', 'yesterday'], ['2026-02-20T12:00:00Z', '2 weeks ago'], ['2024-03-01T12:00:00Z', '2 years ago'], ['2026-03-10T13:00:00Z', 'in 2 days'],
  ];
  for (const [at, said] of table) t.equal(formatAgo(at, now), said);
});

t.test('age as charts write it', async (t) => {
  const table: [string, string, string][] = [
    ['2026-03-01', '2026-03-08', '7 d'], ['2026-01-31', '2026-03-01', '1 mo'], ['2024-03-09', '2026-03-08', '23 mo'], ['2024-03-08', '2026-03-08', '2 y'],
    ['1958-11-23', '2026-11-22', '67 y'], ['1958-11-23', '2026-11-23', '68 y'], ['2004-02-29', '2025-02-28', '20 y'],
  ];
  for (const [born, today, said] of table) t.equal(formatAge(born, today), said, `${born} on ${today}`);
});
