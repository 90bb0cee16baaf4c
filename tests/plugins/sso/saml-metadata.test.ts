import { X509Certificate, createPrivateKey } from 'node:crypto';
import t from 'tap';
import { SsoRefusal } from '../../../plugins/sso/refusal.ts';
import { createAuthnRequest } from '../../../plugins/sso/saml/authn-request.ts';
import { bareCertificate, makeKeyPair } from '../../../plugins/sso/saml/certificate.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { readMetadata } from '../../../plugins/sso/saml/read-metadata.ts';
import { verifyRedirect } from '../../../plugins/sso/saml/redirect-signature.ts';
import { writeMetadata } from '../../../plugins/sso/saml/write-metadata.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { connection } from './saml-consumers.ts';
import { IDP_ENTITY, NOW, at, idp, sp, stranger } from './saml-provider.ts';
import { makeSelfSigned } from './self-signed.ts';

const key = (certificate: string, use = ' use="signing"'): string => `<md:KeyDescriptor${use}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n${bareCertificate(certificate)}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;
const service = (name: string, location: string, binding = 'HTTP-Redirect'): string => `<md:${name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"/>`;
const metadata = ({ keys = key(idp.certificate), services = service('SingleLogoutService', 'https://idp.example.org/slo') + service('SingleSignOnService', 'https://idp.example.org/sso'), attributes = '', entityId = IDP_ENTITY } = {}): string =>
  `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"${attributes}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}${services}</md:IDPSSODescriptor></md:EntityDescriptor>`;

t.test('what a provider says', async (t) => {
  const read = readMetadata(`<?xml version="1.0" encoding="UTF-8"?><!-- exported -->${metadata({ keys: key(idp.certificate) + key(stranger.certificate, '') + key(sp.certificate, ' use="encryption"') })}`, NOW);
  t.match(read, { entityId: IDP_ENTITY, signOnUrl: 'https://idp.example.org/sso', signOutUrl: 'https://idp.example.org/slo' });
  t.same(read.certificates.map(bareCertificate), [idp.certificate, stranger.certificate].map(bareCertificate), 'both while it rolls over, the one for encryption not');
  t.equal(readMetadata(`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${metadata()}</md:EntitiesDescriptor>`, NOW).entityId, IDP_ENTITY);
  t.equal(readMetadata(metadata({ services: service('SingleSignOnService', 'https://idp.example.org/sso') }), NOW).signOutUrl, null);
});

t.test('what is refused', async (t) => {
  const weak = makeSelfSigned('idp.example.org', 1024);
  const cases: Record<string, [text: string, code: string]> = {
    'no signing key': [metadata({ keys: '' }), 'saml.metadata'],
    'a key of 1024 bits': [metadata({ keys: key(weak.certificate) }), 'saml.metadata'],
    'a certificate that is none': [metadata({ keys: key('A'.repeat(400)) }), 'saml.metadata'],
    'no address': [metadata({ services: '' }), 'saml.metadata'],
    'an address over POST only': [metadata({ services: service('SingleSignOnService', 'https://idp.example.org/sso', 'HTTP-POST') }), 'saml.metadata'],
    'an address without TLS': [metadata({ services: service('SingleSignOnService', 'http://idp.example.org/sso') }), 'saml.metadata'],
    'a script as address': [metadata({ services: service('SingleSignOnService', 'javascript:alert(1)') }), 'saml.metadata'],
    'an address with a password': [metadata({ services: service('SingleSignOnService', 'https://a:b@idp.example.org/sso') }), 'saml.metadata'],
    ended: [metadata({ attributes: ` validUntil="${at(-10)}"` }), 'saml.metadata'],
    'no entity id': [metadata({ entityId: '' }), 'saml.metadata'],
    'a service provider': [metadata().replaceAll('IDPSSODescriptor', 'SPSSODescriptor'), 'saml.metadata'],
    'two providers': [`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${metadata()}${metadata()}</md:EntitiesDescriptor>`, 'saml.metadata'],
    'a document type': [`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${metadata()}`, 'saml.xml.doctype'],
    'an instruction': [`<?x y?>${metadata()}`, 'saml.xml.processing_instruction'],
    HTML: ['<html></html>', 'saml.metadata'],
    'a megabyte': [' '.repeat(1_000_000), 'saml.message.too_large'],
  };
  for (const [name, [text, code]] of Object.entries(cases)) {
    let outcome: unknown = 'accepted';
    try {
      readMetadata(text, NOW);
    } catch (error) {
      outcome = error instanceof SsoRefusal ? error.code : error;
    }
    t.equal(outcome, code, name);
  }
  t.equal(readMetadata(metadata({ services: service('SingleSignOnService', 'http://127.0.0.1:8080/sso') }), NOW, true).signOnUrl, 'http://127.0.0.1:8080/sso', 'unless a laboratory asks for it');
});

t.test('ours names the coming certificate and only what we open', async (t) => {
  const next = await makeKeyPair('clinic.example.org', NOW);
  const text = writeMetadata({ ...connection.service, keys: [...connection.service.keys, { key: createPrivateKey(next.key), certificate: next.certificate }] });
  const root = readXml(text);
  t.equal(root.attributes.get('entityID'), connection.service.entityId);
  t.equal(root.children[0]?.children.filter((child) => child.name === 'KeyDescriptor').length, 4);
  t.ok(text.includes(bareCertificate(sp.certificate)) && text.includes(bareCertificate(next.certificate)));
  t.notMatch(text, /cbc|rsa-1_5|tripledes/);
  const certificate = new X509Certificate(next.certificate);
  t.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 3072);
  t.ok(certificate.checkPrivateKey(createPrivateKey(next.key)));
});

t.test('our request is signed, asks for our address, and has an id nobody guesses', async (t) => {
  const { url, id } = await createAuthnRequest(connection, 'handle', true);
  const sent = new URL(url);
  const { message, relayState } = verifyRedirect(sent.search.slice(1), [sp.certificate]);
  t.equal(relayState, 'handle');
  const root = readXml(decodeRedirect(message));
  for (const [name, value] of Object.entries({ ID: id, Version: '2.0', ForceAuthn: 'true', Destination: 'https://idp.example.org/sso', AssertionConsumerServiceURL: connection.service.consumerUrl })) t.equal(root.attributes.get(name), value, name);
  t.match(id, /^_[0-9a-f]{40}$/);
});
