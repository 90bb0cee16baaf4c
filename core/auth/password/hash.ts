import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';

/**
 * argon2id with OWASP's Password Storage Cheat Sheet parameters (19 MiB, 2 passes, 1 lane). Raising them here is all it takes: hashes made
 * under other parameters are replaced at their owner's next sign-in.
 */
export const ARGON2_OPTIONS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1, hashLength: 32 } as const;

/** bcrypt reads 72 bytes and stops at a NUL; NIST SP 800-63B-4 §3.1.1.2 has the entire password verified, so longer ones do not pass. */
const BCRYPT_MAX_BYTES = 72;

/** NFC as NIST SP 800-63B-4 §3.1.1.2 asks, so that the same password typed on another keyboard stays the same. */
export function normalizePassword(password: string): string {
  return password.normalize('NFC');
}

export async function hashPassword(password: string): Promise<string> {
  return argon2.hash(normalizePassword(password), ARGON2_OPTIONS);
}

let decoy: Promise<string> | undefined;

/**
 * Checks a password against a stored hash, or against none. Every call costs exactly one argon2id verification under the present
 * parameters, whoever asks and whatever is stored, so that time tells nobody which e-mails are known (ASVS 5.0 V6.3.8). A bcrypt hash
 * brought from elsewhere costs its own time on top until its owner's first sign-in replaces it.
 */
export async function verifyPassword(stored: string | null, password: string): Promise<{ ok: boolean; isOutdated: boolean }> {
  if (stored?.startsWith('$argon2id$')) {
    const ok = await argon2.verify(stored, normalizePassword(password));
    return { ok, isOutdated: ok && argon2.needsRehash(stored, ARGON2_OPTIONS) };
  }
  decoy ??= hashPassword(randomBytes(32).toString('base64'));
  const [isDecoy, isBcrypt] = await Promise.all([argon2.verify(await decoy, normalizePassword(password)), stored !== null && verifyBcrypt(stored, password)]);
  return { ok: isBcrypt && !isDecoy, isOutdated: isBcrypt };
}

/** As typed, not normalised: the system that made the hash did not normalise either, as far as we can know. */
async function verifyBcrypt(stored: string, password: string): Promise<boolean> {
  if (!isBcryptHash(stored) || Buffer.byteLength(password, 'utf8') > BCRYPT_MAX_BYTES || password.includes('\0')) return false;
  const { default: bcrypt } = await import('bcrypt'); // here, since few installations have brought such hashes
  return bcrypt.compare(password, stored.replace(/^\$2y\$/, '$2b$')); // PHP's name for the same algorithm
}

export function isBcryptHash(text: string): boolean {
  return /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(text);
}
