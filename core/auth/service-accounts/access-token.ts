import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base32, fromBase32 } from '../base32.ts';
import { uuidBytes, uuidText } from '../opaque-token.ts';

/**
 * `wks_<workspace>_<256 random bits>_<CRC-32>`, in lower-case Crockford base 32. The prefix and the checksum let a secret scanner know one
 * with certainty, and let us turn down a mistyped one without asking the database; the checksum protects nothing.
 * A scanner's pattern: `wks_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{52}_[0-9a-hjkmnp-tv-z]{7}`.
 */
export type AccessToken = { readonly workspaceId: string; readonly hash: Buffer };

const FORM = /^(wks_([0-9a-hjkmnp-tv-z]{26})_[0-9a-hjkmnp-tv-z]{52})_([0-9a-hjkmnp-tv-z]{7})$/;

/** `shown` is the part a list may show. */
export function mintAccessToken(workspaceId: string): AccessToken & { readonly text: string; readonly shown: string } {
  const random = base32(randomBytes(32));
  const body = `wks_${base32(uuidBytes(workspaceId))}_${random}`;
  const text = `${body}_${checksum(body)}`;
  return { text, workspaceId, hash: hashOf(text), shown: `wks_…${random.slice(0, 6)}` };
}

export function readAccessToken(text: string): AccessToken | null {
  const match = FORM.exec(text);
  if (match === null || checksum(match[1] as string) !== match[3]) return null;
  const bytes = fromBase32(match[2] as string, 16);
  return bytes === null ? null : { workspaceId: uuidText(bytes), hash: hashOf(text) };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function checksum(body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return base32(sum);
}
