import t from 'tap';
import { openPractice, recorded } from '../api/open-server.ts';

// The page that comes before a contact's file names the patient.

const { app, people, as, browser } = await openPractice(t);
const manager = await as(people.manager);
const page = await browser(people.manager);
const { body: { id } } = await manager('POST', '/contacts', { givenName: 'Rosalind', familyName: 'Garcia', phones: [{ use: 'home', value: '(212) 555-0101' }] });

t.test('who a contact is, is on the record as read', async (t) => {
  const before = await recorded(app, people.workspaceId, 'contact.read');
  t.match(await page.get(`/contacts/${id}/export`), { status: 200, text: /Garcia/ });
  const after = await recorded(app, people.workspaceId, 'contact.read');
  t.equal(after.length, before.length + 1);
});
