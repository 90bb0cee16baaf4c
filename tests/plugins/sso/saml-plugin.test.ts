import t from 'tap';
import { claims } from '../../../plugins/sso/claims.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { systemScope } from '../../../core/db/scope.ts';
import sso from '../../../plugins/sso/index.ts';
import { rows } from '../../support/rows.ts';
import { Visitor } from '../../support/visitor.ts';
import { openHost } from '../open-host.ts';
import { ATTACKER, CONSUMER_URL, IDP_ENTITY, REQUEST_ID, SP_ENTITY, VICTIM, goodEnvelope, goodParts, idp, issue, post, stranger } from './saml-provider.ts';

const bare = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');
const METADATA = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${IDP_ENTITY}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${bare(idp.certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.org/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`;

t.test('SAML through the pages', async (t) => {
  const { app, database, willow, harbor, visit, server } = await openHost(t, [sso], { folders: { sso: new URL('../../../plugins/sso', import.meta.url).pathname } });
  const at = `/plugins/sso/${willow.slug}`;
  const admin = await visit(willow.admin);
  const settings = { protocol: 'saml', label: 'x', metadata: METADATA, trustsEmail: 'yes', createsPeople: 'yes', domains: 'example.org', roles: 'nurses = AGENT', groupsName: 'groups', secondFactor: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport', clockSkewS: '60' };
  const change = async (form: Record<string, string>, path = 'settings') => {
    await admin.get('/admin/plugins/sso');
    t.ok([302, 303].includes((await admin.post(`/admin/plugins/sso/${path}`, { ...settings, ...form })).statusCode), path);
  };
  await change({ issuer: 'what stood in the part for OpenID Connect' }, 'on');

  /** Leaves for the provider; the id that its answer must name. */
  async function leave(next = ''): Promise<{ visitor: Visitor; id: string }> {
    const visitor = new Visitor(server);
    const { location } = (await visitor.get(`${at}/start${next}`)).headers;
    const request = readXml(decodeRedirect(new URL(String(location)).searchParams.get('SAMLRequest')));
    return { visitor, id: request.attributes.get('ID') ?? '' };
  }

  /** The provider's answer, as rightly signed as asked for. */
  function answerTo(id: string | null, name = VICTIM, key = idp.key): string {
    const forUs = (text: string): string => text.replaceAll(CONSUMER_URL, `${app.config.origin}${at}/saml/acs`).replaceAll(SP_ENTITY, `${app.config.origin}${at}/saml/metadata`).replaceAll(VICTIM, name).replaceAll(id === null ? `InResponseTo="${REQUEST_ID}" ` : REQUEST_ID, id ?? '');
    const parts = goodParts();
    const assertion = Object.fromEntries(Object.entries(parts).map(([part, text]) => [part, forUs(text)]));
    const { attributes, ...envelope } = goodEnvelope();
    return post(issue('both', { assertion, envelope: { ...envelope, attributes: { ...attributes, Destination: `${app.config.origin}${at}/saml/acs`, InResponseTo: id } }, sign: { key } }));
  }

  const come = (visitor: Visitor, form: Record<string, string>) =>
    server.inject({ method: 'POST', url: `${at}/saml/acs`, headers: { cookie: `__Host-sso_flow=${visitor.cookies.get('__Host-sso_flow') ?? ''}`, 'sec-fetch-site': 'cross-site', accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' }, payload: new URLSearchParams(form).toString() });

  t.test('there, back, and in, as another site posts it', async (t) => {
    const { visitor, id } = await leave('?next=/appointments');
    const inside = await come(visitor, { SAMLResponse: answerTo(id) });
    t.match(inside, { statusCode: 303, headers: { location: '/appointments' } });
    t.match(String(inside.headers['set-cookie']), /__Host-wardkeep=/);
    t.equal((await rows(database, "select 1 from app.sessions where method = 'saml' and vouched_by is not null")).length, 1, 'and the session says so');
  });

  t.test('RelayState leads nowhere', async (t) => {
    for (const RelayState of ['https://evil.test', '//evil.test', '/\\evil.test', 'javascript:alert(1)', '/%0d%0aLocation:https://evil.test', 'data:text/html,x', '/contacts/1']) {
      const { visitor, id } = await leave();
      t.equal((await come(visitor, { SAMLResponse: answerTo(id), RelayState })).headers.location, '/contacts', RelayState);
    }
  });

  t.test('not twice, not in another browser, not by a stranger, not without being asked', async (t) => {
    const first = await leave();
    const samlResponse = answerTo(first.id);
    t.equal((await come(first.visitor, { SAMLResponse: samlResponse })).statusCode, 303);
    t.equal((await come(first.visitor, { SAMLResponse: samlResponse })).statusCode, 403, 'twice');
    const [mine, theirs] = [await leave(), await leave()];
    t.equal((await come(theirs.visitor, { SAMLResponse: answerTo(mine.id) })).statusCode, 403, 'login CSRF');
    const forged = await leave();
    t.equal((await come(forged.visitor, { SAMLResponse: answerTo(forged.id, ATTACKER, stranger.key) })).statusCode, 403, 'a stranger');
    t.equal((await come(new Visitor(server), { SAMLResponse: answerTo(null) })).statusCode, 403, 'unsolicited');
    await change({ unsolicited: 'yes' });
    t.equal((await come(new Visitor(server), { SAMLResponse: answerTo(null), RelayState: 'https://evil.test' })).headers.location, '/contacts', 'unsolicited, where the workspace wants it');
    t.equal((await server.inject({ method: 'POST', url: `/plugins/sso/${harbor.slug}/saml/acs`, payload: 'SAMLResponse=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).statusCode, 404, 'another workspace');
    const reasons = await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => ((await tx.knex('app.audit_entries').where({ action: 'sso.sign_in.refused' }).select('body')) as { body: string }[]).map(({ body }) => (JSON.parse(body) as { detail: { reason: string } }).detail.reason));
    t.same(reasons.sort(), ['saml.in_response_to', 'saml.in_response_to', 'saml.signature.invalid', 'saml.unsolicited'], 'each for its own reason, on the record');
  });

  t.test('our certificate rolls over with two in the metadata', async (t) => {
    const count = async () => ((await server.inject({ url: `${at}/saml/metadata` })).payload.match(/use="signing"/g) ?? []).length;
    const keyIn = async () => { const { location } = (await new Visitor(server).get(`${at}/start`)).headers; return new URL(String(location)).searchParams.get('Signature'); };
    t.equal(await count(), 1);
    await admin.get('/plugins/sso');
    await admin.post('/plugins/sso/keys');
    t.equal(await count(), 2);
    await admin.get('/plugins/sso');
    t.equal((await admin.post('/plugins/sso/keys')).statusCode, 409, 'no third');
    const page = (await admin.get('/plugins/sso')).payload;
    const first = /keys\/([0-9a-f-]{36})\/retire/.exec(page)?.[1];
    t.equal((await admin.post('/plugins/sso/keys/01900000-0000-7000-8000-00000000000a/retire')).statusCode, 404, 'no such certificate');
    await admin.get('/plugins/sso');
    await admin.post(`/plugins/sso/keys/${first}/retire`);
    t.equal(await count(), 1);
    t.ok(await keyIn());
    t.equal((await (await visit(willow.agent)).get('/plugins/sso')).statusCode, 403, 'not for everybody');
  });

  t.test('the claims fail when what they say is not so', async (t) => {
    const prove = async (id: string) => (await claims.find((claim) => claim.id === id)?.prove({ app, workspaceId: willow.workspaceId, scope: systemScope(willow.workspaceId, 'trust') }))?.status;
    t.equal(await prove('SSO-1'), 'not_applicable');
    await change({ enforced: 'yes', breakGlass: willow.agent.email });
    t.equal(await prove('SSO-1'), 'failing', 'an agent is no administrator');
    await change({ enforced: 'yes', breakGlass: 'nobody@practice.example' });
    t.equal(await prove('SSO-1'), 'failing', 'nobody is there');
    await change({ enforced: 'yes', breakGlass: willow.admin.email });
    t.equal(await prove('SSO-1'), 'proved');
    t.equal(await prove('SSO-2'), 'failing', "the provider's certificate is good for a day");
  });
});
