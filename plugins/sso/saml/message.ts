import { inflateRawSync } from 'node:zlib';
import { refuse } from '../refusal.ts';

/** A response with a certificate chain and two hundred groups has about 60 kB. */
export const MAX_MESSAGE_BYTES = 256 * 1_024;

/** HTTP-POST binding (saml-bindings-2.0-os 3.5.4): base64 of the XML, nothing else. */
export function decodePost(value: unknown): string {
  return readUtf8(readBase64(value));
}

/** HTTP-Redirect binding, DEFLATE encoding (3.4.4.1). Inflating stops at the limit, whatever the message claims (CVE-2025-25293). */
export function decodeRedirect(value: unknown): string {
  const deflated = readBase64(value);
  let inflated: Buffer;
  try {
    inflated = inflateRawSync(deflated, { maxOutputLength: MAX_MESSAGE_BYTES });
  } catch (error) {
    refuse((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'saml.message.too_large' : 'saml.message.encoding', error);
  }
  return readUtf8(inflated);
}

function readBase64(value: unknown): Buffer {
  if (typeof value !== 'string' || value === '') refuse('saml.message.encoding');
  if (value.length > (MAX_MESSAGE_BYTES * 4) / 3 + 1_024) refuse('saml.message.too_large');
  const compact = value.replace(/[\r\n]/g, ''); // some providers wrap the lines
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact) || compact.length % 4 !== 0) refuse('saml.message.encoding');
  return Buffer.from(compact, 'base64');
}

function readUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    refuse('saml.message.encoding', error);
  }
}
