import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { refuse } from '../refusal.ts';
import { DSIG, XENC, XENC11 } from './names.ts';
import { childOf, childrenOf, is, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

/**
 * AES-GCM only: CBC without a checked signature around it is a decryption oracle (Jager and Somorovsky, "How to Break XML Encryption"), and
 * PKCS#1 v1.5 one for the key (Bleichenbacher). SHA-1 inside OAEP is not a signature hash and stays sound (RFC 8017, 7.1).
 */
const CONTENT = new Map([[`${XENC11}aes128-gcm`, { cipher: 'aes-128-gcm', keyBytes: 16 }], [`${XENC11}aes256-gcm`, { cipher: 'aes-256-gcm', keyBytes: 32 }]] as const);
const DIGESTS = new Map([['http://www.w3.org/2000/09/xmldsig#sha1', 'sha1'], [`${XENC}sha256`, 'sha256'], [`${XENC}sha512`, 'sha512']]);
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The XML text of the assertion. Every fault is one refusal, so that the answer tells nothing about the key. */
export function decryptAssertion(encrypted: XmlElement, keys: readonly KeyObject[]): string {
  const data = childOf(encrypted, XENC, 'EncryptedData') ?? refuse('saml.encryption.form');
  const content = CONTENT.get(algorithmOf(data) as never) ?? refuse('saml.encryption.algorithm');
  const sealedKey = findKey(encrypted, data);
  const padding = oaepOf(childOf(sealedKey, XENC, 'EncryptionMethod') ?? refuse('saml.encryption.form'));
  const wrapped = cipherValue(sealedKey);
  const sealed = cipherValue(data);
  if (sealed.length < NONCE_BYTES + TAG_BYTES) refuse('saml.encryption.key');
  for (const key of keys) {
    try {
      const contentKey = privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: padding }, wrapped);
      if (contentKey.length !== content.keyBytes) continue;
      const decipher = createDecipheriv(content.cipher, contentKey, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
    } catch {
      continue; // this key did not open it; the next may, and when none does the refusal below says so
    }
  }
  return refuse('saml.encryption.key');
}

/** The key stands inside EncryptedData or beside it (saml-core-2.0-os 6.2); one only, as we are one recipient. */
function findKey(encrypted: XmlElement, data: XmlElement): XmlElement {
  const info = childOf(data, DSIG, 'KeyInfo');
  const found = [...(info ? childrenOf(info, XENC, 'EncryptedKey') : []), ...childrenOf(encrypted, XENC, 'EncryptedKey')];
  return found.length === 1 ? (found[0] as XmlElement) : refuse('saml.encryption.form');
}

function oaepOf(method: XmlElement): string {
  const algorithm = method.attributes.get('Algorithm');
  const digest = DIGESTS.get(childOf(method, DSIG, 'DigestMethod')?.attributes.get('Algorithm') ?? 'http://www.w3.org/2000/09/xmldsig#sha1');
  const mask = childOf(method, XENC11, 'MGF')?.attributes.get('Algorithm') ?? `${XENC11}mgf1sha1`;
  // node:crypto takes one hash for both, which is what senders use; mgf1p fixes the mask's to SHA-1 (XML Encryption 1.1, 5.5.2).
  const isSame = algorithm === `${XENC}rsa-oaep-mgf1p` ? digest === 'sha1' : algorithm === `${XENC11}rsa-oaep` && mask === `${XENC11}mgf1${digest}`;
  return isSame && digest !== undefined ? digest : refuse('saml.encryption.algorithm');
}

const algorithmOf = (element: XmlElement): string => childOf(element, XENC, 'EncryptionMethod')?.attributes.get('Algorithm') ?? refuse('saml.encryption.form');

function cipherValue(element: XmlElement): Buffer {
  const value = childOf(childOf(element, XENC, 'CipherData') ?? refuse('saml.encryption.form'), XENC, 'CipherValue');
  if (!is(value, XENC, 'CipherValue')) refuse('saml.encryption.form');
  return Buffer.from(textOf(value), 'base64');
}
