import t from 'tap';
import { openPractice, recorded } from '../api/open-server.ts';

const { app, people, other, as, browser } = await openPractice(t);
const [manager, agent, readonly] = [await as(people.manager), await as(people.agent), await as(people.readonly)];
const contact = async (familyName: string, ownerId: string | null): Promise<string> => (await manager('POST', '/contacts', { familyName, ownerId })).body.id;
const mine = await contact('Achterberg', people.agent.id);
const hidden = await contact('Featherstone', null);

t.test('calls, notes, letters and tasks are kept, changed and listed newest first', async (t) => {
  const call = await agent('POST', `/contacts/${mine}/activities`, { kind: 'call', subject: 'Asked about the refill', body: 'Elm Street pharmacy', occurredAt: '2026-03-05T14:05:00Z' });
  t.match(call, { status: 201, body: { kind: 'call', authorId: people.agent.id, dueOn: null, doneAt: null, occurredAt: '2026-03-05T14:05:00.000Z' } });
  const note = (await agent('POST', `/contacts/${mine}/activities`, { kind: 'note', subject: 'Hard of hearing' })).body;
  t.same((await agent('GET', `/contacts/${mine}/activities`)).body.items.map((item: { id: string }) => item.id), [note.id, call.body.id]);
  const page = (await agent('GET', `/contacts/${mine}/activities?limit=1`)).body;
  t.same((await agent('GET', `/contacts/${mine}/activities?limit=1&cursor=${page.nextCursor}`)).body.items.map((item: { id: string }) => item.id), [call.body.id]);

  const changed = await agent('PATCH', `/activities/${note.id}`, { subject: 'Deaf on the left', body: 'Speak to the right side' }, { 'if-match': '"1"' });
  t.match(changed.body, { subject: 'Deaf on the left', body: 'Speak to the right side', version: 2 });
  t.same((await agent('GET', `/activities/${note.id}`)).body, changed.body, 'what the change answered is what is stored');
  t.match((await recorded(app, people.workspaceId, 'activity.updated')).at(-1)?.detail, { contactId: mine, fields: ['body', 'subject'], changes: {} });
  t.match(await agent('PATCH', `/activities/${note.id}`, { subject: 'Late' }, { 'if-match': '"1"' }), { status: 412 });
  t.match(await agent('PATCH', `/activities/${note.id}`, { isDone: true }, { 'if-match': '"2"' }), { status: 409, body: { code: 'activity.not_a_task' } });
  t.match(await agent('POST', `/contacts/${mine}/activities`, { kind: 'note', subject: 'x', dueOn: '2026-04-01' }), { status: 400, body: { fields: [{ path: 'dueOn' }] } });
});

t.test('tasks: set, overdue, completed, reopened', async (t) => {
  const late = (await agent('POST', `/contacts/${mine}/activities`, { kind: 'task', subject: 'Send the letter', dueOn: '2020-01-01' })).body;
  t.equal(late.assignedTo, people.agent.id, 'whoever names nobody takes it');
  const open = (await agent('POST', `/contacts/${mine}/activities`, { kind: 'task', subject: 'Whenever', assignedTo: people.manager.id })).body;
  const ids = async (path: string): Promise<string[]> => (await agent('GET', path)).body.items.map((item: { id: string }) => item.id);
  t.same(await ids('/tasks?whose=mine'), [late.id]);
  t.same(await ids('/tasks'), [late.id, open.id], 'by due date, those without one last');
  t.same(await ids('/tasks?state=overdue'), [late.id]);
  t.match((await agent('GET', '/tasks')).body.items[0], { contactName: 'Achterberg' });
  const done = await agent('PATCH', `/activities/${late.id}`, { isDone: true }, { 'if-match': '"1"' });
  t.match(done.body.doneAt, /^20/);
  t.same(await ids('/tasks?state=done'), [late.id]);
  t.match((await recorded(app, people.workspaceId, 'activity.completed')).at(-1)?.detail.changes, { isDone: { from: false, to: true } });
  t.match((await agent('PATCH', `/activities/${late.id}`, { isDone: false }, { 'if-match': '"2"' })).body, { doneAt: null });
});

t.test('whoever works through the pages of tasks misses none, and can go back', async (t) => {
  const patient = await contact('Paged', people.readonly.id);
  for (const [n, dueOn] of ['2032-01-03', '2032-01-01', undefined, '2032-01-02', '2032-01-01', undefined].entries()) await manager('POST', `/contacts/${patient}/activities`, { kind: 'task', subject: `T${n}`, assignedTo: people.admin.id, ...(dueOn === undefined ? {} : { dueOn }) });
  const admin = await as(people.admin);
  const page = async (more: string): Promise<{ items: { id: string; subject: string; dueOn: string | null; version: number }[]; nextCursor: string | null }> => (await admin('GET', `/tasks?whose=mine&limit=2${more}`)).body;
  const due: (string | null)[] = [];
  let at = '';
  for (let n = 0; n < 4; n++) {
    const { items, nextCursor } = await page(at);
    for (const { id, dueOn, version } of items) {
      due.push(dueOn);
      await admin('PATCH', `/activities/${id}`, { isDone: true }, { 'if-match': `"${version}"` });
    }
    if (nextCursor === null) break;
    at = `&cursor=${nextCursor}`;
  }
  t.same(due, ['2032-01-01', '2032-01-01', '2032-01-02', '2032-01-03', null, null]);
  const first = await page('&state=done');
  const second = await page(`&state=done&cursor=${first.nextCursor}`);
  t.equal(new Set([...first.items, ...second.items].map(({ id }) => id)).size, 4);
  const pages = await browser(people.admin);
  const hrefs = (text: string): string[] => [...text.replaceAll('&#x3D;', '=').replaceAll('&amp;', '&').matchAll(/href="(\/tasks\?[^"]*cursor=[^"]*)"/g)].map(([, href]) => href as string);
  await Promise.all(Array.from({ length: 60 }, (_, n) => manager('POST', `/contacts/${patient}/activities`, { kind: 'task', subject: `Many ${n}`, assignedTo: people.admin.id, dueOn: `2033-01-${String(1 + (n % 28)).padStart(2, '0')}` })));
  const [next = ''] = hrefs((await pages.get('/tasks')).text);
  const [back = ''] = hrefs((await pages.get(next)).text);
  const subjects = (text: string): string[] => [...text.matchAll(/>(Many \d+)</g)].map(([, subject]) => subject as string);
  t.equal(subjects((await pages.get(next)).text).length, 10);
  t.same(subjects((await pages.get(back)).text), subjects((await pages.get('/tasks')).text), 'the page before is the page before');
});

t.test('what happened before 1970 has pages too', async (t) => {
  const patient = await contact('Old', people.agent.id);
  for (const year of ['1951', '1952', '1953']) await agent('POST', `/contacts/${patient}/activities`, { kind: 'letter', subject: year, occurredAt: `${year}-05-07T00:00:00Z` });
  const { nextCursor } = (await agent('GET', `/contacts/${patient}/activities?limit=1`)).body;
  t.match(await agent('GET', `/contacts/${patient}/activities?limit=1&cursor=${nextCursor}`), { status: 200, body: { items: [{ subject: '1952' }] } });
});

t.test('a position of no time there is comes from no list', async (t) => {
  for (const at of ['-999999999999999', '999999999999999', '-62167219200000', '253402300800001']) {
    const cursor = Buffer.from(`after|${at}|${mine}`).toString('base64url');
    for (const path of [`/contacts/${mine}/activities?`, '/tasks?', '/tasks?state=done&', '/contacts?', '/appointments?from=2026-01-01&to=2026-01-02&']) t.match(await agent('GET', `${path}cursor=${cursor}`), { status: 400, body: { fields: [{ path: 'cursor' }] } }, `${path} ${at}`);
  }
});

t.test('the record names what changed, not what was sent', async (t) => {
  const task = (await agent('POST', `/contacts/${mine}/activities`, { kind: 'task', subject: 'Call back', body: 'After four', dueOn: '2031-04-01', occurredAt: '2031-03-05T14:05:00Z' })).body;
  const detail = async () => (await recorded(app, people.workspaceId, 'activity.updated')).at(-1)?.detail;
  const form = { subject: 'Call back', body: 'After four', dueOn: '2031-04-01', assignedTo: people.agent.id };
  const page = await browser(people.agent);
  t.equal((await page.post(`/activities/${task.id}`, { ...form, version: '1', body: 'After five' })).status, 303);
  t.same(await detail(), { contactId: mine, fields: ['body'], changes: {} });
  t.equal((await page.post(`/activities/${task.id}`, { ...form, version: '2', body: 'After five', dueOn: '2031-04-02' })).status, 303);
  t.same(await detail(), { contactId: mine, fields: ['dueOn'], changes: { dueOn: { from: '2031-04-01', to: '2031-04-02' } } });
  t.equal((await agent('PATCH', `/activities/${task.id}`, { subject: 'Call back', occurredAt: '2031-03-05T14:05:00Z', isDone: false }, { 'if-match': '"3"' })).status, 200);
  t.same(await detail(), { contactId: mine, fields: [], changes: {} });
});

t.test('what hangs on a contact is seen by those who may open it', async (t) => {
  const secret = (await manager('POST', `/contacts/${hidden}/activities`, { kind: 'task', subject: 'Not for all', dueOn: '2020-01-02' })).body;
  t.match(await manager('POST', `/contacts/${hidden}/activities`, { kind: 'task', subject: 'x', assignedTo: people.agent.id }), { status: 400, body: { fields: [{ path: 'assignedTo' }] } }, 'nobody is given what they may not see');
  t.match(await agent('GET', `/activities/${secret.id}`), { status: 404, body: { code: 'activity.not_found' } });
  t.match(await agent('GET', `/contacts/${hidden}/activities`), { status: 404, body: { code: 'contact.not_found' } });
  t.match(await agent('POST', `/contacts/${hidden}/activities`, { kind: 'note', subject: 'x' }), { status: 404 });
  t.notOk((await agent('GET', '/tasks')).body.items.some((item: { id: string }) => item.id === secret.id));
  const shared = (await manager('POST', `/contacts/${hidden}/shares`, { userId: people.agent.id, access: 'READ' })).body;
  t.equal((await agent('GET', `/activities/${secret.id}`)).status, 200);
  t.match(await agent('POST', `/contacts/${hidden}/activities`, { kind: 'note', subject: 'x' }), { status: 403, body: { code: 'contact.read_only' } });
  t.match(await agent('PATCH', `/activities/${secret.id}`, { isDone: true }, { 'if-match': '"1"' }), { status: 403, body: { code: 'contact.read_only' } });
  await manager('POST', `/contacts/${hidden}/shares`, { userId: people.agent.id, access: 'WRITE' });
  t.equal((await agent('POST', `/contacts/${hidden}/activities`, { kind: 'note', subject: 'x' })).status, 201);
  t.equal((await manager('DELETE', `/contacts/${hidden}/shares/${shared.id}`)).status, 204);
  t.equal((await agent('GET', `/activities/${secret.id}`)).status, 404);
  t.match(await readonly('POST', `/contacts/${hidden}/activities`, { kind: 'note', subject: 'x' }), { status: 403, body: { code: 'access.denied' } });
  t.same((await recorded(app, people.workspaceId, 'contact.share_changed')).at(-1)?.detail.access, { from: 'READ', to: 'WRITE' });
});

t.test('another workspace', async (t) => {
  const stranger = await as(other.admin);
  const note = (await agent('POST', `/contacts/${mine}/activities`, { kind: 'note', subject: 'Ours' })).body;
  t.equal((await stranger('GET', `/activities/${note.id}`)).status, 404);
  t.equal((await stranger('PATCH', `/activities/${note.id}`, { subject: 'x' }, { 'if-match': '"1"' })).status, 404);
  t.equal((await stranger('GET', `/contacts/${mine}/activities`)).status, 404);
  t.same((await stranger('GET', '/tasks')).body.items, []);
  t.match(await stranger('POST', `/contacts/${mine}/activities`, { kind: 'note', subject: 'x' }), { status: 404 });
});
