import type { App } from '../../app.ts';
import { isBreached } from './breach.ts';
import { normalizePassword } from './hash.ts';
import { isCommonPassword, type PasswordContext } from './common-passwords.ts';

/**
 * NIST SP 800-63B-4 §3.1.1.2: length counted in code points, no composition rules, a blocklist that the entire password is compared with.
 * Eight would do beside a second factor; 12 costs an offline guesser more. The upper bound keeps hashing from being made a burden.
 */
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/** What is wrong with a password somebody wants to set, as a sentence to show beside the field; null when nothing is. */
export async function checkNewPassword(app: App, password: string, context: PasswordContext): Promise<string | null> {
  const length = [...normalizePassword(password)].length;
  if (length < PASSWORD_MIN) return `Enter at least ${PASSWORD_MIN} characters.`;
  if (length > PASSWORD_MAX) return `Enter at most ${PASSWORD_MAX} characters.`;
  if (await isCommonPassword(password, context)) return 'This password is one of the first that would be guessed. Choose another, like a few unrelated words.';
  if (await isBreached(app, password)) return 'This password is known from a breach elsewhere, so it would be guessed soon. Choose another one.';
  return null;
}
