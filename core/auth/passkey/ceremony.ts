import { randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { record } from '../../audit/record.ts';
import type { Config } from '../../config.ts';
import type { Tx } from '../../db/scope.ts';
import { sha256, uuidBytes, uuidText } from '../opaque-token.ts';
import type { Claimant } from '../sign-in/challenge.ts';
import { Passkey, PasskeyChallenge, type PasskeyPurpose } from './model.ts';

/*
 * WebAuthn ceremonies (W3C Web Authentication Level 3 §7). User verification is always required, so a passkey is two factors in one
 * (NIST SP 800-63B-4 §3.1.7); credentials are discoverable and their user handle names workspace and person, so that a passkey alone finds
 * its way without anybody looking across workspaces.
 */
export const CEREMONY_MS = 5 * 60_000;
/** EdDSA, ES256, RS256 by their COSE numbers: what every authenticator has one of (§5.8.5). */
const ALGORITHMS = [-8, -7, -257];

/** Loaded with the first ceremony: its ASN.1 schemas take 20 MB that many a program never needs. */
const webauthn = () => import('@simplewebauthn/server');

type Place = { readonly purpose: PasskeyPurpose; /** What asked: a session's or a challenge row's id. */ readonly binding: string };

/** What a browser answered, as @simplewebauthn/browser sends it: foreign input of any shape until the library has checked it. */
export type Answer = { readonly response?: { readonly clientDataJSON?: unknown; readonly userHandle?: unknown }; readonly id?: unknown };

export async function registrationOptions(tx: Tx, config: Config, place: Place, user: Claimant): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const known = await Passkey.query(tx).where({ user_id: user.id });
  return (await webauthn()).generateRegistrationOptions({
    rpName: 'Wardkeep', rpID: relyingParty(config), userName: user.email, userDisplayName: user.name, userID: new Uint8Array(Buffer.concat([uuidBytes(tx.scope.workspaceId), uuidBytes(user.id)])),
    challenge: await openCeremony(tx, place), timeout: CEREMONY_MS, attestationType: 'none', supportedAlgorithmIDs: ALGORITHMS,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known.map((passkey) => ({ id: passkey.credential_id, transports: passkey.transports })),
  });
}

/** Stores the new passkey. False: the answer does not fit its challenge or fails a check; its challenge is spent all the same, so the caller commits. */
export async function registerPasskey(tx: Tx, config: Config, place: Place, userId: string, answer: Answer, name: string): Promise<boolean> {
  const expectedChallenge = await spendCeremony(tx, place, answer);
  if (expectedChallenge === null) return false;
  const verified = await (await webauthn()).verifyRegistrationResponse({ response: answer as unknown as RegistrationResponseJSON, expectedChallenge, expectedOrigin: config.origin, expectedRPID: relyingParty(config), requireUserVerification: true, supportedAlgorithmIDs: ALGORITHMS })
    .catch(() => null); // the library throws for each check that an answer fails
  if (verified === null || !verified.verified) return false;
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = verified.registrationInfo;
  if ((await Passkey.query(tx).findOne({ credential_id: credential.id })) !== undefined) return false; // §7.1 step 26
  const passkey = await Passkey.query(tx).insert({
    user_id: userId, credential_id: credential.id, public_key: Buffer.from(credential.publicKey), sign_count: credential.counter, name, aaguid,
    transports: (credential.transports ?? []).filter((transport) => /^[a-z-]{1,20}$/.test(transport)).slice(0, 8),
    is_syncable: credentialDeviceType === 'multiDevice', is_backed_up: credentialBackedUp,
  });
  record(tx, { action: 'auth.mfa_added', target: { type: 'user', id: userId }, detail: { kind: 'passkey', passkey: passkey.id, syncable: passkey.is_syncable } });
  return true;
}

/** Options for someone we know, naming their passkeys. */
export async function assertionOptions(tx: Tx, config: Config, place: Place, userId: string): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const known = await Passkey.query(tx).where({ user_id: userId });
  return (await webauthn()).generateAuthenticationOptions({
    rpID: relyingParty(config), challenge: await openCeremony(tx, place), timeout: CEREMONY_MS, userVerification: 'required',
    allowCredentials: known.map((passkey) => ({ id: passkey.credential_id, transports: passkey.transports })),
  });
}

/** Options for whoever comes: any discoverable credential of ours. */
export async function openAssertionOptions(config: Config, challenge: Uint8Array): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return (await webauthn()).generateAuthenticationOptions({ rpID: relyingParty(config), challenge: new Uint8Array(challenge), timeout: CEREMONY_MS, userVerification: 'required' });
}

export type AssertionOutcome = 'accepted' | 'passkey_challenge' | 'passkey_unknown' | 'passkey_invalid';

/** Checks an answer of one of the person's passkeys and takes note of its use. The challenge is spent whatever comes of it, so the caller commits. */
export async function assertPasskey(tx: Tx, config: Config, place: Place, userId: string, answer: Answer): Promise<AssertionOutcome> {
  const challenge = await spendCeremony(tx, place, answer);
  return challenge === null ? 'passkey_challenge' : checkAssertion(tx, config, challenge, userId, answer);
}

/** The check itself, for a challenge that was spent already. */
export async function checkAssertion(tx: Tx, config: Config, expectedChallenge: string, userId: string, answer: Answer): Promise<AssertionOutcome> {
  const passkey = typeof answer.id === 'string' ? await Passkey.query(tx).findOne({ credential_id: answer.id, user_id: userId }) : undefined;
  if (passkey === undefined) return 'passkey_unknown';
  const verified = await (await webauthn()).verifyAuthenticationResponse({
    response: answer as unknown as AuthenticationResponseJSON, expectedChallenge, expectedOrigin: config.origin, expectedRPID: relyingParty(config), requireUserVerification: true,
    credential: { id: passkey.credential_id, publicKey: new Uint8Array(passkey.public_key), counter: Number(passkey.sign_count) },
  }).catch(() => null); // as above; a sign count that went backwards (§6.1.1, a cloned authenticator) is one of the checks
  if (verified === null || !verified.verified) return 'passkey_invalid';
  const { newCounter, credentialBackedUp } = verified.authenticationInfo;
  // Compare-and-set, so that two clones cannot both pass on one count.
  const noted = await Passkey.query(tx).patch({ sign_count: newCounter, is_backed_up: credentialBackedUp, last_used_at: new Date(tx.now) }).where({ id: passkey.id, sign_count: passkey.sign_count });
  return noted === 1 ? 'accepted' : 'passkey_invalid';
}

/** Workspace and person that a discoverable credential says it belongs to; only a claim until its signature holds. */
export function handleOf(answer: Answer): { workspaceId: string; userId: string } | null {
  const handle = typeof answer.response?.userHandle === 'string' ? Buffer.from(answer.response.userHandle, 'base64url') : Buffer.alloc(0);
  return handle.length === 32 ? { workspaceId: uuidText(handle.subarray(0, 16)), userId: uuidText(handle.subarray(16)) } : null;
}

/** The challenge the browser signed, or null. Only compared with what we gave out. */
export function challengeOf(answer: Answer): string | null {
  if (typeof answer.response?.clientDataJSON !== 'string') return null;
  try {
    const { challenge } = JSON.parse(Buffer.from(answer.response.clientDataJSON, 'base64url').toString('utf8')) as { challenge?: unknown };
    return typeof challenge === 'string' && /^[\w-]{43}$/.test(challenge) ? challenge : null;
  } catch {
    return null; // foreign bytes that are no JSON name no challenge
  }
}

async function openCeremony(tx: Tx, { purpose, binding }: Place): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(randomBytes(32));
  await PasskeyChallenge.query(tx).delete().where('expires_at', '<', new Date(tx.now - CEREMONY_MS));
  await PasskeyChallenge.query(tx).insert({ challenge_hash: sha256(Buffer.from(bytes).toString('base64url')), purpose, binding, expires_at: new Date(tx.now + CEREMONY_MS) });
  return bytes;
}

async function spendCeremony(tx: Tx, { purpose, binding }: Place, answer: Answer): Promise<string | null> {
  const challenge = challengeOf(answer);
  if (challenge === null) return null;
  const spent = await PasskeyChallenge.query(tx).patch({ consumed_at: new Date(tx.now) })
    .where({ challenge_hash: sha256(challenge), purpose, binding }).whereNull('consumed_at').where('expires_at', '>', new Date(tx.now));
  return spent === 1 ? challenge : null;
}

/** The RP ID is the host people type (§5.1.2); an IP address can be none, so passkeys need a name. */
function relyingParty(config: Config): string {
  return new URL(config.origin).hostname;
}
