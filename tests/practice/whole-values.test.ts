import t from 'tap';
import { findContacts, type FindInput } from '../../core/practice/contacts/find-contacts.ts';
import { shareContact } from '../../core/practice/contacts/shares.ts';
import type { ContactChanges } from '../../core/practice/contacts/contact-schema.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { openPractice, recorded } from '../api/open-server.ts';
import { scopeAs, type Person } from '../support/people.ts';
import { rows } from '../support/rows.ts';

const { app, database, people } = await openPractice(t);
const { agent, manager } = people;

const make = async (by: Person, contact: ContactChanges): Promise<string> => (await app.withWorkspace(scopeAs(by), (tx) => createContact(tx, { familyName: 'Whole', ...contact }))).id;
const find = async (by: Person, q: string, more: Partial<FindInput> = {}): Promise<string[]> => (await app.withWorkspace(scopeAs(by), (tx) => findContacts(tx, { q, limit: 100, ...more }))).items.map(({ id }) => id);
/** Ids made in one millisecond are in no order of their own. */
const newestOf = (...ids: string[]): string[] => ids.sort().reverse();
const lastFound = async (): Promise<unknown> => (await recorded(app, people.workspaceId, 'contact.searched')).at(-1)?.detail;

t.test('digits that are a birth date, a telephone and a number find whoever has them as any of these, once', async (t) => {
  const born = await make(manager, { birthDate: '1970-03-05' });
  const telephone = await make(manager, { phones: [{ value: '1970 03 05' }] });
  const numbered = await make(manager, { identifiers: [{ system: 'mrn', value: '1970-0305' }] });
  const all = await make(manager, { birthDate: '1970-03-05', phones: [{ use: 'home', value: '19700305' }, { use: 'mobile', value: '1970-0305' }], identifiers: [{ system: 'mrn', value: '19700305' }, { system: 'ssn', value: '19700305' }] });
  const newestFirst = newestOf(all, numbered, telephone, born);
  t.same(await find(manager, '19700305'), newestFirst);
  for (const q of ['1970-03-05', '1970.03.05', '1970/3/5', '3/5/1970', '03/05/70']) t.same(await find(manager, q), newestOf(all, born), `${q} is a date and nothing else`);
  t.same(await find(manager, '19700305', { limit: 2 }), newestFirst.slice(0, 2));
  t.same(await lastFound(), { found: 4, shown: 2 }, 'each is counted once');

  t.same(await find(agent, '19700305'), []);
  await app.withWorkspace(scopeAs(manager), (tx) => shareContact(tx, { contactId: numbered, userId: agent.id, access: 'READ' }));
  const own = await make(agent, { birthDate: '1970-03-05' });
  t.same(await find(agent, '1970-03-05'), [own]);
  t.same(await find(agent, '19700305'), newestOf(own, numbered), 'own ones and shared ones, by either reading');
});

t.test('what a page shows of a contact finds it, typed as it stands there', async (t) => {
  const jr = await make(manager, { givenName: 'Ansel', familyName: 'Kaʻahumanu', nameSuffix: 'Jr.', preferredName: 'Ace', birthDate: '1951-05-07', phones: [{ value: '(413) 555-0142 ext. 12' }, { value: '4471' }] });
  const third = await make(manager, { givenName: 'Ansel', familyName: 'Whole', nameSuffix: 'III', birthDate: '1951-05' });
  for (const q of ['Ansel (Ace) Kaʻahumanu Jr.', "ansel ka'ahumanu", 'Kaahumanu', '(413) 555-0142 ext. 12', '413.555.0142 x12', '4471', 'May 7, 1951', 'may 7 1951', '7 May 1951', 'Kaʻahumanu, May 7, 1951', '5/7/1951, Ansel']) t.same(await find(manager, q), [jr], q);
  for (const q of ['Ansel Whole III', 'ansel iii', '1951-05']) t.same(await find(manager, q), [third], q);
  for (const q of ['Ansel Whole Jr.', 'May 8, 1951', 'Ansel 413 555 0143 x12']) t.same(await find(manager, q), [], q);
  t.same(await find(agent, '(413) 555-0142 ext. 12'), [], 'and finds nobody for whoever may not see them');
});

t.test('digits that are a date on which nobody was born are still a telephone or a number', async (t) => {
  const telephone = await make(manager, { phones: [{ value: '1933-04-06' }] });
  t.same(await find(manager, '19330406'), [telephone]);
  const numbered = await make(manager, { identifiers: [{ system: 'mrn', value: '19330407' }] });
  t.same(await find(manager, '19330407'), [numbered]);
  t.same(await find(manager, '1933-04-08'), []);
  const terminal = await make(manager, { identifiers: [{ system: 'mrn', value: '05-12-84' }] });
  const born = await make(manager, { birthDate: '1984-05-12' });
  t.same(await find(manager, '05-12-84'), newestOf(born, terminal), 'a record number by terminal digits, or a date');
  const odd = await make(manager, { identifiers: [{ system: 'mrn', value: '1984-13-45' }] });
  t.same(await find(manager, '1984-13-45'), [odd], 'no day of the calendar');
});

t.test('a number that a contact has twice shows it once, with the first telephone and e-mail', async (t) => {
  const twice = await make(manager, { phones: [{ use: 'home', value: '(212) 555-0147' }, { use: 'mobile', value: '+1 212 555 0147' }], emails: [{ value: 'first@example.com' }, { value: 'second@example.com' }] });
  const bare = await make(manager, { identifiers: [{ system: 'mrn', value: '2125550147' }, { system: 'ssn', value: '212-555-0147' }] });
  const { items } = await app.withWorkspace(scopeAs(manager), (tx) => findContacts(tx, { q: '212 555 0147', limit: 25 }));
  t.match(new Map(items.map((item) => [item.id, item])), new Map([[bare, { phone: null, email: null }], [twice, { phone: '(212) 555-0147', email: 'first@example.com' }]]));
  t.equal(items.length, 2);
  t.same(await find(manager, '+1 212 555 0147'), [twice], 'a plus says what it is');
});

t.test('where more have it than a search ranks, the newest are taken, whichever way they have it', async (t) => {
  const made: string[] = [];
  for (let at = 0; at < 64; at++) made.push(await make(manager, { birthDate: '1944-05-06' }), await make(manager, { phones: [{ use: 'home', value: '19440506' }, { use: 'work', value: '1944 0506' }] }));
  t.same(await find(manager, '19440506'), newestOf(...made).slice(0, 100));
  t.same(await lastFound(), { found: 100, shown: 100 });
  for (let at = 0; at < 40; at++) made.push(await make(manager, { phones: [{ value: '19440506' }] }));
  t.same(await find(manager, '19440506'), newestOf(...made).slice(0, 100));

  const born: string[] = [];
  for (let at = 0; at < 104; at++) born.push(await make(manager, { birthDate: '1900-01-01' }));
  t.same(await find(manager, '1900-01-01'), newestOf(...born).slice(0, 100));
});

t.test('changed in the same moment, the newer contact comes first', async (t) => {
  const born: string[] = [];
  for (let at = 0; at < 4; at++) born.push(await make(manager, { birthDate: '1951-02-03' }));
  await rows(database, 'update app.contacts set updated_at = now() where id = any($1)', [born]);
  t.same(await find(manager, '1951-02-03'), newestOf(...born));
});
