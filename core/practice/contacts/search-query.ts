import { nameTokens, normalizeEmail, normalizeIdentifier, normalizePhone } from '../../crypto/normalize.ts';
import { isDay } from '../schemas.ts';

/** What somebody typed into the search box, in every reading it allows. In none does a field exist that is hidden from them. */
export type SearchQuery = {
  /** Words of a name: all must match. */
  readonly words: readonly string[];
  /** Birth dates, any of which must match; beside words, both must. */
  readonly birthDates: readonly string[];
  /** Whole values of a phone or e-mail. */
  readonly points: readonly string[];
  /** Whole values of an identifier, whoever gave it. */
  readonly identifiers: readonly string[];
  /** All of it, for properties of the practice's own. */
  readonly whole: string;
};

/** As many as a phone is taken with: a hospital's own extensions have four. */
const PHONE_DIGITS_MIN = 3;
/** NANP: area code and number. */
const WHOLE_NUMBER_DIGITS = 10;
const IDENTIFIER_MIN = 3;

export function readSearchQuery(typed: string, now: number, hidden: ReadonlySet<string> = new Set()): SearchQuery {
  const q = daysInDigits(typed.normalize('NFKC').trim());
  const datesOf = (text: string) => (hidden.has('birthDate') ? [] : readDates(text, now));
  if (q.includes('@')) return { words: [], birthDates: [], points: hidden.has('emails') ? [] : [normalizeEmail(q)], identifiers: [], whole: q };
  if (isDateAlone(q)) {
    const birthDates = datesOf(q);
    if (birthDates.length > 0) return { words: [], birthDates, points: [], identifiers: [], whole: q };
  }
  const bare = normalizeIdentifier(q);
  // What begins with a plus is a telephone number with its country (E.123), and nobody's record number.
  const identifiers = !hidden.has('identifiers') && !q.startsWith('+') && /\d/.test(bare) && bare.length >= IDENTIFIER_MIN ? [bare] : [];
  if (!/\p{L}/u.test(q)) {
    const digits = q.replace(/\D/g, '');
    return { words: [], birthDates: datesOf(q), points: !hidden.has('phones') && digits.length >= PHONE_DIGITS_MIN ? [normalizePhone(q)] : [], identifiers, whole: q };
  }
  const pieces = q.split(/[\s,;]+/);
  const dated = pieces.map(datesOf);
  // A hyphen in the query only parts words: whoever typed it cannot know whether the record has it.
  const words = nameTokens(pieces.filter((_piece, at) => dated[at]?.length === 0).join(' ').replaceAll('-', ' '));
  const phone = hidden.has('phones') || q.replace(/\D/g, '').length < WHOLE_NUMBER_DIGITS ? '' : normalizePhone(q);
  return { words, birthDates: dated.flat(), points: phone.startsWith('+') ? [phone] : [], identifiers, whole: q };
}

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/** `Mar 5, 1980`, as pages write it, and `5 March 1980`: with their month as a number, year first. */
function daysInDigits(text: string): string {
  const written = (whole: string, word: string, day: string, year: string): string => {
    const month = MONTHS.findIndex((name) => name.startsWith(word.toLowerCase()));
    return month < 0 ? whole : `${year}-${String(month + 1).padStart(2, '0')}-${day.padStart(2, '0')}`;
  };
  return text
    .replace(/\b([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})\b/g, (whole, word: string, day: string, year: string) => written(whole, word, day, year))
    .replace(/\b(\d{1,2})\.? ([A-Za-z]{3,9})\.?,? (\d{4})\b/g, (whole, day: string, word: string, year: string) => written(whole, word, day, year));
}

/** Year first with its separators, or with strokes, a day of the calendar is nothing else; `05-12-1984` may be a record number by terminal digits. */
const isDateAlone = (text: string): boolean => /^\d{4}([-/.])\d{1,2}\1\d{1,2}$|^\d{1,2}\/\d{1,2}\/(\d{4}|\d{2})$/.test(text);

/**
 * `1970-03-05`, `3/5/1970`, `03051970`, `19700305`, `3/5/70`: month first, unless the first number can only be a day. `1970-03` and `1970`: whose birth
 * date no document knew better.
 */
export function readDates(text: string, now: number): string[] {
  if (/^(18|19|20)\d{2}(-(0[1-9]|1[0-2]))?$/.test(text)) return [text];
  const [, isoYear, isoMonth, isoDay] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text) ?? [];
  if (isoYear !== undefined) return days([isoYear, isoMonth, isoDay]);
  const [, first, second, year] = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$/.exec(text) ?? [];
  if (year !== undefined) return days([fullYear(year, now), first, second], [fullYear(year, now), second, first]).slice(0, 1);
  if (/^\d{8}$/.test(text)) return days([text.slice(4), text.slice(0, 2), text.slice(2, 4)], [text.slice(0, 4), text.slice(4, 6), text.slice(6)]);
  return [];
}

function days(...candidates: (string | undefined)[][]): string[] {
  const written = candidates.map(([year = '', month = '', day = '']) => `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`);
  return [...new Set(written)].filter((day) => isDay(day) && day >= '1850');
}

/** Two figures are the latest such year that has come: 70 is 1970. */
function fullYear(year: string, now: number): string {
  if (year.length === 4) return year;
  const current = new Date(now).getUTCFullYear();
  const inCentury = Math.floor(current / 100) * 100 + Number(year);
  return String(inCentury > current ? inCentury - 100 : inCentury);
}
