import { canonicalBytes } from './canonical.ts';
import { FormatError } from './format-error.ts';
import { fromBase64, sha256, toBase64, toHex, verifyEd25519 } from './primitives.ts';
import { keyIdOf } from './key-id.ts';
import type { SigningKey } from './signing-key.ts';
import { exactFields, instant, integer, list, matching, oneOf } from './strict-object.ts';

// The life of an installation's signing keys, as a chain of its own. Every event is signed by a key alive at that moment; a key's creation
// is signed by the new key as well, which so vouches for the log before it. Trust in any one key of the log is therefore trust in the log.

export interface KeyEvent {
  readonly v: 1;
  readonly installation: string;
  readonly seq: number;
  readonly at: string;
  readonly event: 'created' | 'retired';
  readonly keyId: string;
  /** 32 raw bytes, base64. */
  readonly publicKey: string;
  /** What it signs. `audit`: entries, checkpoints, key events and bundles. */
  readonly purpose: string;
  /** Hash of the event before, hexadecimal; 64 zeros for the first. */
  readonly prev: string;
}

export interface SealedKeyEvent {
  readonly event: KeyEvent;
  readonly hash: string;
  readonly signatures: readonly { readonly keyId: string; readonly signature: string }[];
}

export interface VerificationKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly purpose: string;
  readonly createdAt: string;
  readonly retiredAt: string | null;
}

export const AUDIT_PURPOSE = 'audit';

// Clocks of several machines differ, and `at` is the signer's own word: whoever holds a retired key can backdate. The allowance costs
// nothing in security and spares false alarms around a rotation.
const CLOCK_SKEW_MS = 5 * 60 * 1000;

const DOMAIN = new TextEncoder().encode('wardkeep-key-event-v1\n');
const NO_PREVIOUS = '0'.repeat(64);
const HASH = /^[0-9a-f]{64}$/;
const KEY_ID = /^[0-9a-f]{16}$/;
const TOKEN = /^[A-Za-z0-9._-]+$/;
const PUBLIC_KEY = /^[A-Za-z0-9+/]{43}=$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;

/** Continues `log` by the creation of `key`. `by`: a key alive in the log; null only for the first. */
export function keyCreated(log: readonly SealedKeyEvent[], installation: string, at: string, key: SigningKey, by: SigningKey | null): SealedKeyEvent {
  const event = nextEvent(log, { installation, at, event: 'created', keyId: key.keyId, publicKey: toBase64(key.publicKey), purpose: AUDIT_PURPOSE });
  return seal(event, by ? [by, key] : [key]);
}

/** Continues `log` by the retirement of `keyId`. `by`: a key alive in the log, usually the successor. */
export function keyRetired(log: readonly SealedKeyEvent[], at: string, keyId: string, by: SigningKey): SealedKeyEvent {
  const created = log.find(({ event }) => event.keyId === keyId)?.event;
  if (!created) throw new RangeError('a key that was never created cannot be retired');
  const { installation, publicKey, purpose } = created;
  return seal(nextEvent(log, { installation, at, event: 'retired', keyId, publicKey, purpose }), [by]);
}

function nextEvent(log: readonly SealedKeyEvent[], event: Omit<KeyEvent, 'v' | 'seq' | 'prev'>): KeyEvent {
  return { v: 1, ...event, seq: log.length + 1, prev: log.at(-1)?.hash ?? NO_PREVIOUS };
}

function seal(event: KeyEvent, signers: readonly SigningKey[]): SealedKeyEvent {
  const hash = sha256(canonicalBytes(event));
  const signatures = signers.map((key) => ({ keyId: key.keyId, signature: toBase64(key.sign(eventMessage(hash))) }));
  return { event, hash: toHex(hash), signatures };
}

function eventMessage(hash: Uint8Array): Uint8Array {
  const message = new Uint8Array(DOMAIN.length + hash.length);
  message.set(DOMAIN);
  message.set(hash, DOMAIN.length);
  return message;
}

/**
 * Verifies the whole log and returns the keys with their life, in order of creation.
 * @throws FormatError naming the event and the rule it breaks.
 */
export function readKeyLog(value: unknown, installation: string): VerificationKey[] {
  const keys = new Map<string, VerificationKey>();
  let [prev, at] = [NO_PREVIOUS, ''];
  list(value, 'key log').forEach((item, i) => {
    const where = `key log, event ${i + 1}`;
    const sealed = parseKeyEvent(item, where);
    const { event } = sealed;
    const hash = sha256(canonicalBytes(event));
    demand(toHex(hash) === sealed.hash, where, 'the hash is another');
    demand(event.seq === i + 1 && event.prev === prev, where, 'does not follow the event before');
    demand(event.at >= at, where, 'is earlier than the event before');
    demand(event.installation === installation, where, 'belongs to another installation');
    const signers = sealed.signatures.map(({ keyId }) => keyId);
    // Otherwise a file made of one signature, repeated, keeps a verifier busy for minutes.
    demand(new Set(signers).size === signers.length, where, 'a key signed twice');
    const alive = signers.some((keyId) => isAlive(keys.get(keyId)));
    const known = keys.get(event.keyId);
    if (event.event === 'created') {
      demand(!known, where, 'the key was there already');
      demand(signers.includes(event.keyId), where, 'the new key did not sign');
      demand(alive || i === 0, where, 'no key alive signed');
      keys.set(event.keyId, { keyId: event.keyId, publicKey: event.publicKey, purpose: event.purpose, createdAt: event.at, retiredAt: null });
    } else {
      demand(known?.retiredAt === null && known.publicKey === event.publicKey && known.purpose === event.purpose, where, 'retires no key that is alive');
      demand(alive, where, 'no key alive signed');
      keys.set(event.keyId, { ...(known as VerificationKey), retiredAt: event.at });
    }
    for (const { keyId, signature } of sealed.signatures) {
      const signer = keys.get(keyId);
      demand(signer !== undefined && verifyEd25519(fromBase64(signer.publicKey), eventMessage(hash), fromBase64(signature)), where, 'a signature does not hold');
    }
    [prev, at] = [sealed.hash, event.at];
  });
  if (keys.size === 0) throw new FormatError('key log: empty');
  return [...keys.values()];
}

/** Whether the key was in force at an instant, give or take five minutes of clock. */
export function isAliveAt({ createdAt, retiredAt }: VerificationKey, at: string): boolean {
  const time = Date.parse(at);
  return time >= Date.parse(createdAt) - CLOCK_SKEW_MS && (retiredAt === null || time <= Date.parse(retiredAt) + CLOCK_SKEW_MS);
}

function isAlive(key: VerificationKey | undefined): boolean {
  return key?.retiredAt === null && key.purpose === AUDIT_PURPOSE;
}

function demand(holds: boolean, where: string, rule: string): void {
  if (!holds) throw new FormatError(`${where}: ${rule}`);
}

function parseKeyEvent(value: unknown, where: string): SealedKeyEvent {
  const sealed = exactFields(value, ['event', 'hash', 'signatures'], where);
  const event = exactFields(sealed.event, ['v', 'installation', 'seq', 'at', 'event', 'keyId', 'publicKey', 'purpose', 'prev'], where);
  if (event.v !== 1) throw new FormatError(`${where}: only version 1 is known`);
  const publicKey = matching(event.publicKey, PUBLIC_KEY, where);
  const keyId = matching(event.keyId, KEY_ID, where);
  demand(keyIdOf(fromBase64(publicKey)) === keyId, where, 'the key ID is not that of the key');
  return {
    event: {
      v: 1,
      installation: matching(event.installation, TOKEN, where),
      seq: integer(event.seq, 1, where),
      at: instant(event.at, where),
      event: oneOf(event.event, ['created', 'retired'], where),
      keyId,
      publicKey,
      purpose: matching(event.purpose, TOKEN, where),
      prev: matching(event.prev, HASH, where),
    },
    hash: matching(sealed.hash, HASH, where),
    signatures: list(sealed.signatures, where).map((item) => {
      const { keyId: by, signature } = exactFields(item, ['keyId', 'signature'], where);
      return { keyId: matching(by, KEY_ID, where), signature: matching(signature, SIGNATURE, where) };
    }),
  };
}
