import { FormatError } from './format-error.ts';

/** What JSON (RFC 8259) can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

// Also what ends a cycle. No entry comes near it; a foreign file that does is refused before it can exhaust the stack.
const MAX_DEPTH = 64;

/**
 * RFC 8785 (JCS) text of `value`: no blanks, properties sorted by UTF-16 code units, numbers and strings as ECMAScript writes them.
 * Throws FormatError for what is not I-JSON (RFC 7493): NaN, Infinity, undefined, BigInt, functions, lone surrogates, sparse arrays,
 * and objects that are not plain (a Date would otherwise become a string behind the caller's back).
 */
export function canonicalize(value: unknown): string {
  return write(value, []);
}

/** UTF-8 of {@link canonicalize}: the bytes that are hashed. */
export function canonicalBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalize(value));
}

/** Where in the value we are; one array for the whole walk, since paths matter only to refusals. */
type Path = (string | number)[];

function write(value: unknown, path: Path): string {
  switch (typeof value) {
    case 'string':
      return writeString(value, path);
    case 'number':
      // §3.2.2.3: ECMAScript's Number-to-String is the canonical form; JSON.stringify writes -0 as 0 as the RFC asks.
      if (!Number.isFinite(value)) throw refusal(path, 'not a finite number');
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (path.length >= MAX_DEPTH) throw new FormatError(`nested deeper than ${MAX_DEPTH} levels`);
      return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path);
    default:
      throw refusal(path, `${typeof value} is not JSON`);
  }
}

function writeString(value: string, path: Path): string {
  // §3.2.2.2 forbids lone surrogates; JSON.stringify would quietly escape them.
  if (!value.isWellFormed()) throw refusal(path, 'lone surrogate');
  return JSON.stringify(value);
}

function writeArray(items: readonly unknown[], path: Path): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    path.push(i);
    text += i > 0 ? `,${write(items[i], path)}` : write(items[i], path);
    path.pop();
  }
  return `${text}]`;
}

function writeObject(object: object, path: Path): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  // Compared by shape, not identity: an object from another realm (a worker's or a page's JSON.parse) is plain as well.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw refusal(path, 'not a plain object');
  if (Object.getOwnPropertySymbols(object).length > 0) throw refusal(path, 'symbol keys are not JSON');
  let text = '{';
  // §3.2.3: sorted by UTF-16 code units, which is what sort() does without a comparator.
  for (const key of Object.keys(object).sort()) {
    path.push(key);
    if (text.length > 1) text += ',';
    text += `${writeString(key, path)}:${write((object as Record<string, unknown>)[key], path)}`;
    path.pop();
  }
  return `${text}}`;
}

function refusal(path: Path, reason: string): FormatError {
  return new FormatError(`$${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}: ${reason}`);
}
