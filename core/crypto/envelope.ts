import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { keyObjectOf } from './key-object.ts';

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and a full 128-bit tag, as text: `v1.<key id>.<nonce>.<ciphertext+tag>`,
 * base64url without padding. The AAD names workspace, table, column and row, so a value moved elsewhere does not open.
 */
export type SymmetricKey = { readonly id: string; readonly bytes: Buffer };
export type Place = { readonly workspaceId: string; readonly table: string; readonly column: string; readonly rowId: string };

const TAG_BYTES = 16; // always stated: without authTagLength Node accepts tags cut to 4 bytes
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** A value that does not open: wrong key, wrong place or altered. The message never says more. */
export class EnvelopeError extends Error {
  constructor(reason: 'malformed' | 'unknown key' | 'not authentic', options?: ErrorOptions) {
    super(`Sealed value: ${reason}`, options);
    this.name = 'EnvelopeError';
  }
}

export function aadOf(place: Place): Buffer {
  return Buffer.from(`wardkeep.v1\n${place.workspaceId}\n${place.table}\n${place.column}\n${place.rowId}`, 'utf8');
}

/** What is to be sealed; `aad` is authenticated, not stored. */
export type Plain = { readonly plaintext: Uint8Array; readonly aad: Uint8Array };

/**
 * Seals each under `key`, with nonces drawn together: the generator's price is by the call. They are drawn where they are used up; a store of
 * them would be handed out twice by a copy of the running machine.
 */
export function sealEach(key: SymmetricKey, plains: readonly Plain[]): string[] {
  const nonces = randomBytes(NONCE_BYTES * plains.length);
  return plains.map(({ plaintext, aad }, nth) => {
    const nonce = nonces.subarray(NONCE_BYTES * nth, NONCE_BYTES * (nth + 1));
    return `v1.${key.id}.${nonce.toString('base64url')}.${encryptGcm(key.bytes, nonce, plaintext, aad).toString('base64url')}`;
  });
}

export function sealBytes(key: SymmetricKey, plaintext: Uint8Array, aad: Uint8Array): string {
  return sealEach(key, [{ plaintext, aad }])[0] as string;
}

/**
 * Opens what sealEach made.
 * @throws EnvelopeError
 */
export function openBytes(keyById: (id: string) => Buffer | undefined, sealed: string, aad: Uint8Array): Buffer {
  const [version, id, nonceText, bodyText, ...rest] = sealed.split('.');
  if (version !== 'v1' || id === undefined || nonceText === undefined || bodyText === undefined || rest.length > 0) throw new EnvelopeError('malformed');
  const key = keyById(id);
  if (key === undefined) throw new EnvelopeError('unknown key');
  return decryptGcm(key, fromBase64Url(nonceText), fromBase64Url(bodyText), aad);
}

/** The key id a sealed value names, without opening it; null when the text is not an envelope. */
export function keyIdOf(sealed: string): string | null {
  return /^v1\.([^.]{1,40})\./.exec(sealed)?.[1] ?? null;
}

/** One value, one spelling (RFC 4648 section 3.5): Buffer.from would pass over stray bits, padding and foreign characters. */
function fromBase64Url(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new EnvelopeError('malformed');
  return bytes;
}

/**
 * Ciphertext followed by its 16-byte tag. The nonce MUST never repeat under one key.
 * @throws RangeError unless the key has 32 bytes and the nonce 12: other nonce lengths are hashed into 96 bits first, which costs margin.
 */
export function encryptGcm(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Buffer {
  if (key.length !== KEY_BYTES || nonce.length !== NONCE_BYTES) throw new RangeError(`AES-256-GCM here takes a key of ${KEY_BYTES} bytes and a nonce of ${NONCE_BYTES}`);
  const cipher = createCipheriv('aes-256-gcm', keyObjectOf(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws EnvelopeError when nonce, tag, key or AAD do not fit. */
export function decryptGcm(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Buffer {
  if (key.length !== KEY_BYTES || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) throw new EnvelopeError('malformed');
  const decipher = createDecipheriv('aes-256-gcm', keyObjectOf(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new EnvelopeError('not authentic', { cause });
  }
}
