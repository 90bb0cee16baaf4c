import t from 'tap';
import { openPractice } from '../api/open-server.ts';

/*
 * Values that the forms of input admit and what is behind them may not take: days at the ends of the calendar, ids in spellings of their own,
 * numbers past a column's width. Each is refused (design invariant 9: never a 500 by input), or kept such that every page still shows it.
 */
const practice = await openPractice(t);
const { people } = practice;
const [browser, call] = [await practice.browser(people.admin), await practice.as(people.admin)];
const contactId = (await call('POST', '/contacts', { familyName: 'Edgeworth' })).body.id as string;

t.test('days that PostgreSQL or arithmetic cannot hold', async (t) => {
  for (const day of ['0000-01-01', '0000-01-03', '0999-12-31', '9999-12-31']) {
    for (const view of ['day', 'week']) t.equal((await browser.get(`/appointments?view=${view}&day=${day}`)).status, 400, `${view} ${day}`);
    t.equal((await call('POST', `/contacts/${contactId}/activities`, { kind: 'task', subject: 'Once', dueOn: day })).status, 400, `due ${day}`);
    t.equal((await call('PATCH', `/contacts/${contactId}`, { status: 'deceased', deceasedOn: day }, { 'if-match': '"1"' })).status, 400, `died ${day}`);
    t.equal((await call('POST', '/appointments', { contactId, practitionerId: people.admin.id, localStart: `${day}T23:59`, durationMinutes: 30 })).status, 400, `at ${day}`);
  }
  for (const day of ['1000-01-01', '9998-12-31']) for (const view of ['day', 'week']) t.equal((await browser.get(`/appointments?view=${view}&day=${day}`)).status, 200, `${view} ${day}`);
  for (const at of ['-200000-01-01T00:00:00Z', '-004800-01-01T00:00:00Z']) {
    t.equal((await call('POST', `/contacts/${contactId}/activities`, { kind: 'note', subject: 'Once', occurredAt: at })).status, 400, `occurred ${at}`);
    t.equal((await call('GET', `/appointments?from=${at}&to=${at.replace('-01T', '-02T')}`)).status, 400, `from ${at}`);
    t.equal((await call('GET', `/audit?from=${at}`)).status, 400, `audit from ${at}`);
  }
});

t.test('ids in brackets, with colons or without anything', async (t) => {
  for (const [path, status] of [['/documents/X', 404], ['/imports/X', 404], ['/audit?actor=X', 400], ['/admin/people/X', 404]] as const) {
    for (const id of ['d1a5279d:b27d:4cd4:a05e:efdd53d08e8d', '[d1a5279d-b27d-4cd4-a05e-efdd53d08e8d]']) t.equal((await browser.get(path.replace('X', encodeURIComponent(id)))).status, status, `${path} ${id}`);
  }
});

t.test('versions that no row has', async (t) => {
  const { id } = (await call('POST', `/contacts/${contactId}/activities`, { kind: 'task', subject: 'Once' })).body;
  for (const version of ['99999999999', 'x', '1.5']) {
    t.match(await browser.post(`/activities/${id}`, { version, subject: 'Twice', body: '', dueOn: '', assignedTo: '' }), { status: 409 }, version);
    t.match(await browser.post(`/contacts/${contactId}`, { version, familyName: 'Other' }), { status: 409 }, version);
  }
  t.equal((await browser.post(`/activities/${id}/done`, { version: '99999999999', isDone: 'yes' })).status, 412);
});

t.test('the same thing made twice at the same moment is there once; the other is told so', async (t) => {
  const invite = () => browser.post('/admin/people/invite', { email: 'twin@example.org', role: 'AGENT' });
  await browser.get('/admin/people');
  const statuses = (await Promise.all([invite(), invite(), invite()])).map(({ status }) => status);
  t.same(statuses.filter((status) => status !== 409).length, 1, String(statuses));
  t.ok(statuses.every((status) => status < 500), String(statuses));
});
