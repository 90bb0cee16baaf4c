// Bytes to text, strictly: a byte that the encoding does not know is a refusal with its place, never a U+FFFD in a name.
// XML 1.0 appendix F: byte order mark first, then the declaration, else UTF-8.

import { isUtf8 } from 'node:buffer';
import { DocumentRefusal, positionAt } from './document-refusal.ts';
import type { Position } from './document-refusal.ts';
import type { RepairCode } from './repairs.ts';

export type Decoded = { text: string; encoding: string; repairs: RepairCode[] };

const BINARY_SIGNATURES: readonly (readonly number[])[] = [
  [0x25, 0x50, 0x44, 0x46], // %PDF
  [0x50, 0x4b, 0x03, 0x04], // ZIP, DOCX
  [0x1f, 0x8b], // gzip
  [0x89, 0x50, 0x4e, 0x47], // PNG
  [0xff, 0xd8, 0xff], // JPEG
  [0x47, 0x49, 0x46, 0x38], // GIF
  [0xd0, 0xcf, 0x11, 0xe0], // OLE: DOC, MSG
  [0x7b, 0x5c, 0x72, 0x74, 0x66], // {\rtf
  [0x4d, 0x5a, 0x90], // EXE
  [0x7f, 0x45, 0x4c, 0x46] // ELF
];

// One byte a character: every label outside this list and the Unicode ones is refused.
const SINGLE_BYTE = /^(?:iso-8859-(?:[2-9]|1[013456])|(?:windows-|cp)125[0-8]|koi8-[ru])$/;
const LATIN1 = new Set(['iso-8859-1', 'iso8859-1', 'iso8859_1', 'latin1', 'l1', 'iso_8859-1']);
const UTF8 = new Set(['utf-8', 'utf8']);
const UTF16 = new Set(['utf-16', 'utf16', 'utf-16le', 'utf-16be', 'unicode', 'iso-10646-ucs-2']);

/** Throws `DocumentRefusal` for empty, binary or undecodable bytes and for encodings that are not read. */
export function decodeXml(bytes: Uint8Array): Decoded {
  if (bytes.length === 0) throw new DocumentRefusal('document.empty');
  if (BINARY_SIGNATURES.some((signature) => signature.every((byte, i) => bytes[i] === byte))) throw new DocumentRefusal('document.binary', { line: 1, column: 1 });
  if (startsWith(bytes, 0xff, 0xfe, 0x00, 0x00) || startsWith(bytes, 0x00, 0x00, 0xfe, 0xff)) throw undecodable({ line: 1, column: 1 }, 'UTF-32 is not read.');
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return decodeUtf8(bytes.subarray(3), declaredMismatch(bytes.subarray(3), UTF8));
  if (startsWith(bytes, 0xff, 0xfe)) return decodeWide(bytes.subarray(2), 'utf-16le', []);
  if (startsWith(bytes, 0xfe, 0xff)) return decodeWide(bytes.subarray(2), 'utf-16be', []);
  if (bytes[0] === 0x3c && bytes[1] === 0x00) return decodeWide(bytes, 'utf-16le', ['encoding.no_bom']);
  if (bytes[0] === 0x00 && bytes[1] === 0x3c) return decodeWide(bytes, 'utf-16be', ['encoding.no_bom']);
  return decodeNarrow(bytes);
}

function decodeNarrow(bytes: Uint8Array): Decoded {
  const declared = declaredEncoding(bytes);
  // A .NET StringWriter declares utf-16 whatever it is saved as. The declaration was just read as single bytes, so UTF-16 it is not.
  if (UTF16.has(declared)) return decodeUtf8(bytes, ['encoding.declaration']);
  if (UTF8.has(declared)) return decodeUtf8(bytes, []);
  const { body, repairs } = withoutPadding(bytes);
  if (declared === 'us-ascii' || declared === 'ascii') {
    const high = body.findIndex((byte) => byte > 0x7f);
    if (high !== -1) throw undecodable(narrowPosition(body, high));
    return { text: latin1(body), encoding: 'us-ascii', repairs };
  }
  if (LATIN1.has(declared)) {
    // Bytes 80–9F are control characters in ISO-8859-1; where they occur, the writer meant windows-1252 (quotes, dashes, the euro sign).
    if (!body.some((byte) => byte >= 0x80 && byte <= 0x9f)) return { text: latin1(body), encoding: 'iso-8859-1', repairs };
    return decodeSingleByte(body, 'windows-1252', [...repairs, 'encoding.windows_1252']);
  }
  if (SINGLE_BYTE.test(declared)) return decodeSingleByte(body, declared, repairs);
  throw undecodable({ line: 1, column: 1 }, 'The declared encoding is not one that is read.');
}

function decodeUtf8(bytes: Uint8Array, repairs: RepairCode[]): Decoded {
  const padding = withoutPadding(bytes);
  if (!isUtf8(padding.body)) throw undecodable(invalidUtf8At(padding.body));
  return { text: Buffer.from(padding.body.buffer, padding.body.byteOffset, padding.body.length).toString('utf8'), encoding: 'utf-8', repairs: [...repairs, ...padding.repairs] };
}

function decodeSingleByte(bytes: Uint8Array, encoding: string, repairs: RepairCode[]): Decoded {
  const text = new TextDecoder(encoding).decode(bytes);
  // WHATWG maps the five bytes that windows-1252 leaves undefined to C1 controls, other tables to U+FFFD: neither is text.
  const wrong = text.search(/[\u0080-\u009f\ufffd]/);
  if (wrong !== -1) throw undecodable(positionAt(text, wrong));
  return { text, encoding, repairs };
}

function decodeWide(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be', repairs: RepairCode[]): Decoded {
  const text = new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  if (bytes.length % 2 === 1 || !isWellFormedUtf16(bytes, encoding)) {
    const wrong = text.indexOf('\ufffd');
    throw undecodable(positionAt(text, wrong === -1 ? text.length : wrong));
  }
  const padded = text.endsWith('\0');
  const trimmed = padded ? text.replace(/\0+$/, '') : text;
  const nul = trimmed.indexOf('\0');
  if (nul !== -1) throw new DocumentRefusal('document.binary', positionAt(trimmed, nul));
  const declared = /^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)/.exec(trimmed.slice(0, 300))?.[1]?.toLowerCase();
  const mismatch: RepairCode[] = declared !== undefined && !UTF16.has(declared) ? ['encoding.declaration'] : [];
  return { text: trimmed, encoding, repairs: [...repairs, ...mismatch, ...(padded ? ['padding.removed' as const] : [])] };
}

function isWellFormedUtf16(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Some products pad a file with NULs to a block; a NUL anywhere else is no text. */
function withoutPadding(bytes: Uint8Array): { body: Uint8Array; repairs: RepairCode[] } {
  const nul = bytes.indexOf(0);
  if (nul === -1) return { body: bytes, repairs: [] };
  for (let i = nul; i < bytes.length; i++) if (bytes[i] !== 0) throw new DocumentRefusal('document.binary', narrowPosition(bytes, nul));
  if (nul === 0) throw new DocumentRefusal('document.binary', { line: 1, column: 1 });
  return { body: bytes.subarray(0, nul), repairs: ['padding.removed'] };
}

function declaredEncoding(bytes: Uint8Array): string {
  return /^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']/i.exec(latin1(bytes.subarray(0, 300)))?.[1]?.trim().toLowerCase() ?? 'utf-8';
}

function declaredMismatch(bytes: Uint8Array, expected: ReadonlySet<string>): RepairCode[] {
  return expected.has(declaredEncoding(bytes)) ? [] : ['encoding.declaration'];
}

/** A newline byte never stands inside a UTF-8 sequence, so the first bad line can be found line by line. */
function invalidUtf8At(bytes: Uint8Array): Position {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    const slice = bytes.subarray(start, end === -1 ? bytes.length : end);
    if (!isUtf8(slice)) return { line, column: new TextDecoder().decode(slice).indexOf('\ufffd') + 1 };
    if (end === -1) return { line, column: 1 };
    start = end + 1;
    line += 1;
  }
}

const narrowPosition = (bytes: Uint8Array, offset: number): Position => positionAt(latin1(bytes.subarray(0, offset)), offset);
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const startsWith = (bytes: Uint8Array, ...prefix: number[]): boolean => prefix.every((byte, i) => bytes[i] === byte);
const undecodable = (at: Position, detail = ''): DocumentRefusal => new DocumentRefusal('document.encoding', at, detail);
