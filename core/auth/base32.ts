const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Crockford's base 32 in lower case: no i, l, o or u. Bits are padded at the end with zeros. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

/** Exactly `size` bytes, or null when the padding is not zero: one value, one spelling. */
export function fromBase32(text: string, size: number): Buffer | null {
  let value = 0n;
  for (const letter of text) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter));
  const spare = BigInt(text.length * 5 - size * 8);
  if (value & ((1n << spare) - 1n)) return null;
  return Buffer.from((value >> spare).toString(16).padStart(size * 2, '0'), 'hex');
}
