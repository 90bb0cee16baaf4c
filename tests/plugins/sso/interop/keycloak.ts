import t, { type Test } from 'tap';
import sso from '../../../../plugins/sso/index.ts';
import { openHost } from '../../open-host.ts';
import { BrowserStandIn } from '../browser-stand-in.ts';
import type { Answer } from '../browser-stand-in.ts';
import { dataFolder } from '../../../support/mailbox.ts';
import { totpCode } from '../../../support/people.ts';
import type { Person } from '../../../support/people.ts';
import { onwardOf, Visitor } from '../../../support/visitor.ts';
import { CLIENT_SECRET, KEYCLOAK_PASSWORD, REALM, realmOf } from './keycloak-realm.ts';
import { walkInChromium } from './in-chromium.ts';
import { findKeycloak, startKeycloak } from './keycloak-server.ts';

// `npm run test:interop`. Where Keycloak cannot be had the run says so; under CI that is a failure.
const found = findKeycloak();
if ('missing' in found && process.env['CI'] === 'true') t.fail(`Keycloak is needed here: ${found.missing}`);
t.setTimeout(600_000);
const skip = 'missing' in found ? `Keycloak: ${found.missing}` : false;

t.test('people of an enforced workspace come in through Keycloak', { skip }, async (t) => {
  if ('missing' in found) return;
  const allowed: string[] = [];
  const opened = await openHost(t, [sso], { folders: { sso: new URL('../../../../plugins/sso', import.meta.url).pathname }, listens: true, change: { outboundAllowed: allowed, dataDir: await dataFolder(t), breachRangeUrl: null } });
  const { app, willow, visit, server } = opened;
  const { origin } = app.config;
  const at = `${origin}/plugins/sso/${willow.slug}`;
  const admin = await visit(willow.admin);
  const change = async (form: Record<string, string>, path = 'settings') => {
    await admin.get('/admin/plugins/sso');
    const answer = await admin.post(`/admin/plugins/sso/${path}`, { label: 'Hospital', groupsName: 'groups', domains: '', secondFactor: '', roles: 'nurses = AGENT\nleads = MANAGER', clockSkewS: '60', trustsEmail: 'yes', enforced: 'yes', breakGlass: willow.admin.email, ...form });
    t.ok([302, 303].includes(answer.statusCode), `${path}: ${answer.statusCode}`);
  };

  // Our keys exist once the plugin is on, so it goes on before Keycloak learns of them.
  await change({ protocol: 'oidc', issuer: 'https://not-yet.example.org', clientId: 'wardkeep' }, 'on');
  const certificate = /<ds:X509Certificate>([^<]+)/.exec((await server.inject({ url: `/plugins/sso/${willow.slug}/saml/metadata` })).payload)?.[1] ?? '';
  const keycloak = await startKeycloak(found.archive, realmOf({
    people: [{ username: 'agent', email: willow.agent.email, groups: ['nurses'] }, { username: 'manager', email: willow.manager.email, groups: ['leads'] }],
    redirectUri: `${at}/oidc/return`, afterSignOut: `${origin}/sign-in`, backChannel: `${at}/oidc/back-channel`,
    saml: { entityId: `${at}/saml/metadata`, consumerUrl: `${at}/saml/acs`, logoutUrl: `${at}/saml/slo`, certificate },
  }));
  t.teardown(() => keycloak.stop());
  allowed.push(new URL(keycloak.origin).host);

  /** The password is refused and leads to Keycloak, where the person signs in. */
  async function throughKeycloak(t: Test, person: Person, stopAt: string | null): Promise<{ visitor: Visitor; browser: BrowserStandIn; last: Answer }> {
    const visitor = new Visitor(server);
    await visitor.get('/sign-in');
    const refused = await visitor.post('/sign-in', { email: person.email, password: person.password });
    t.equal(onwardOf(refused), `/plugins/sso/${willow.slug}/start`, 'passwords are off');
    const started = await visitor.get(onwardOf(refused));
    t.ok(String(started.headers.location).startsWith(keycloak.origin), 'away to Keycloak');
    const browser = new BrowserStandIn('');
    const login = await browser.get(String(started.headers.location));
    return { visitor, browser, last: await browser.submit(login, { username: person.role.toLowerCase(), password: KEYCLOAK_PASSWORD }, stopAt) };
  }

  async function isIn(t: Test, visitor: Visitor, person: Person, location: unknown): Promise<void> {
    t.equal(location, '/sign-in/second', "Keycloak's word counts for one factor");
    await visitor.get('/sign-in/second');
    await visitor.post('/sign-in/second', { method: 'totp', code: totpCode(person.totpSecret), next: '' });
    const page = await visitor.get('/contacts');
    t.equal(page.statusCode, 200);
    t.match(page.payload, person.name);
  }

  t.test('by OpenID Connect, and out again', async (t) => {
    await change({ protocol: 'oidc', issuer: `${keycloak.origin}/realms/${REALM}`, clientId: 'wardkeep', clientSecret: CLIENT_SECRET });
    const { visitor, browser, last } = await throughKeycloak(t, willow.agent, `${origin}/`);
    const { pathname, search } = new URL(last.url);
    await isIn(t, visitor, willow.agent, (await visitor.get(pathname + search)).headers.location);
    await visitor.get('/contacts');
    const out = await visitor.post('/sign-out');
    const there = await visitor.get(onwardOf(out));
    const ended = await browser.get(String(there.headers.location), `${origin}/`);
    t.ok(ended.url.startsWith(`${origin}/sign-in`), 'Keycloak ended its session and sent the browser back');
  });

  t.test('by SAML, signed and encrypted, and out again', async (t) => {
    const metadata = await (await fetch(`${keycloak.origin}/realms/${REALM}/protocol/saml/descriptor`)).text();
    await change({ protocol: 'saml', metadata });
    const { visitor, browser, last } = await throughKeycloak(t, willow.manager, null);
    const samlResponse = /name="SAMLResponse" value="([^"]+)"/i.exec(last.body)?.[1] ?? '';
    t.match(Buffer.from(samlResponse, 'base64').toString(), /EncryptedAssertion/);
    const form = { SAMLResponse: samlResponse };
    const back = await crossSite(visitor, `/plugins/sso/${willow.slug}/saml/acs`, form);
    await isIn(t, visitor, willow.manager, (await visitor.get(String(back.headers.location))).headers.location);
    t.equal((await crossSite(new Visitor(server), `/plugins/sso/${willow.slug}/saml/acs`, form)).statusCode, 403, 'the same answer again');
    await visitor.get('/contacts');
    const there = await visitor.get(onwardOf(await visitor.post('/sign-out')));
    const ended = await browser.get(String(there.headers.location), `${origin}/`);
    const answer = ended.url.startsWith(origin) ? ended.url : (/action="([^"]+)"/.exec(ended.body)?.[1] ?? '');
    t.ok(answer.startsWith(`${at}/saml/slo`), 'Keycloak took our LogoutRequest and answers it');
    const { pathname, search } = new URL(answer);
    t.equal((await visitor.get(pathname + search)).headers.location, '/sign-in', 'and its signed answer is accepted');
  });

  t.test('in Chromium', { timeout: 240_000 }, (t) => walkInChromium(t, opened, keycloak.origin, change));
});

/** As a browser posts what another site's page holds: its own cookies that may go along, and the word that it comes from elsewhere. */
function crossSite(visitor: Visitor, url: string, form: Record<string, string>) {
  const cookie = [...visitor.cookies].filter(([name]) => name === '__Host-sso_flow').map(([name, value]) => `${name}=${value}`).join('; ');
  return visitor.server.inject({ method: 'POST', url, headers: { cookie, 'sec-fetch-site': 'cross-site', origin: 'null', accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(form).toString() }).then((answer) => {
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value !== '') visitor.cookies.set(name, value);
    }
    return answer;
  });
}
