import { createHash } from 'node:crypto';
import type { App } from '../../app.ts';
import { normalizePassword } from './hash.ts';

const TIMEOUT_MS = 2_000;
const PREFIX_LENGTH = 5;
const ANSWER_BYTES_MAX = 1024 * 1024;

/**
 * Asks a range service (the Have I Been Pwned protocol) whether a password is in a breach corpus (ASVS 5.0 V6.2.12). Only the first five hex
 * digits of its SHA-1 leave the house, padding hides how many answers there were, and the rest is compared here. A service that does not
 * answer in two seconds stops nobody: the offline list has been asked already.
 */
export async function isBreached(app: App, password: string): Promise<boolean> {
  const { breachRangeUrl } = app.config;
  if (breachRangeUrl === null) return false;
  const digest = createHash('sha1').update(normalizePassword(password), 'utf8').digest('hex').toUpperCase();
  try {
    const answer = await fetch(new URL(digest.slice(0, PREFIX_LENGTH), breachRangeUrl), {
      headers: { 'add-padding': 'true', 'user-agent': 'Wardkeep' }, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok || Number(answer.headers.get('content-length') ?? 0) > ANSWER_BYTES_MAX) throw new Error('The range service answered with a refusal.');
    const suffix = digest.slice(PREFIX_LENGTH);
    // Padding lines carry a count of 0.
    return (await answer.text()).split('\n').some((line) => line.startsWith(`${suffix}:`) && Number(line.slice(suffix.length + 1)) > 0);
  } catch (err) {
    app.log.warn('The breached-password service did not answer; the offline list alone was asked', { err });
    return false;
  }
}
