import { refuse } from '../refusal.ts';
import { checkAuthnStatement } from './check-authn-statement.ts';
import { checkConditions } from './check-conditions.ts';
import { checkIssuer } from './check-issuer.ts';
import { checkResponse } from './check-response.ts';
import { checkSignatures } from './check-signature-form.ts';
import { checkSingleUse } from './check-single-use.ts';
import { checkAssertionRoot, checkStructure } from './check-structure.ts';
import { checkSubject } from './check-subject.ts';
import { decryptAssertion } from './decrypt-assertion.ts';
import { checkIssueInstant } from './instant.ts';
import { decodePost } from './message.ts';
import { SAML } from './names.ts';
import { readAttributes } from './read-attributes.ts';
import type { AssertionStore, PendingRequest, SamlConnection, SamlIdentity } from './settings.ts';
import { readSigned } from './verify-signature.ts';
import { childOf, readXml } from './xml.ts';
import type { XmlElement } from './xml.ts';

/**
 * The whole way of a `SAMLResponse` (Web Browser SSO profile, POST binding) to an identity. Throws `SsoRefusal`; resolves only when every
 * rule held. Form first, on the raw text; then signatures; then meaning, read from nothing but signed bytes.
 * @param samlResponse the form field as posted.
 */
export async function verifyResponse(connection: SamlConnection, samlResponse: unknown, pending: PendingRequest, store: AssertionStore, now: Date): Promise<SamlIdentity> {
  const { response, isResponseSigned, assertion } = await readSignedParts(connection, decodePost(samlResponse));
  checkResponse(response, isResponseSigned, connection, pending, now);
  if (assertion.attributes.get('Version') !== '2.0') refuse('saml.version');
  checkIssuer(assertion, connection);
  checkIssueInstant(assertion, connection.rules, now);
  checkConditions(assertion, connection, now);
  const subject = checkSubject(assertion, connection, pending, now);
  const statement = checkAuthnStatement(assertion, connection.rules, now);
  const attributes = readAttributes(assertion);
  await checkSingleUse(assertion, subject.confirmedUntil, connection, store);
  return {
    issuer: connection.provider.entityId,
    nameId: subject.nameId,
    nameIdFormat: subject.format,
    sessionIndex: statement.sessionIndex,
    authnContext: statement.context,
    authenticatedAt: statement.authenticatedAt,
    sessionEndsAt: statement.sessionEndsAt,
    attributes,
  };
}

type SignedParts = { response: XmlElement; isResponseSigned: boolean; assertion: XmlElement };

/** Every signature there is must hold, and one of them must cover the assertion: its own, or the Response's. */
async function readSignedParts({ provider, service }: SamlConnection, text: string): Promise<SignedParts> {
  const found = checkStructure(readXml(text));
  const signed = checkSignatures(found.response, found.assertion ? [found.response, found.assertion] : [found.response]);
  const isResponseSigned = signed.includes(found.response);
  const response = isResponseSigned ? await readSigned(text, found.response, provider.certificates) : found.response;
  if (found.assertion === null) {
    const encrypted = childOf(response, SAML, 'EncryptedAssertion') ?? refuse('saml.structure');
    return { response, isResponseSigned, assertion: await readDecrypted(decryptAssertion(encrypted, service.keys.map((pair) => pair.key)), isResponseSigned, provider.certificates) };
  }
  if (signed.includes(found.assertion)) return { response, isResponseSigned, assertion: await readSigned(text, found.assertion, provider.certificates) };
  if (!isResponseSigned) refuse('saml.signature.missing');
  return { response, isResponseSigned, assertion: childOf(response, SAML, 'Assertion') ?? refuse('saml.structure') };
}

async function readDecrypted(text: string, isCovered: boolean, certificates: readonly string[]): Promise<XmlElement> {
  const assertion = checkAssertionRoot(readXml(text));
  const [signed] = checkSignatures(assertion, [assertion]);
  if (signed) return readSigned(text, signed, certificates);
  return isCovered ? assertion : refuse('saml.signature.missing');
}
