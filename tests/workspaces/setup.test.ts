import t from 'tap';
import { INSTALLATION_WORKSPACE } from '../../core/db/scope.ts';
import { createSetupLink } from '../../core/workspaces/setup/setup-link.ts';
import { totpCode } from '../support/people.ts';
import { auditOf, rows } from '../support/rows.ts';
import { openSite, whoIs } from '../support/site.ts';
import { Visitor } from '../support/visitor.ts';

const FORM = { workspaceName: 'Willow Family Practice', slug: 'willow', timeZone: 'America/New_York', name: 'Maren Okafor', email: 'maren@willow.example', password: 'quarry lantern seventeen' };

t.test('an empty installation is set up by its link, once', async (t) => {
  const { app, server, database } = await openSite(t);
  const first = await createSetupLink(app);
  const second = await createSetupLink(app);
  const pathOf = (link: { url: string } | null): string => new URL(link?.url ?? '').pathname;
  t.ok(second?.url.startsWith(`${app.config.origin}/setup/`));
  t.ok(Math.abs((second?.expiresAt.getTime() ?? 0) - Date.now() - 30 * 60_000) < 5000);
  t.notOk(JSON.stringify(await rows(database, `select encode(token_hash, 'base64') as h from app.one_time_links`)).includes(pathOf(second).slice(-43)));

  const visitor = new Visitor(server);
  t.equal((await visitor.get(pathOf(first))).statusCode, 410, 'a later link replaces an earlier one');
  t.equal((await visitor.get('/setup/x')).statusCode, 410);
  t.equal((await visitor.get(pathOf(second))).statusCode, 200);
  const faults = await visitor.post(pathOf(second), { ...FORM, slug: 'Not A Slug', email: 'nobody', password: 'short', timeZone: 'Nowhere/Land' });
  t.equal(faults.statusCode, 400);
  for (const said of ['lower-case letters', 'Enter an e-mail address']) t.ok(faults.payload.includes(said), said);
  t.notOk(faults.payload.includes('value="short"'));
  t.match((await visitor.post(pathOf(second), { ...FORM, password: 'willow family practice' })).payload, /first that would be guessed/);
  t.same(await rows(database, 'select id from sys.workspaces'), []);

  const rival = new Visitor(server);
  await rival.get(pathOf(second));
  const both = await Promise.all([visitor.post(pathOf(second), FORM), rival.post(pathOf(second), { ...FORM, slug: 'harbor', email: 'rival@example.org' })]);
  t.same(both.map(({ statusCode }) => statusCode).sort(), [303, 410], 'of two at once one wins');
  t.match(await rows(database, 'select count(*)::int as n from sys.workspaces'), [{ n: 1 }]);
  const winner = both[0]?.statusCode === 303 ? visitor : rival;
  const enrol = (await winner.get('/sign-in/enrol')).payload;
  const secret = (/id="totp-secret">([^<]+)</.exec(enrol)?.[1] ?? '').replaceAll(' ', '');
  await winner.post('/sign-in/enrol', { code: totpCode(secret), setup: /name="setup" value="([^"]+)"/.exec(enrol)?.[1] ?? '', next: '' });
  t.match(await whoIs(winner), { actor: { name: 'Maren Okafor', role: 'ADMIN', designations: ['SECURITY_OFFICER'] } });

  t.equal((await visitor.get(pathOf(second))).statusCode, 410);
  t.equal(await createSetupLink(app), null, 'an installation with a workspace has no setup link');
  t.same((await auditOf(database, INSTALLATION_WORKSPACE)).map(({ action }) => action).filter((action) => action.startsWith('installation.')), ['installation.setup_link_made', 'installation.setup_link_made', 'installation.set_up']);
});

t.test('the link ends after half an hour', async (t) => {
  const { app, server, database } = await openSite(t);
  const path = new URL((await createSetupLink(app))?.url ?? '').pathname;
  await rows(database, `update app.one_time_links set expires_at = now()`);
  const visitor = new Visitor(server);
  t.equal((await visitor.get(path)).statusCode, 410);
  await visitor.get('/sign-in');
  t.equal((await visitor.post(path, FORM)).statusCode, 410);
  t.same(await rows(database, 'select id from sys.workspaces'), []);
});
