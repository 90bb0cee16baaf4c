import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { makeLink, type LinkPurpose } from '../../core/auth/links.ts';
import { systemScope } from '../../core/db/scope.ts';
import { createPeople } from '../support/people.ts';
import { openSite } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

t.test('a link is good for what it was made for alone', async (t) => {
  const { app, server } = await openSite(t);
  const { workspaceId, agent } = await createPeople(app);
  const make = async (purpose: LinkPurpose): Promise<string> => {
    const address = await app.withWorkspace(systemScope(workspaceId, 'test'), (tx) => {
      record(tx, { action: 'test.link_made' });
      return makeLink(app, tx, purpose, agent.id);
    });
    return address.slice(address.lastIndexOf('/') + 1);
  };
  const password = 'ferry marble compass';
  const pages = [['invitation', '/invitation', { name: 'Somebody', password }], ['password_reset', '/password/reset', { password }]] as const;
  for (const [purpose, page] of pages) {
    const token = await make(purpose);
    const visitor = new Visitor(server);
    for (const [other, address, form] of pages.filter(([each]) => each !== purpose)) {
      await visitor.get('/sign-in'); // for a form's token
      t.equal((await visitor.get(`${address}/${token}`)).statusCode, 410, `${purpose} as ${other}`);
      t.equal((await visitor.post(`${address}/${token}`, form)).statusCode, 410, `${purpose} sent as ${other}`);
    }
    t.equal((await visitor.get(`/setup/${token}`)).statusCode, 410, `${purpose} as setup`);
    t.equal((await visitor.get(`${page}/${token}`)).statusCode, 200, `${purpose} at its own page`);
  }
});
