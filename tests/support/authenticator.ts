import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

/**
 * A passkey provider in software (W3C Web Authentication Level 3 §6): makes ES256 credentials and signs with them. CBOR (RFC 8949) and
 * COSE (RFC 9052) are written by hand here, so that the server's reading of them is checked against other code than its own.
 */
export type Credential = { readonly id: Buffer; readonly key: KeyObject; readonly userHandle: string; signCount: number };
export type Assertion = {
  id: string; rawId: string; type: string; clientExtensionResults: object;
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle?: string };
};
type Flags = { userVerified?: boolean; backedUp?: boolean };

const UP = 0x01;
const UV = 0x04;
const BE = 0x08;
const BS = 0x10;
const AT = 0x40;

export class Authenticator {
  readonly origin: string;
  readonly credentials: Credential[] = [];
  /** False as passkeys are that live on several devices: their count stays 0 (§6.1.1), so it tells nobody of an answer that came before. */
  isCounting = true;

  constructor(origin: string) {
    this.origin = origin;
  }

  /** navigator.credentials.create(): the JSON that @simplewebauthn/browser would send. */
  register(options: { challenge: string; rp: { id?: string }; user: { id: string } }, flags: Flags = {}): object {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const credential: Credential = { id: randomBytes(32), key: privateKey, userHandle: options.user.id, signCount: 0 };
    this.credentials.push(credential);
    const { x, y } = publicKey.export({ format: 'jwk' });
    // COSE_Key: kty EC2, alg ES256, crv P-256, x, y
    const coseKey = cborMap([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x as string, 'base64url')], [-3, Buffer.from(y as string, 'base64url')]]);
    const attested = Buffer.concat([Buffer.alloc(16), uint16(credential.id.length), credential.id, coseKey]);
    const authData = Buffer.concat([authenticatorData(options.rp.id ?? new URL(this.origin).hostname, AT | flagBits(flags), 0), attested]);
    const attestationObject = cborMap([['fmt', 'none'], ['attStmt', new Map()], ['authData', authData]]);
    const id = credential.id.toString('base64url');
    return {
      id, rawId: id, type: 'public-key', clientExtensionResults: {},
      response: { clientDataJSON: this.#clientData('webauthn.create', options.challenge), attestationObject: attestationObject.toString('base64url'), transports: ['internal'] },
    };
  }

  /** navigator.credentials.get() with the credential at `at`. */
  assert(options: { challenge: string; rpId?: string }, flags: Flags = {}, at = 0): Assertion {
    const credential = this.credentials[at] as Credential;
    if (this.isCounting) credential.signCount += 1;
    const authData = authenticatorData(options.rpId ?? new URL(this.origin).hostname, flagBits(flags), credential.signCount);
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge);
    const signed = Buffer.concat([authData, createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()]);
    const id = credential.id.toString('base64url');
    return {
      id, rawId: id, type: 'public-key', clientExtensionResults: {},
      response: { clientDataJSON, authenticatorData: authData.toString('base64url'), signature: createSign('sha256').update(signed).sign(credential.key).toString('base64url'), userHandle: credential.userHandle },
    };
  }

  #clientData(type: string, challenge: string): string {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false })).toString('base64url');
  }
}

function flagBits({ userVerified = true, backedUp = false }: Flags): number {
  return UP | (userVerified ? UV : 0) | (backedUp ? BE | BS : 0);
}

function authenticatorData(rpId: string, flags: number, signCount: number): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(signCount);
  return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), count]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

type CborValue = number | string | Buffer | Map<CborValue, CborValue>;

function cborMap(pairs: [CborValue, CborValue][]): Buffer {
  return cbor(new Map(pairs));
}

function cbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, each]) => [cbor(key), cbor(each)])]);
}

/** Major type and argument (RFC 8949 §3). */
function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.concat([Buffer.from([(major << 5) | 25]), uint16(argument)]);
}
