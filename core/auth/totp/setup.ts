import { renderSVG } from 'uqr';
import type { Tx } from '../../db/scope.ts';
import { EnvelopeError } from '../../crypto/envelope.ts';
import { newTotpSecret, stepOfCode, totpUri } from './code.ts';

/*
 * A secret on its way to being confirmed travels in the form itself, sealed under the workspace's key for this person alone: showing the
 * page writes nothing, and a mistyped code meets the same QR code again.
 */
const SETUP_LIFE_MS = 15 * 60_000;
const PLACE = { table: 'totp_factors', column: 'setup' } as const;

export type TotpSetup = { /** The form's hidden field. */ readonly sealed: string; readonly qrDataUri: string; readonly secretGroups: readonly string[] };

export function beginTotpSetup(tx: Tx, user: { id: string; email: string }, workspaceName: string): TotpSetup {
  const secret = newTotpSecret();
  return describe(secret, tx.keys.seal(JSON.stringify({ secret, until: tx.now + SETUP_LIFE_MS }), { ...PLACE, rowId: user.id }), user.email, workspaceName);
}

/** The same page again. Null when the field was tampered with, is another person's or too old. */
export function continueTotpSetup(tx: Tx, user: { id: string; email: string }, workspaceName: string, sealed: string): TotpSetup | null {
  const secret = openSetup(tx, user.id, sealed);
  return secret === null ? null : describe(secret, sealed, user.email, workspaceName);
}

/** The secret with the time step that the code proves it by, or null. */
export function confirmTotpSetup(tx: Tx, userId: string, sealed: string, code: string): { secret: string; step: number } | null {
  const secret = openSetup(tx, userId, sealed);
  const step = secret === null ? null : stepOfCode(secret, code, tx.now);
  return secret === null || step === null ? null : { secret, step };
}

function openSetup(tx: Tx, userId: string, sealed: string): string | null {
  try {
    const { secret, until } = JSON.parse(tx.keys.open(sealed, { ...PLACE, rowId: userId }).toString('utf8')) as { secret: string; until: number };
    return until > tx.now ? secret : null;
  } catch (error) {
    if (error instanceof EnvelopeError) return null;
    throw error;
  }
}

function describe(secret: string, sealed: string, email: string, workspaceName: string): TotpSetup {
  const svg = renderSVG(totpUri(secret, email, `Wardkeep ${workspaceName}`), { ecc: 'M', border: 2 });
  return { sealed, qrDataUri: `data:image/svg+xml,${encodeURIComponent(svg)}`, secretGroups: secret.match(/.{1,4}/g) as string[] };
}
