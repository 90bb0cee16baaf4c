import { parsePhone } from './parse-phone.ts';

/** What a blind index is computed over: the same person's value must normalise alike however it was typed. Empty results are not indexed. */

export function normalizeEmail(value: string): string {
  return value.normalize('NFKC').trim().toLowerCase();
}

/** E.164 when it parses as a number (default region US), otherwise its digits, so that an odd number can still be found. */
export function normalizePhone(value: string): string {
  const parsed = parsePhone(value, 'US');
  return parsed?.isPossible() ? parsed.number : value.replace(/\D/g, '');
}

// Letters that Unicode does not decompose, as people without that keyboard type them.
const PLAIN: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ß: 'ss', æ: 'ae', œ: 'oe', ı: 'i' };

/** A number off a card, however its groups were set apart: "4471-0092" and "44710092" are one. */
export function normalizeIdentifier(value: string): string {
  return value.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** A label of the practice's: "Fall  Risk" and "fall risk" are one. */
export function normalizeLabel(value: string): string {
  return value.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ');
}

/** A property of the practice's own and its whole value. Empty: not indexed. */
export function propertyTerm(property: string, value: string): string {
  const plain = normalizeLabel(value);
  return plain === '' ? '' : `${property}|${plain}`;
}

/** Lower case, without marks or punctuation, split into words: "O'Brien-García" → obrien, garcia and obriengarcia. */
export function nameTokens(value: string): string[] {
  const folded = value.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/['‘’ʻʼ′`.]/g, '').replace(/[łøđðþßæœı]/g, (letter) => PLAIN[letter] as string);
  const words = folded.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return [...new Set(/\S-\S/.test(value) ? [...words, ...folded.split(/\s+/).map((word) => word.replace(/[^\p{L}\p{N}]/gu, '')).filter(Boolean)] : words)];
}

export const NAME_PREFIX_MIN = 3;
export const NAME_PREFIX_MAX = 10;

/** The word itself (marked `=`) and its prefixes of 3 to 10 letters (marked `^`); words shorter than three letters are found whole only. */
export function nameTerms(value: string): string[] {
  const terms = new Set<string>();
  for (const token of nameTokens(value)) {
    terms.add(`=${token}`);
    const letters = [...token];
    for (let length = NAME_PREFIX_MIN; length <= Math.min(letters.length, NAME_PREFIX_MAX); length++) terms.add(`^${letters.slice(0, length).join('')}`);
  }
  return [...terms];
}

/** The one term a typed word is looked up by. */
export function nameQueryTerm(token: string): string {
  const letters = [...token];
  return letters.length < NAME_PREFIX_MIN ? `=${token}` : `^${letters.slice(0, NAME_PREFIX_MAX).join('')}`;
}
