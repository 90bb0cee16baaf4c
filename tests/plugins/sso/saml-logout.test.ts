import { createSign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import t from 'tap';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { createLogoutRequest, createLogoutResponse } from '../../../plugins/sso/saml/logout.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { verifyRedirect } from '../../../plugins/sso/saml/redirect-signature.ts';
import { verifyPostLogout, verifyRedirectLogout } from '../../../plugins/sso/saml/verify-logout.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { connection, memoryStore } from './saml-consumers.ts';
import { IDP_ENTITY, NOW, SAMLP_NS, SAML_NS, VICTIM, assertionOf, at, goodParts, idp, post, signAssertion, signatureOver, sp, stranger } from './saml-provider.ts';

const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const LOGOUT_URL = connection.service.logoutUrl;

type Parts = { destination?: string; issued?: string; end?: string; issuer?: string; content?: string; id?: string };
const request = ({ destination = LOGOUT_URL, issued = at(-2), end = at(120), issuer = IDP_ENTITY, content = `<saml:NameID xmlns:saml="${SAML_NS}">${VICTIM}</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex>`, id = '_l1' }: Parts = {}): string =>
  `<samlp:LogoutRequest xmlns:samlp="${SAMLP_NS}" Destination="${destination}" ID="${id}" IssueInstant="${issued}" NotOnOrAfter="${end}" Version="2.0"><saml:Issuer xmlns:saml="${SAML_NS}">${issuer}</saml:Issuer>%SIG%${content}</samlp:LogoutRequest>`;

function redirect(xml: string, { key = idp.key, algorithm = RSA_SHA256, name = 'SAMLRequest', deflated = deflateRawSync(xml.replace('%SIG%', '')).toString('base64') } = {}): string {
  const signed = `${name}=${encodeURIComponent(deflated)}&RelayState=abc&SigAlg=${encodeURIComponent(algorithm)}`;
  return `${signed}&Signature=${encodeURIComponent(createSign(algorithm.endsWith('sha1') ? 'RSA-SHA1' : 'RSA-SHA256').update(signed).sign(key, 'base64'))}`;
}

const signPost = (xml: string): string => post(xml.replace('%SIG%', () => signatureOver(xml.replace('%SIG%', ''), '_l1')));
const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: unknown) => (error instanceof SsoRefusal ? error.code : error));

t.test('a good request over either binding', async (t) => {
  const wanted = { kind: 'request', id: '_l1', nameId: VICTIM, sessionIndexes: ['s1'], relayState: 'abc' };
  t.same(await verifyRedirectLogout(connection, redirect(request()), memoryStore(), NOW), wanted);
  t.same(await verifyPostLogout(connection, { SAMLRequest: signPost(request()), RelayState: 'abc' }, memoryStore(), NOW), wanted);
});

t.test('what is refused', async (t) => {
  const good = redirect(request());
  const cases: Record<string, [query: string, code: string]> = {
    'no signature': [good.replace(/&Signature=.*/, ''), 'saml.signature.missing'],
    'an empty signature': [good.replace(/&Signature=.*/, '&Signature='), 'saml.signature.missing'],
    'a stranger': [redirect(request(), { key: stranger.key }), 'saml.signature.invalid'],
    'SHA-1': [redirect(request(), { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }), 'saml.signature.algorithm'],
    'the algorithm left out': [good.replace(/&SigAlg=[^&]*/, ''), 'saml.signature.algorithm'],
    'another RelayState': [good.replace('RelayState=abc', 'RelayState=https://evil.test'), 'saml.signature.invalid'],
    'a second message': [`${good}&SAMLRequest=x`, 'saml.logout'],
    'a request and a response': [`${good}&SAMLResponse=x`, 'saml.logout'],
    'the message under another name first': [`xSAMLRequest=1&${good}`, 'accepted'],
    'a signed request sent as a response': [good.replace('SAMLRequest=', 'SAMLResponse='), 'saml.signature.invalid'],
    'a deflate bomb, rightly signed': [redirect('', { deflated: deflateRawSync(Buffer.alloc(50_000_000, 0x20)).toString('base64') }), 'saml.message.too_large'],
    'ended (CVE-2023-40178)': [redirect(request({ end: at(-120) })), 'saml.time'],
    'issued long ago': [redirect(request({ issued: at(-3_600) })), 'saml.time'],
    'another destination': [redirect(request({ destination: 'https://other.example.org/slo' })), 'saml.destination'],
    'another issuer': [redirect(request({ issuer: 'https://other.example.org' })), 'saml.issuer'],
    'no name': [redirect(request({ content: '' })), 'saml.logout'],
    'two names': [redirect(request({ content: `<saml:NameID xmlns:saml="${SAML_NS}">a</saml:NameID><saml:NameID xmlns:saml="${SAML_NS}">b</saml:NameID>` })), 'saml.structure'],
    'a comment in the name': [redirect(request({ content: `<saml:NameID xmlns:saml="${SAML_NS}">adm<!---->in</saml:NameID>` })), 'saml.xml.comment'],
    'a document type': [redirect(`<!DOCTYPE x>${request()}`), 'saml.xml.doctype'],
    'not a logout message': [redirect(request().replaceAll('LogoutRequest', 'AuthnRequest')), 'saml.logout'],
  };
  for (const [name, [sent, code]] of Object.entries(cases)) t.equal(await codeOf(verifyRedirectLogout(connection, sent, memoryStore(), NOW)), code, name);
});

t.test('over POST the request itself is signed, not something inside it', async (t) => {
  const unsigned = post(request().replace('%SIG%', ''));
  t.equal(await codeOf(verifyPostLogout(connection, { SAMLRequest: unsigned }, memoryStore(), NOW)), 'saml.signature.missing');
  const wrapped = request({ content: `<saml:NameID xmlns:saml="${SAML_NS}">${VICTIM}</saml:NameID>${signAssertion(assertionOf(goodParts()))}` }).replace('%SIG%', '');
  t.equal(await codeOf(verifyPostLogout(connection, { SAMLRequest: post(wrapped) }, memoryStore(), NOW)), 'saml.signature.placement', 'samlify issue 634');
  t.equal(await codeOf(verifyPostLogout(connection, { SAMLRequest: signPost(request()), SAMLResponse: 'x' }, memoryStore(), NOW)), 'saml.logout');
  t.equal(await codeOf(verifyPostLogout(connection, {}, memoryStore(), NOW)), 'saml.logout');
});

t.test('once', async (t) => {
  const store = memoryStore();
  t.equal(await codeOf(verifyRedirectLogout(connection, redirect(request()), store, NOW)), 'accepted');
  t.equal(await codeOf(verifyRedirectLogout(connection, redirect(request()), store, NOW)), 'saml.replayed');
});

t.test('our own request and answer are signed and whole', async (t) => {
  const asked = await createLogoutRequest(connection, { nameId: VICTIM, nameIdFormat: null, sessionIndex: 's1' }, 'handle');
  const sent = new URL(asked?.url ?? '');
  t.equal(sent.origin + sent.pathname, connection.provider.signOutUrl);
  const { message, relayState } = verifyRedirect(sent.search.slice(1), [sp.certificate]);
  t.equal(relayState, 'handle');
  const xml = readXml(decodeRedirect(message));
  t.equal(xml.attributes.get('ID'), asked?.id);
  t.match(decodeRedirect(message), new RegExp(`${VICTIM}.*s1`));

  const answer = new URL((await createLogoutResponse(connection, '_l1', '', true)) ?? '');
  const answered = readXml(decodeRedirect(verifyRedirect(answer.search.slice(1), [sp.certificate]).message));
  t.equal(answered.attributes.get('InResponseTo'), '_l1');
});

t.test('their answer to ours', async (t) => {
  const response = (status: string): string => `<samlp:LogoutResponse xmlns:samlp="${SAMLP_NS}" Destination="${LOGOUT_URL}" ID="_lr" InResponseTo="_ours" IssueInstant="${at(-1)}" Version="2.0"><saml:Issuer xmlns:saml="${SAML_NS}">${IDP_ENTITY}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"></samlp:StatusCode></samlp:Status></samlp:LogoutResponse>`;
  t.match(await verifyRedirectLogout(connection, redirect(response('Success'), { name: 'SAMLResponse' }), memoryStore(), NOW), { kind: 'response', inResponseTo: '_ours' });
  t.equal(await codeOf(verifyRedirectLogout(connection, redirect(response('Responder'), { name: 'SAMLResponse' }), memoryStore(), NOW)), 'saml.status');
});
