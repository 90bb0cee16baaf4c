import { createRequire } from 'node:module';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min';

type Library = { parsePhoneNumberFromString(text: string, country: CountryCode): PhoneNumber | undefined };
let library: Library | undefined;

/** A phone number in any usual form. The library's tables of all countries (10 MB once loaded) come with the first number. */
export function parsePhone(text: string, country: CountryCode): PhoneNumber | undefined {
  library ??= createRequire(import.meta.url)('libphonenumber-js/min') as Library;
  return library.parsePhoneNumberFromString(text, country);
}
