import t from 'tap';
import { bearer } from '../../support/people.ts';
import { but, openGates } from './open-gates.ts';

const PERSON = { givenName: 'Zephyrine', familyName: 'Quillon', preferredName: 'Zeph', birthDate: '1961-04-17', notes: 'Prefers mornings.', phones: [{ use: 'home', value: '+12125550171' }], emails: [{ use: 'home', value: 'zephyrine@quillon.example' }], tags: ['hearing aid'] };

t.setTimeout(120_000);

t.test('a field that is hidden from a role does not exist for it', async (t) => {
  const gates = await openGates(t);
  const { willow } = gates;
  const [admin, agent] = [await gates.as(willow.admin), await gates.as(willow.agent)];
  const { body: { id } } = await agent('POST', '/api/v1/contacts', PERSON);
  t.ok(id);
  await gates.gate([{ field: 'birthDate', readers: but('AGENT') }, { field: 'preferredName', readers: but('AGENT') }, { field: 'phones', readers: but('AGENT') }, { field: 'tags', readers: but('AGENT') }]);

  await t.test('read and list', async (t) => {
    const { body: seen } = await agent('GET', `/api/v1/contacts/${id}`);
    for (const field of ['birthDate', 'preferredName', 'phones', 'tags']) t.notOk(field in seen, field);
    t.equal(seen.name, 'Zephyrine Quillon');
    t.match((await admin('GET', `/api/v1/contacts/${id}`)).body, { birthDate: '1961-04-17', name: 'Zephyrine (Zeph) Quillon' });
    const { body: { items: [line] } } = await agent('GET', '/api/v1/contacts');
    for (const field of ['birthDate', 'phone', 'tags']) t.notOk(field in line, field);
    t.equal(line.email, 'zephyrine@quillon.example');
  });

  await t.test('search', async (t) => {
    const found = async (call: typeof agent, q: string) => (await call('POST', '/api/v1/contacts/search', { q })).body.items.length;
    for (const q of ['4/17/1961', '1961-04-17', '212 555 0171', 'zeph quillon 4/17/1961']) {
      t.equal(await found(agent, q), 0, `${q} by whom it is hidden from`);
      t.equal(await found(admin, q), 1, `${q} by whom it is shown to`);
    }
    t.equal(await found(agent, 'zep'), 1, 'the given name is theirs to find by');
    await gates.gate([{ field: 'givenName', readers: but('AGENT') }]);
    t.equal(await found(agent, 'zephyrine'), 0);
    t.equal(await found(agent, 'zeph'), 1, 'what people call her is not hidden now');
    t.equal(await found(admin, 'zephyrine'), 1);
    await gates.gate([{ field: 'phones', readers: but('AGENT') }, { field: 'identifiers', readers: but('AGENT') }]);
    const reached = await admin('POST', '/api/v1/contacts', { familyName: 'Quay', phones: [{ value: '1961 04 17' }], ownerId: willow.agent.id });
    t.equal(await found(admin, '19610417'), 2, 'a day, or the digits of a telephone');
    t.equal(await found(agent, '19610417'), 1, 'to whom telephones and numbers are hidden, a day');
    t.equal((await admin('PATCH', `/api/v1/contacts/${reached.body.id}`, { phones: [], status: 'inactive' }, { 'if-match': '"1"' })).status, 200);
    await gates.gate([{ field: 'birthDate', readers: but('AGENT') }, { field: 'tags', readers: but('AGENT') }]);
  });

  await t.test('a filter by it is an unknown key', async (t) => {
    t.same((await agent('GET', '/api/v1/contacts?tag=x')).body.fields, [{ path: 'tag', text: 'tag is not allowed' }]);
    t.equal((await admin('GET', '/api/v1/contacts?tag=hearing%20aid')).body.items.length, 1);
  });

  await t.test('pages', async (t) => {
    for (const path of ['/contacts', `/contacts/${id}`, `/contacts/${id}/details`]) {
      const page = (await agent('GET', path)).text;
      t.notMatch(page, /1961|hearing aid/, path);
      t.match(page, /Zephyrine/);
    }
    t.match((await admin('GET', `/contacts/${id}/details`)).text, /1961/);
  });

  await t.test('an answer kept for a repetition is not given to somebody whose gate changed since', async (t) => {
    await gates.gate([]);
    const create = () => agent('POST', '/api/v1/contacts', { familyName: 'Repeat', birthDate: '1961-04-17' }, { 'idempotency-key': 'once' });
    const first = await create();
    t.equal((await create()).body.id, first.body.id);
    await gates.gate([{ field: 'notes', readers: but('AGENT') }]);
    const again = await create();
    t.match(again, { status: 422, body: { code: 'request.idempotency_mismatch' } });
    t.notMatch(again.text, /1961/);
  });

  await t.test('what is hidden is not sent through a form either, and a form shows no box for it', async (t) => {
    await gates.gate([{ field: 'notes', readers: but('AGENT') }]);
    t.notMatch((await agent('GET', '/contacts/new')).text, /name="notes"/);
    t.match(await agent('POST', '/contacts', { familyName: 'Quillon', notes: 'x' }), { status: 400, text: /is not allowed/i });
    t.equal((await agent('POST', '/contacts', { familyName: 'Quillon' })).status, 303);
  });

  await t.test('off, every field is there again; on, the rules are as they were', async (t) => {
    await gates.gate([{ field: 'birthDate', readers: but('AGENT') }]);
    t.notOk('birthDate' in (await agent('GET', `/api/v1/contacts/${id}`)).body);
    await gates.switch('off');
    t.equal((await agent('GET', `/api/v1/contacts/${id}`)).body.birthDate, '1961-04-17');
    await gates.switch('on');
    t.notOk('birthDate' in (await agent('GET', `/api/v1/contacts/${id}`)).body);
  });

  await t.test('service accounts by their role, the system not at all', async (t) => {
    const token = await bearer(gates.app, willow.workspaceId, ['contact.read', 'contact.all'], 'MANAGER');
    await gates.gate([{ field: 'birthDate', readers: but('MANAGER') }]);
    const read = () => gates.server.inject({ url: `/api/v1/contacts/${id}`, headers: { authorization: token } });
    t.notOk('birthDate' in JSON.parse((await read()).payload));
    await gates.gate([]);
    t.equal(JSON.parse((await read()).payload).birthDate, '1961-04-17');
  });
});
