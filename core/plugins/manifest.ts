import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Joi from 'joi';
import { canonicalize } from '../audit/canonical.ts';
import type { Publisher } from '../config.ts';
import { CONTRACT } from '../plugin.ts';
import { PluginError } from './plugin-error.ts';

/** What a publisher signed: the plugin by name and version, and every file of its folder by SHA-256, so that one byte more or less shows. */
export type Manifest = { readonly format: 'wardkeep-plugin-v1'; readonly name: string; readonly version: string; readonly contract: number; readonly files: Readonly<Record<string, string>> };
export type SignedManifest = { readonly manifest: Manifest; readonly publisher: string; /** Ed25519 (RFC 8032) over signedBytes(), base64. */ readonly signature: string };

/** Lies in the plugin's folder and is the one file it does not list. */
export const MANIFEST_FILE = 'wardkeep-plugin.json';

const schema = Joi.object({
  manifest: Joi.object({
    format: Joi.valid('wardkeep-plugin-v1').required(), name: Joi.string().required(), version: Joi.string().required(), contract: Joi.number().integer().required(),
    files: Joi.object().pattern(Joi.string(), Joi.string().pattern(/^[0-9a-f]{64}$/)).required(),
  }).required(),
  publisher: Joi.string().required(), signature: Joi.string().base64().required(),
});

/** `wardkeep-plugin-v1\n` and the SHA-256 of the manifest's RFC 8785 bytes: a signature over anything else can never be taken for one of these. */
function signedBytes(manifest: Manifest): Buffer {
  return Buffer.concat([Buffer.from('wardkeep-plugin-v1\n'), createHash('sha256').update(canonicalize(manifest)).digest()]);
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every file below the folder by its path with `/`. @throws PluginError for a link or device: what it points at is not in the folder */
export function hashFiles(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1).replaceAll('\\', '/');
    if (entry.isDirectory() || name === MANIFEST_FILE) continue;
    if (!entry.isFile()) throw new PluginError(basename(folder), `${name} is a link or no plain file; a plugin holds its files itself.`);
    files[name] = sha256Hex(readFileSync(path));
  }
  return files;
}

export function signManifest(folder: string, { name, version, contract }: Pick<Manifest, 'name' | 'version' | 'contract'>, publisher: string, key: KeyObject): SignedManifest {
  const manifest: Manifest = { format: 'wardkeep-plugin-v1', name, version, contract, files: hashFiles(folder) };
  return { manifest, publisher, signature: sign(null, signedBytes(manifest), key).toString('base64') };
}

/**
 * Holds a folder against its manifest, and the manifest against the pinned publishers, before any of its code is run.
 * @throws PluginError for the first thing that is wrong
 */
export function verifyFolder(folder: string, publishers: readonly Publisher[]): SignedManifest {
  const name = basename(folder);
  const signed = readSigned(folder);
  const { manifest, publisher, signature } = signed;
  const pinned = publishers.find((each) => each.name === publisher);
  if (pinned === undefined) throw new PluginError(name, `it is signed by ${JSON.stringify(publisher)}, who is not in WARDKEEP_PLUGIN_PUBLISHERS.`);
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: pinned.publicKey.toString('base64url') } });
  if (!verify(null, signedBytes(manifest), key, Buffer.from(signature, 'base64'))) throw new PluginError(name, `its signature is not one of ${publisher}'s key. Install it again from ${publisher}.`);
  if (manifest.name !== name) throw new PluginError(name, `${publisher} signed it as ${manifest.name}; its folder must have that name.`);
  if (manifest.contract !== CONTRACT) throw new PluginError(name, `it is written for contract ${manifest.contract} and this program offers ${CONTRACT}. Install the version made for this program.`);
  const files = hashFiles(folder);
  const differing = [...new Set([...Object.keys(files), ...Object.keys(manifest.files)])].sort().find((file) => files[file] !== manifest.files[file]);
  if (differing !== undefined) {
    const how = files[differing] === undefined ? 'is missing' : manifest.files[differing] === undefined ? 'was added' : 'was changed';
    throw new PluginError(name, `${differing} ${how} after ${publisher} signed it. Install it again from ${publisher}.`);
  }
  return signed;
}

function readSigned(folder: string): SignedManifest {
  let text: string;
  try {
    text = readFileSync(join(folder, MANIFEST_FILE), 'utf8');
  } catch (cause) {
    throw new PluginError(basename(folder), `it is not signed: ${MANIFEST_FILE} is missing. Its publisher makes it with \`wardkeep plugin sign\`.`, { cause });
  }
  try {
    return Joi.attempt(JSON.parse(text), schema) as SignedManifest;
  } catch (cause) {
    throw new PluginError(basename(folder), `${MANIFEST_FILE} is not a signed manifest. Install it again from its publisher.`, { cause });
  }
}

/** The same for a look later on. */
export function isFolderSound(folder: string, publishers: readonly Publisher[]): boolean {
  try {
    verifyFolder(folder, publishers);
    return true;
  } catch (error) {
    if (error instanceof PluginError || (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
