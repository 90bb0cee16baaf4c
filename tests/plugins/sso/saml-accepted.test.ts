import { createPrivateKey } from 'node:crypto';
import t from 'tap';
import { connection, consume, withRules } from './saml-consumers.ts';
import { MODES, VICTIM, assertionOf, at, encryptAssertion, finish, goodEnvelope, goodParts, issue, post, responseOf, signAssertion, signResponse, sp, stranger } from './saml-provider.ts';

// A consumer that refused everything would pass the corpus of attacks; these are what it has to let in.
t.test('each habit of signing, plain', async (t) => {
  for (const mode of MODES) {
    const identity = await consume(post(issue(mode)));
    t.match(identity, { nameId: VICTIM, issuer: connection.provider.entityId, sessionIndex: 's1', authnContext: /PasswordProtectedTransport$/ }, mode);
    t.same([...identity.attributes], [['email', [VICTIM]], ['groups', ['nurses', 'front-desk']]], mode);
  }
});

t.test('each allowed algorithm', async (t) => {
  for (const signatureMethod of ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512']) {
    for (const digestMethod of ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512']) {
      t.equal((await consume(post(issue('both', { sign: { signatureMethod, digestMethod } })))).nameId, VICTIM, `${signatureMethod} ${digestMethod}`);
    }
  }
});

t.test('encrypted: signed inside, outside, both; GCM of both sizes; OAEP with SHA-1 and SHA-256', async (t) => {
  const encrypted = (signing: 'inside' | 'outside' | 'both', options = {}) => {
    const assertion = assertionOf(goodParts());
    const response = responseOf(goodEnvelope(), encryptAssertion(signing === 'outside' ? finish(assertion) : signAssertion(assertion), options));
    return post(signing === 'inside' ? finish(response) : signResponse(response));
  };
  for (const signing of ['inside', 'outside', 'both'] as const) t.equal((await consume(encrypted(signing))).nameId, VICTIM, signing);
  t.equal((await consume(encrypted('inside', { cipher: 'http://www.w3.org/2009/xmlenc11#aes128-gcm' }))).nameId, VICTIM);
  t.equal((await consume(encrypted('inside', { keyTransport: 'http://www.w3.org/2009/xmlenc11#rsa-oaep', oaepHash: 'sha256' }))).nameId, VICTIM);
  // Our own roll-over: the provider still encrypts to the certificate it read last month.
  const rolledOver = { ...connection, service: { ...connection.service, keys: [{ key: createPrivateKey(stranger.key), certificate: stranger.certificate }, ...connection.service.keys] } };
  t.equal((await consume(encrypted('both', { certificate: sp.certificate }), { connection: rolledOver })).nameId, VICTIM);
});

t.test('while the provider rolls over, either certificate signs', async (t) => {
  const both = { ...connection, provider: { ...connection.provider, certificates: [stranger.certificate, ...connection.provider.certificates] } };
  t.equal((await consume(post(issue('both')), { connection: both })).nameId, VICTIM);
  t.equal((await consume(post(issue('both', { sign: { key: stranger.key, certificate: stranger.certificate } })), { connection: both })).nameId, VICTIM);
});

t.test('unsolicited only where the workspace allows it', async (t) => {
  const unsolicited = () => post(issue('both', { envelope: { attributes: { ...goodEnvelope().attributes, InResponseTo: null } }, assertion: { confirmation: goodParts().confirmation.replace(/InResponseTo="[^"]*" /, '') } }));
  t.equal((await consume(unsolicited(), { pending: null, connection: withRules({ allowUnsolicited: true }) })).nameId, VICTIM);
  await t.rejects(consume(unsolicited(), { pending: null }), { code: 'saml.unsolicited' });
});

t.test('clocks a minute apart, line-wrapped base64, an XML declaration', async (t) => {
  t.equal((await consume(post(issue('both', { assertion: { issued: at(50), conditions: goodParts().conditions.replace(/NotBefore="[^"]*"/, `NotBefore="${at(55)}"`) } })))).nameId, VICTIM);
  t.equal((await consume(post(issue('assertion')).replace(/.{76}/g, '$&\r\n'))).nameId, VICTIM);
  t.equal((await consume(post(`<?xml version="1.0" encoding="UTF-8"?>\n${issue('response')}`))).nameId, VICTIM);
});
