import t from 'tap';
import { asSuperuser } from '../../core/db/embedded.ts';
import { createPeople } from '../support/people.ts';
import { openSite, signIn } from '../support/site.ts';

t.test('a trust page proved a moment ago is not shown to who may no longer read it', async (t) => {
  const { app, server, database } = await openSite(t);
  const people = await createPeople(app);
  const officer = await signIn(server, people.officer);
  t.equal((await officer.get('/trust')).statusCode, 200);
  t.equal((await officer.get('/trust')).statusCode, 200);
  await asSuperuser(database.superuserUrl, (client) => client.query('set session_replication_role = replica; update app.users set designations = array[]::text[]'));
  t.equal((await officer.get('/trust')).statusCode, 403);
});
