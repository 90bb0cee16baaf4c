import { createCipheriv, createHash, createPrivateKey, createSign, constants, publicEncrypt, randomBytes } from 'node:crypto';
import { makeSelfSigned } from './self-signed.ts';

/*
 * An identity provider that writes its messages in exclusive canonical form to begin with, so a digest is a hash of the text and every part
 * of a signature can be put wrong one at a time.
 */
export const SAML_NS = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const SAMLP_NS = 'urn:oasis:names:tc:SAML:2.0:protocol';
export const DS_NS = 'http://www.w3.org/2000/09/xmldsig#';
const XENC_NS = 'http://www.w3.org/2001/04/xmlenc#';
const SHA256 = `${XENC_NS}sha256`;
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = `${DS_NS}enveloped-signature`;

export const idp = makeSelfSigned('idp.example.org');
export const stranger = makeSelfSigned('idp.example.org');
export const sp = makeSelfSigned('clinic.example.org');

export const IDP_ENTITY = 'https://idp.example.org/saml';
export const SP_ENTITY = 'https://clinic.example.org/sso/saml/metadata';
export const CONSUMER_URL = 'https://clinic.example.org/sso/saml/acs';
export const REQUEST_ID = '_request-0f6a';
/** The libraries of the positive control look at the real clock, so this one does not stand still elsewhere. */
export const NOW = new Date();
export const VICTIM = 'person@example.org';
export const ATTACKER = 'admin@example.org';

export const at = (offsetS: number): string => new Date(NOW.getTime() + offsetS * 1_000).toISOString();

/** One text or attribute of a good assertion, each of them changeable; values are XML as they will stand in the message. */
export type AssertionParts = ReturnType<typeof goodParts>;

export function goodParts() {
  return {
    id: `_a${randomBytes(8).toString('hex')}`,
    version: '2.0',
    issued: at(-2),
    issuer: `<saml:Issuer>${IDP_ENTITY}</saml:Issuer>`,
    nameId: `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${VICTIM}</saml:NameID>`,
    confirmation: `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="${REQUEST_ID}" NotOnOrAfter="${at(300)}" Recipient="${CONSUMER_URL}"></saml:SubjectConfirmationData></saml:SubjectConfirmation>`,
    conditions: `<saml:Conditions NotBefore="${at(-5)}" NotOnOrAfter="${at(300)}"><saml:AudienceRestriction><saml:Audience>${SP_ENTITY}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
    statement: `<saml:AuthnStatement AuthnInstant="${at(-10)}" SessionIndex="s1"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    attributes: `<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>${VICTIM}</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>nurses</saml:AttributeValue><saml:AttributeValue>front-desk</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
  };
}

/** `%SIG%` marks where the signature belongs; `sign` fills it, `finish` takes an unused one away. */
export function assertionOf(parts: AssertionParts, signatureMark = '%SIG-A%'): string {
  return `<saml:Assertion xmlns:saml="${SAML_NS}" ID="${parts.id}" IssueInstant="${parts.issued}" Version="${parts.version}">${parts.issuer}${signatureMark}<saml:Subject>${parts.nameId}${parts.confirmation}</saml:Subject>${parts.conditions}${parts.statement}${parts.attributes}</saml:Assertion>`;
}

export type ResponseParts = ReturnType<typeof goodEnvelope>;

export function goodEnvelope() {
  return {
    id: `_r${randomBytes(8).toString('hex')}`,
    attributes: { Destination: CONSUMER_URL, InResponseTo: REQUEST_ID, IssueInstant: at(-1), Version: '2.0' } as Record<string, string | null>,
    issuer: `<saml:Issuer xmlns:saml="${SAML_NS}">${IDP_ENTITY}</saml:Issuer>`,
    status: `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>`,
  };
}

export function responseOf(parts: ResponseParts, content: string, signatureMark = '%SIG-R%'): string {
  const attributes = Object.entries({ ...parts.attributes, ID: parts.id }).filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1));
  return `<samlp:Response xmlns:samlp="${SAMLP_NS}"${attributes.map(([name, value]) => ` ${name}="${value}"`).join('')}>${parts.issuer}${signatureMark}${parts.status}${content}</samlp:Response>`;
}

export type SignOptions = {
  key?: string | Buffer;
  certificate?: string;
  signatureMethod?: string;
  digestMethod?: string;
  digestValue?: string;
  canonicalization?: string;
  transforms?: readonly string[];
  uri?: string;
  keyInfo?: string;
  /** Stands in for the whole signing of the SignedInfo text. */
  signInfo?: (info: string) => string;
  changeSignature?: (signature: string) => string;
};

const HASHES: Record<string, string> = { [SHA256]: 'sha256', [`${XENC_NS}sha512`]: 'sha512', [`${DS_NS}sha1`]: 'sha1', 'http://www.w3.org/2001/04/xmldsig-more#md5': 'md5' };
const SIGNERS: Record<string, string> = { [RSA_SHA256]: 'RSA-SHA256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512': 'RSA-SHA512', [`${DS_NS}rsa-sha1`]: 'RSA-SHA1' };

/** The `<ds:Signature>` over `canonical`, which is the signed element's canonical text without this signature in it. */
export function signatureOver(canonical: string, id: string, options: SignOptions = {}): string {
  const digestMethod = options.digestMethod ?? SHA256;
  const method = options.signatureMethod ?? RSA_SHA256;
  const digest = options.digestValue ?? createHash(HASHES[digestMethod] ?? 'sha256').update(canonical, 'utf8').digest('base64');
  const transforms = (options.transforms ?? [ENVELOPED, EXC_C14N]).map((each) => (each.startsWith('<') ? each : `<ds:Transform Algorithm="${each}"></ds:Transform>`)).join('');
  const inside = `<ds:CanonicalizationMethod Algorithm="${options.canonicalization ?? EXC_C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${method}"></ds:SignatureMethod><ds:Reference URI="${options.uri ?? `#${id}`}"><ds:Transforms>${transforms}</ds:Transforms><ds:DigestMethod Algorithm="${digestMethod}"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`;
  const value = (options.signInfo ?? ((info: string) => createSign(SIGNERS[method] ?? 'RSA-SHA256').update(info, 'utf8').sign(options.key ?? idp.key, 'base64')))(`<ds:SignedInfo xmlns:ds="${DS_NS}">${inside}</ds:SignedInfo>`);
  const certificate = (options.certificate ?? idp.certificate).replace(/-----[^-]+-----|\s/g, '');
  const keyInfo = options.keyInfo ?? `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`;
  const signature = `<ds:Signature xmlns:ds="${DS_NS}"><ds:SignedInfo>${inside}</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue>${keyInfo}</ds:Signature>`;
  return options.changeSignature ? options.changeSignature(signature) : signature;
}

/** The assertion with its own signature in place of the mark. */
export function signAssertion(assertion: string, options: SignOptions = {}): string {
  const id = /<saml:Assertion [^>]*?ID="([^"]+)"/.exec(assertion)?.[1] ?? '';
  return assertion.replace('%SIG-A%', signatureOver(assertion.replace('%SIG-A%', ''), id, options).replaceAll('$', '$$$$'));
}

export function signResponse(response: string, options: SignOptions = {}): string {
  const plain = response.replace('%SIG-A%', '');
  const id = /<samlp:Response [^>]*?ID="([^"]+)"/.exec(plain)?.[1] ?? '';
  return plain.replace('%SIG-R%', signatureOver(plain.replace('%SIG-R%', ''), id, options).replaceAll('$', '$$$$'));
}

export const finish = (xml: string): string => xml.replace('%SIG-A%', '').replace('%SIG-R%', '');
export const post = (xml: string): string => Buffer.from(xml, 'utf8').toString('base64');

export type Mode = 'assertion' | 'response' | 'both';
export const MODES: readonly Mode[] = ['assertion', 'response', 'both'];

/** A message as a provider of that habit sends it. */
export function issue(mode: Mode, change: { assertion?: Partial<AssertionParts>; envelope?: Partial<ResponseParts>; sign?: SignOptions } = {}): string {
  const assertion = assertionOf({ ...goodParts(), ...change.assertion });
  const response = responseOf({ ...goodEnvelope(), ...change.envelope }, mode === 'response' ? finish(assertion) : signAssertion(assertion, change.sign));
  return mode === 'assertion' ? finish(response) : signResponse(response, change.sign);
}

export type EncryptOptions = { cipher?: string; keyTransport?: string; certificate?: string; oaepHash?: string };

export function encryptAssertion(assertion: string, options: EncryptOptions = {}): string {
  const cipher = options.cipher ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm';
  const transport = options.keyTransport ?? `${XENC_NS}rsa-oaep-mgf1p`;
  const key = randomBytes(cipher.includes('128') ? 16 : 32);
  const body = cipher.endsWith('gcm') ? sealGcm(key, assertion) : sealCbc(key, assertion);
  const padding = transport.endsWith('rsa-1_5') ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING;
  const wrapped = publicEncrypt({ key: options.certificate ?? sp.certificate, padding, ...(transport.endsWith('rsa-1_5') ? {} : { oaepHash: options.oaepHash ?? 'sha1' }) }, key);
  const oaep = options.oaepHash === 'sha256' ? `<ds:DigestMethod xmlns:ds="${DS_NS}" Algorithm="${SHA256}"></ds:DigestMethod><xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"></xenc11:MGF>` : '';
  return `<saml:EncryptedAssertion xmlns:saml="${SAML_NS}"><xenc:EncryptedData xmlns:xenc="${XENC_NS}" Type="${XENC_NS}Element"><xenc:EncryptionMethod Algorithm="${cipher}"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds="${DS_NS}"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${transport}">${oaep}</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>${body.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`;
}

function sealGcm(key: Buffer, text: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, nonce, { authTagLength: 16 });
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function sealCbc(key: Buffer, text: string): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final()]);
}

export const spKey = createPrivateKey(sp.key);
