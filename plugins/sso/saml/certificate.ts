import { X509Certificate, createPrivateKey, generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { refuse } from '../refusal.ts';

const MIN_RSA_BITS = 2048;
const YEAR_MS = 365.25 * 86_400_000;

/**
 * A provider's signing certificate, as pasted or as metadata carries it: PEM, or bare base64 of the DER. In SAML a certificate is a way to
 * write a key down; its own dates and issuer prove nothing (saml-metadata-iop 2.6.1), so dates are shown to the administrator, not enforced.
 */
export function readCertificate(text: string): X509Certificate {
  const bare = text.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s/g, '');
  if (!/^[A-Za-z0-9+/]{100,12000}={0,2}$/.test(bare)) refuse('saml.metadata');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(bare, 'base64'));
  } catch (error) {
    refuse('saml.metadata', error);
  }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) refuse('saml.metadata');
  return certificate;
}

export const bareCertificate = (pem: string): string => pem.replace(/-----[^-]+-----|\s/g, '');

/** Our own pair: RSA 3072 (NIST SP 800-57, through 2030 and beyond), self-signed for three years, so that a roll-over is a planned thing. */
export async function makeKeyPair(commonName: string, now: Date): Promise<{ key: string; certificate: string }> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 3072, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const { default: forge } = await import('node-forge');
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `00${forge.util.bytesToHex(forge.random.getBytesSync(15))}`;
  certificate.validity.notBefore = new Date(now.getTime() - 3_600_000);
  certificate.validity.notAfter = new Date(now.getTime() + 3 * YEAR_MS);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  certificate.setIssuer([{ name: 'commonName', value: commonName }]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { key: privateKey, certificate: forge.pki.certificateToPem(certificate) };
}

export const privateKeyOf = (pem: string): KeyObject => createPrivateKey(pem);
