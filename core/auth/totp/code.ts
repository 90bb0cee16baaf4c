import { createRequire } from 'node:module';

let library: typeof import('otplib') | undefined;
/** Loaded with the first secret or code. */
const otp = (): typeof import('otplib') => (library ??= createRequire(import.meta.url)('otplib') as typeof import('otplib'));

/** RFC 6238 as every authenticator app has it: SHA-1, six digits, 30 seconds; 20 random bytes of secret (RFC 4226 §4 R6). */
const PERIOD_S = 30;
/** One step either way for slow typing and clocks that drift (RFC 6238 §5.2). */
const TOLERANCE_S = PERIOD_S;

export function newTotpSecret(): string {
  return otp().generateSecret({ length: 20 });
}

/** `otpauth://totp/…`, what the QR code holds. */
export function totpUri(secret: string, label: string, issuer: string): string {
  return otp().generateURI({ issuer: issuer.replaceAll(':', ' '), label, secret, period: PERIOD_S, digits: 6, algorithm: 'sha1' });
}

/** The time step a code belongs to, by our own clock (ASVS 5.0 V6.5.8), or null when it is none of the three in reach. */
export function stepOfCode(secret: string, typed: string, now: number): number | null {
  const token = typed.replace(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const result = otp().verifySync({ secret, token, epoch: Math.floor(now / 1000), period: PERIOD_S, digits: 6, algorithm: 'sha1', epochTolerance: TOLERANCE_S });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}
