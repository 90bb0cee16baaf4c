import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { systemScope } from '../../core/db/scope.ts';
import { instantsOf, isTimeZone, wallTime } from '../../core/practice/appointments/wall-time.ts';
import { openPractice, recorded } from '../api/open-server.ts';

const NEW_YORK = 'America/New_York';

t.test('a wall time is one instant, none, or two', async (t) => {
  const iso = (local: string, zone: string) => instantsOf(local, zone).map((instant) => instant.toISOString());
  t.same(iso('2026-07-04T09:30', NEW_YORK), ['2026-07-04T13:30:00.000Z']);
  t.same(iso('2026-03-08T02:30', NEW_YORK), [], 'clocks went from 2:00 to 3:00');
  t.same(iso('2026-03-08T03:00', NEW_YORK), ['2026-03-08T07:00:00.000Z']);
  t.same(iso('2026-11-01T01:30', NEW_YORK), ['2026-11-01T05:30:00.000Z', '2026-11-01T06:30:00.000Z'], 'clocks went back to 1:00');
  t.same(iso('2026-10-04T02:15', 'Australia/Lord_Howe'), [], 'half an hour, too');
  t.equal(iso('2026-04-05T01:45', 'Australia/Lord_Howe').length, 2);
  t.same(iso('2026-12-30T10:00', 'Pacific/Apia'), ['2026-12-29T21:00:00.000Z']);
  t.same(iso('2011-12-30T10:00', 'Pacific/Apia'), [], 'a day Samoa did not have');
  t.equal(wallTime(new Date('2026-07-04T00:00:00Z'), 'Asia/Kolkata'), '2026-07-04T05:30');
  t.same(['America/New_York', 'UTC', 'America/Argentina/Buenos_Aires', 'EST5EDT', '+05:00', 'Mars/Olympus', ''].map(isTimeZone), [true, true, true, false, false, false, false]);
});

t.test('over HTTP', async (t) => {
  const { app, people, other, as, browser, agent: tokenOf } = await openPractice(t);
  const [manager, agent] = [await as(people.manager), await as(people.agent)];
  const contact = async (familyName: string, ownerId: string | null = people.agent.id): Promise<string> => (await manager('POST', '/contacts', { familyName, ownerId })).body.id;
  const [first, second] = [await contact('Quarterman'), await contact('Ballantyne')];
  const slot = { practitionerId: people.agent.id, localStart: '2031-05-06T09:00', durationMinutes: 30, timeZone: NEW_YORK };

  const booked = await agent('POST', '/appointments', { ...slot, contactId: first, reason: 'Knee pain' });
  t.match(booked, { status: 201, headers: { etag: '"1"' }, body: { startsAt: '2031-05-06T13:00:00.000Z', endsAt: '2031-05-06T13:30:00.000Z', localStart: '2031-05-06T09:00', status: 'booked', occurrence: null, reason: 'Knee pain' } });
  const { id } = booked.body;

  t.test('a practitioner is never booked twice, and the refusal names nobody', async (t) => {
    const clash = await manager('POST', '/appointments', { ...slot, contactId: second, localStart: '2031-05-06T09:15' });
    t.match(clash, { status: 409, body: { code: 'appointment.conflict' } });
    t.notMatch(clash.text, new RegExp(`Quarterman|${first}|${id}`));
    t.match((await recorded(app, people.workspaceId, 'appointment.refused')).at(-1), { outcome: 'refused', detail: { code: 'appointment.conflict' } });
    t.equal((await manager('POST', '/appointments', { ...slot, contactId: second, localStart: '2031-05-06T09:30' })).status, 201, 'one may end as the next begins');
    const race = await Promise.all(Array.from({ length: 4 }, () => agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-05-07T09:00' })));
    t.same(race.map(({ status }) => status).sort(), [201, 409, 409, 409], 'also under a race');
    t.equal((await manager('POST', '/appointments', { ...slot, practitionerId: people.manager.id, contactId: second })).status, 201, 'another practitioner is free');
  });

  t.test('times that do not exist are refused; times that happen twice are said', async (t) => {
    t.match(await agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-03-09T02:30' }), { status: 400, body: { fields: [{ path: 'localStart', text: /put forward/ }] } });
    t.match((await agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-11-02T01:30' })).body, { startsAt: '2031-11-02T05:30:00.000Z', occurrence: 'first' });
    t.match((await agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-11-02T01:30', occurrence: 'second' })).body, { startsAt: '2031-11-02T06:30:00.000Z', occurrence: 'second', localStart: '2031-11-02T01:30' });
    t.match(await agent('POST', '/appointments', { ...slot, contactId: first, timeZone: '+05:00' }), { status: 400 });
    t.match(await agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-02-30T09:00' }), { status: 400 });
  });

  t.test('moves, keeps its length, and steps through its states', async (t) => {
    const moved = await agent('PATCH', `/appointments/${id}`, { localStart: '2031-05-06T11:00' }, { 'if-match': '"1"' });
    t.match(moved.body, { startsAt: '2031-05-06T15:00:00.000Z', endsAt: '2031-05-06T15:30:00.000Z', version: 2, reason: 'Knee pain' });
    t.match((await recorded(app, people.workspaceId, 'appointment.moved')).at(-1)?.detail.changes.startsAt, { from: '2031-05-06T13:00:00.000Z', to: '2031-05-06T15:00:00.000Z' });
    t.match(await agent('PATCH', `/appointments/${id}`, { localStart: '2031-05-06T09:30' }, { 'if-match': '"2"' }), { status: 409, body: { code: 'appointment.conflict' } });
    t.match(await agent('PATCH', `/appointments/${id}`, { status: 'cancelled' }, { 'if-match': '"1"' }), { status: 412 });
    t.equal((await agent('PATCH', `/appointments/${id}`, { status: 'cancelled' }, { 'if-match': '"2"' })).status, 200);
    t.match(await agent('PATCH', `/appointments/${id}`, { status: 'fulfilled' }, { 'if-match': '"3"' }), { status: 409, body: { code: 'appointment.transition' } });
    t.equal((await agent('POST', '/appointments', { ...slot, contactId: first, localStart: '2031-05-06T11:00' })).status, 201, 'a cancelled one frees its time');
    t.match(await agent('PATCH', `/appointments/${id}`, { status: 'booked' }, { 'if-match': '"3"' }), { status: 409, body: { code: 'appointment.conflict' } }, 'and cannot come back to it');
  });

  t.test('the record names what changed, not what was sent', async (t) => {
    const twice = { practitionerId: people.agent.id, localStart: '2032-11-07T01:30', durationMinutes: 30, timeZone: NEW_YORK, occurrence: 'second' };
    const made = (await agent('POST', '/appointments', { ...twice, contactId: first, notes: 'Bring the letter' })).body;
    const last = async (action: string) => (await recorded(app, people.workspaceId, action)).at(-1)?.detail;
    const form = { practitionerId: people.agent.id, day: '2032-11-07', time: '01:30', occurrence: 'second', durationMinutes: '30', timeZone: NEW_YORK, reason: '', notes: 'Bring the letter' };
    const page = await browser(people.agent);
    t.equal((await page.post(`/appointments/${made.id}`, { ...form, version: '1', notes: 'Bring the card' })).status, 303);
    t.same(await last('appointment.updated'), { contactId: first, fields: ['notes'], changes: {} });
    t.equal((await page.post(`/appointments/${made.id}`, { ...form, version: '2', notes: 'Bring the card', occurrence: 'first' })).status, 303);
    t.match(await last('appointment.moved'), { fields: ['occurrence'], changes: { startsAt: { to: '2032-11-07T05:30:00.000Z' } } });
    t.equal((await agent('PATCH', `/appointments/${made.id}`, { ...twice, occurrence: 'first', durationMinutes: 45, status: 'booked' }, { 'if-match': '"3"' })).status, 200);
    t.match(await last('appointment.updated'), { fields: ['durationMinutes'], changes: { endsAt: { to: '2032-11-07T06:15:00.000Z' } } });
  });

  t.test('a colleague who may not open the patient is not booked for them', async (t) => {
    const hidden = await contact('Hidden', null);
    t.match(await manager('POST', '/appointments', { ...slot, contactId: hidden, localStart: '2031-06-02T09:00' }), { status: 400, body: { fields: [{ path: 'practitionerId' }] } });
    const mine = (await manager('POST', '/appointments', { ...slot, practitionerId: people.manager.id, contactId: hidden, localStart: '2031-06-02T09:00' })).body;
    t.match(await agent('GET', `/appointments/${mine.id}`), { status: 404, body: { code: 'appointment.not_found' } });
    const span = '/appointments?from=2031-06-01T00:00:00Z&to=2031-07-01T00:00:00Z';
    t.same((await agent('GET', span)).body.items, []);
    t.match((await manager('GET', span)).body.items, [{ id: mine.id, contactName: 'Hidden' }]);
    t.match(await manager('GET', '/appointments?from=2031-06-01T00:00:00Z&to=2031-12-01T00:00:00Z'), { status: 400 });
  });

  t.test('a list that is longer than a page says so, and none of it is out of reach', async (t) => {
    await app.withWorkspace(systemScope(people.workspaceId, 'test'), async (tx) => {
      await tx.query(`insert into appointments (workspace_id, id, contact_id, practitioner_id, starts_at, ends_at, time_zone, status)
        select $1, gen_random_uuid(), $2, $3, at, at + interval '5 minutes', 'UTC', 'fulfilled' from generate_series(timestamptz '2033-05-02T06:00:00Z', timestamptz '2033-05-05T17:20:00Z', interval '5 minutes') as at`, [people.workspaceId, first, people.manager.id]);
      record(tx, { action: 'appointment.booked', target: null });
    });
    const span = '/appointments?from=2033-05-01T00:00:00Z&to=2033-06-01T00:00:00Z';
    const page = (await manager('GET', span)).body;
    t.equal(page.items.length, 1000);
    const rest = (await manager('GET', `${span}&cursor=${page.nextCursor}`)).body;
    t.match(rest, { items: [{ startsAt: '2033-05-05T17:20:00.000Z' }], nextCursor: null });
    const back = (await manager('GET', `${span}&limit=400&cursor=${(await manager('GET', `${span}&limit=400`)).body.nextCursor}`)).body;
    t.same(back.items, page.items.slice(400, 800));
    const agenda = await browser(people.manager);
    t.match((await agenda.get('/appointments?view=week&day=2033-05-02')).text, /more than the first 1,000/);
    t.notMatch((await agenda.get('/appointments?view=day&day=2033-05-02')).text, /more than the first/);
  });

  t.test('another workspace', async (t) => {
    const stranger = await as(other.manager);
    t.match(await stranger('GET', `/appointments/${id}`), { status: 404 });
    t.match(await stranger('PATCH', `/appointments/${id}`, { status: 'arrived' }, { 'if-match': '"3"' }), { status: 404 });
    t.match(await stranger('POST', '/appointments', { ...slot, practitionerId: other.manager.id, contactId: first }), { status: 404, body: { code: 'contact.not_found' } });
    const token = await tokenOf(['appointment.read', 'contact.all'], other.workspaceId);
    t.same((await token('GET', '/appointments?from=2031-05-01T00:00:00Z&to=2031-06-01T00:00:00Z')).body.items, []);
  });
});
