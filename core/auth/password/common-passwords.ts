import { normalizePassword } from './hash.ts';

/** Words that a guesser would try first for this very person (ASVS 5.0 V6.1.2, V6.2.11; the list stands in docs/sign-in.md). */
export type PasswordContext = { readonly email: string; readonly name: string; readonly workspaceName: string };

const PRODUCT_WORDS = ['wardkeep', 'hipaa', 'password', 'welcome', 'clinic', 'hospital', 'practice', 'patient', 'doctor', 'nurse', 'admin', 'administrator'];
/** What people put behind a word that is too short. */
const ENDINGS = /^(?:[!?.]|1!|\d{1,2}|123|1234|12345|123456|1234567|12345678|123456789|1234567890|(?:19|20)\d\d)[!?.]?$/;

let common: Promise<ReadonlySet<string>> | undefined;

/** The list's 49,000 passwords, most too short by themselves; read when first needed, since most starts never need it. */
function commonWords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(({ dictionary }) => new Set(dictionary['passwords-common'] as readonly string[]));
  return common;
}

/**
 * Whether the whole password is a listed one, or what a guesser makes of listed ones: the same word over and over, a word with a usual
 * ending, the person's own words put together. Never because of a part of it (NIST SP 800-63B-4 §3.1.1.2: the entire password is compared).
 */
export async function isCommonPassword(password: string, context: PasswordContext): Promise<boolean> {
  const typed = normalizePassword(password).toLowerCase();
  const words = await commonWords();
  const own = new Set(contextWords(context));
  const isWord = (text: string) => words.has(text) || own.has(text);
  if (isWord(typed) || isRepetition(typed) || isOwnWordsOnly(typed, own)) return true;
  for (let length = 4; length < typed.length; length++) if (isWord(typed.slice(0, length)) && ENDINGS.test(typed.slice(length))) return true;
  return false;
}

/** `aaaaaaaaaaaa`, `abcabcabcabc`, `dragondragon`. */
function isRepetition(text: string): boolean {
  for (let length = 1; length <= text.length / 2; length++) if (text.length % length === 0 && text.slice(0, length).repeat(text.length / length) === text) return true;
  return false;
}

/** `willowwardkeep`, `Willow Family Practice 2026`: words of the context, whatever stands between them, perhaps an ending. */
function isOwnWordsOnly(text: string, own: ReadonlySet<string>): boolean {
  const longestFirst = [...own].sort((a, b) => b.length - a.length);
  const bare = text.replace(/[^\p{L}\p{N}]/gu, '');
  let rest = bare;
  for (;;) {
    const word = longestFirst.find((each) => rest.startsWith(each));
    if (word === undefined) break;
    rest = rest.slice(word.length);
  }
  return rest.length < bare.length && (rest === '' || ENDINGS.test(rest));
}

function contextWords({ email, name, workspaceName }: PasswordContext): string[] {
  const [local = '', domain = ''] = email.toLowerCase().split('@');
  const words = [email.toLowerCase(), local, ...local.split(/[^\p{L}\p{N}]+/u), ...domain.split('.').slice(0, -1), ...[name, workspaceName].flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)), ...PRODUCT_WORDS];
  return words.filter((word) => word.length >= 3);
}
