import { readFileSync } from 'node:fs';

/**
 * Arimo 1.341 (SIL Open Font License 1.1, fonts/OFL.txt), as it came: the fourteen standard fonts of PDF end with Latin-1, and people are called
 * Łukasz and Ђорђе.
 */
export function readFont(name: 'Regular' | 'Bold'): Buffer {
  return readFileSync(new URL(`../fonts/Arimo-${name}.ttf`, import.meta.url));
}

/**
 * All but what the two fonts hold and are set in the right order: Latin with its extensions, Greek, Cyrillic, marks, currencies. Hebrew is in
 * the fonts and left out here, since nothing turns it round.
 */
const UNPRINTABLE = /[^\n\x20-\x7e\xa0-\u0377\u037a-\u037f\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u052f\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u20a0-\u20be\u2100-\u214f\u2190-\u2195\u2212]/gu;

/** A letter the fonts lack stands by its number, `[U+674E]`: never an empty box, and never another letter. */
export function printable(text: string): string {
  return text.normalize('NFC').replaceAll(UNPRINTABLE, (letter) => `[U+${(letter.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}]`);
}

export const LETTERS_BY_NUMBER = 'Letters that this paper’s font lacks stand by their Unicode numbers, as [U+674E]. The register itself and its CSV hold them as they were written.';
