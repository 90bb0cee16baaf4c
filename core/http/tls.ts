import { createPrivateKey, generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type forge from 'node-forge';

/*
 * Certificates for an installation that has none of its own: a local authority that its owner may trust, and a server certificate under it.
 * Keys come from node:crypto (OpenSSL); node-forge only builds the X.509 structures, and reads nothing but what it wrote itself.
 */

export type Tls = {
  /** PEM: PKCS#8 key and certificate of the server, certificate of the authority. */
  key: string;
  cert: string;
  ca: string;
  /** Where `ca` lies, for browsers and `curl --cacert`. */
  caFile: string;
};

/** NIST SP 800-52r2 asks for TLS 1.3; every browser of the last years has it, so nothing older is offered. */
export const TLS_OPTIONS = { minVersion: 'TLSv1.3' } as const;

const DAY_MS = 24 * 60 * 60 * 1000;
const CA_DAYS = 3650;
const LEAF_DAYS = 397; // CA/Browser Forum Baseline Requirements 6.3.2; Apple's platforms refuse longer ones
const RENEW_DAYS = 30;
const CLOCK_SKEW_MS = 60 * 60 * 1000;
const CA_BITS = 3072; // outlives 2030, after which NIST SP 800-57 no longer holds 2048 bits to be enough
const LEAF_BITS = 2048;
const ALWAYS = ['localhost', '127.0.0.1', '::1'];

const generate = promisify(generateKeyPair);
/** Loaded only where a certificate is to be made. */
const loadForge = async () => (await import('node-forge')).default;
type Forge = Awaited<ReturnType<typeof loadForge>>;

/**
 * The server's key and certificate out of `<dataDir>/tls`, made at the first call and again 30 days before they end or when `names` asks
 * for one they lack. The authority is made once and kept for ten years. Key files are readable by their owner only.
 * @param names DNS names and IP addresses beside localhost, 127.0.0.1 and ::1
 */
export async function createTls(dataDir: string, names: readonly string[], now: number = Date.now()): Promise<Tls> {
  const folder = join(dataDir, 'tls');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const caFile = join(folder, 'ca.pem');
  const wanted = [...new Set([...ALWAYS, ...names])];

  let authority = readPair(join(folder, 'ca-key.pem'));
  let leaf = readPair(join(folder, 'server-key.pem'));
  const needsAuthority = !authority || endsWithin(authority, LEAF_DAYS, now);
  const needsLeaf = needsAuthority || !leaf || !authority || !serves(leaf, authority, wanted, now);
  // Both keys are searched for at once, on two cores: the first start must not take a second.
  const [caKey, leafKey] = await Promise.all([needsAuthority ? newKey(CA_BITS) : null, needsLeaf ? newKey(LEAF_BITS) : null]);

  if (caKey) authority = keepFirst(join(folder, 'ca-key.pem'), issueAuthority(await loadForge(), caKey, now), authority !== null);
  if (!authority) throw new Error(`The local certificate authority in ${folder} could not be read back.`);
  if (leafKey) {
    leaf = issueLeaf(await loadForge(), leafKey, authority, wanted, now);
    replaceFile(join(folder, 'server-key.pem'), leaf.key + leaf.cert, 0o600);
  }
  if (!leaf) throw new Error(`The server certificate in ${folder} could not be read back.`);
  if (needsAuthority || readText(caFile) !== authority.cert) replaceFile(caFile, authority.cert, 0o644);
  return { key: leaf.key, cert: leaf.cert, ca: authority.cert, caFile };
}

/** A private key and its certificate, kept in one file so that no crash or second process can part them. */
type Pair = { key: string; cert: string };

async function newKey(modulusLength: number): Promise<string> {
  const { privateKey } = await generate('rsa', { modulusLength, publicExponent: 0x10001 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function issueAuthority(forge: Forge, key: string, now: number): Pair {
  const name = [{ shortName: 'CN', value: `Wardkeep local authority ${randomBytes(3).toString('hex')}` }, { shortName: 'O', value: 'Wardkeep' }];
  return issue(forge, key, { key, subject: name, issuer: name, days: CA_DAYS, now }, [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
}

function issueLeaf(forge: Forge, key: string, authority: Pair, names: readonly string[], now: number): Pair {
  const ca = forge.pki.certificateFromPem(authority.cert);
  return issue(forge, key, { key: authority.key, subject: [{ shortName: 'CN', value: names[0] ?? 'localhost' }], issuer: ca.subject.attributes, days: LEAF_DAYS, now }, [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })) },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: ca.generateSubjectKeyIdentifier().getBytes() },
  ]);
}

type Issuing = { key: string; subject: forge.pki.CertificateField[]; issuer: forge.pki.CertificateField[]; days: number; now: number };

function issue(forge: Forge, key: string, { key: signingKey, subject, issuer, days, now }: Issuing, extensions: object[]): Pair {
  const own = forge.pki.privateKeyFromPem(key);
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.setRsaPublicKey(own.n, own.e);
  cert.serialNumber = `4${randomBytes(15).toString('hex')}`; // positive, 128 bits less four (RFC 5280 4.1.2.2)
  cert.validity.notBefore = new Date(now - CLOCK_SKEW_MS);
  cert.validity.notAfter = new Date(now - CLOCK_SKEW_MS + days * DAY_MS);
  cert.setSubject(subject);
  cert.setIssuer(issuer);
  cert.setExtensions(extensions);
  cert.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { key, cert: forge.pki.certificateToPem(cert).replaceAll('\r\n', '\n') };
}

function readPair(file: string): Pair | null {
  const text = readText(file);
  if (text === null) return null;
  const at = text.indexOf('-----BEGIN CERTIFICATE-----');
  if (at < 0) throw new Error(`${file} holds no certificate. Remove the folder it lies in to have new ones made.`);
  return { key: text.slice(0, at), cert: text.slice(at) };
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

const endsWithin = (pair: Pair, days: number, now: number): boolean => new X509Certificate(pair.cert).validToDate.getTime() < now + days * DAY_MS;

function serves(leaf: Pair, authority: Pair, names: readonly string[], now: number): boolean {
  const cert = new X509Certificate(leaf.cert);
  return !endsWithin(leaf, RENEW_DAYS, now)
    && cert.verify(new X509Certificate(authority.cert).publicKey)
    && cert.checkPrivateKey(createPrivateKey(leaf.key))
    && names.every((name) => (isIP(name) ? cert.checkIP(name) : cert.checkHost(name)) !== undefined);
}

function replaceFile(file: string, text: string, mode: number): void {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, text, { mode, flag: 'wx' });
  renameSync(draft, file);
}

/** Two programs that start at once must agree on one authority: the first to link its file wins, the other takes what it finds. */
function keepFirst(file: string, pair: Pair, replace: boolean): Pair {
  if (replace) {
    replaceFile(file, pair.key + pair.cert, 0o600);
    return pair;
  }
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, pair.key + pair.cert, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
    return pair;
  } catch (cause) {
    const winner = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? readPair(file) : null;
    if (!winner) throw cause;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}
