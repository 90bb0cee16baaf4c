import { FormatError } from './format-error.ts';
import { fromBase64, sha256, toBase64, toHex, verifyEd25519 } from './primitives.ts';
import type { SigningKey } from './signing-key.ts';

// C2SP signed-note: a text, a blank line, and signature lines `— <key name> base64(key ID ‖ signature)`.

const ED25519 = 0x01;
const MAX_NOTE_LENGTH = 1_000_000;
const MIN_SIGNATURE_BYTES = 5;
// As golang.org/x/mod/sumdb/note has it; each may cost a verification.
const MAX_SIGNATURES = 100;
const UTF8 = new TextEncoder();

export interface NoteSignature {
  readonly name: string;
  /** 8 hexadecimal digits: the 32-bit key ID. */
  readonly id: string;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** What is signed, its final newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A key as notes know it: named, Ed25519, 32 raw bytes. */
export interface NoteKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

/** `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]` as 8 hexadecimal digits. */
export function noteKeyId({ name, publicKey }: NoteKey): string {
  return toHex(sha256(concat(UTF8.encode(`${name}\n`), Uint8Array.of(ED25519), publicKey)).subarray(0, 4));
}

/**
 * Reads the shape only; {@link verifiedBy} says who signed.
 * @throws FormatError where the specification says MUST: control characters, no blank line before the signatures, a signature line of
 *   another form, an unusable key name, base64 that is not canonical.
 */
export function parseNote(note: string): SignedNote {
  if (note.length > MAX_NOTE_LENGTH) throw new FormatError('note: too long');
  if (!note.isWellFormed() || hasControlCharacters(note)) throw new FormatError('note: control characters or text that is not Unicode');
  // The last empty line ends the text; whatever follows it must be signatures.
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) throw new FormatError('note: no blank line between text and signatures');
  const lines = note.slice(blank + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) throw new FormatError('note: no signature line, or the last is cut off');
  if (lines.length > MAX_SIGNATURES) throw new FormatError(`note: more than ${MAX_SIGNATURES} signatures`);
  return { text: note.slice(0, blank + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  if (name === undefined || encoded === undefined) throw new FormatError('note: not a signature line');
  requireKeyName(name);
  const bytes = fromBase64(encoded);
  if (bytes.length < MIN_SIGNATURE_BYTES) throw new FormatError('note: signature too short');
  return { name, id: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

/**
 * Those of `keys` whose signature on the note holds. Signatures by other keys are ignored, as the specification demands.
 * @returns null when a signature names one of the keys and does not verify: then the note is to be rejected whole.
 */
export function verifiedBy<K extends NoteKey>(note: SignedNote, keys: readonly K[]): K[] | null {
  const message = UTF8.encode(note.text);
  const verified: K[] = [];
  for (const key of keys) {
    const id = noteKeyId(key);
    for (const { name, id: claimed, signature } of note.signatures) {
      if (name !== key.name || claimed !== id) continue;
      if (!verifyEd25519(key.publicKey, message, signature)) return null;
      if (!verified.includes(key)) verified.push(key);
    }
  }
  return verified;
}

/** The note's own text form: `text` (ending in a newline) signed by each key under its name. */
export function signNote(text: string, signers: readonly { readonly name: string; readonly key: SigningKey }[]): string {
  if (!text.endsWith('\n') || !text.isWellFormed() || hasControlCharacters(text)) throw new FormatError('note: the text must end in a newline and hold no control characters');
  const lines = signers.map(({ name, key }) => {
    requireKeyName(name);
    const id = noteKeyId({ name, publicKey: key.publicKey });
    const bytes = concat(Uint8Array.from({ length: 4 }, (_, i) => parseInt(id.slice(2 * i, 2 * i + 2), 16)), key.sign(UTF8.encode(text)));
    return `\u2014 ${name} ${toBase64(bytes)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

function requireKeyName(name: string): void {
  if (name === '' || /[\s\u0085+]/u.test(name)) throw new FormatError('note: a key name is not empty and has neither spaces nor a plus');
}

function hasControlCharacters(text: string): boolean {
  return /[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
