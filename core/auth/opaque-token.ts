import { hash, randomBytes } from 'node:crypto';

/**
 * Reference tokens of cookies and links: `<workspace id>.<256 random bits>`, both base64url (ASVS 5.0 V7.2.3 asks for 128 bits or more).
 * Carrying the workspace lets the lookup run inside that workspace's own transaction; only the SHA-256 of the whole text is stored.
 */
export type OpaqueToken = { readonly workspaceId: string; readonly hash: Buffer };

const FORM = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

export function mintOpaqueToken(workspaceId: string): OpaqueToken & { readonly text: string } {
  const text = `${uuidBytes(workspaceId).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
  return { text, workspaceId, hash: sha256(text) };
}

/** Null for anything that is not of the form; says nothing of whether such a token was ever given out. */
export function readOpaqueToken(text: unknown): OpaqueToken | null {
  const match = typeof text === 'string' ? FORM.exec(text) : null;
  if (match === null) return null;
  return { workspaceId: uuidText(Buffer.from(match[1] as string, 'base64url')), hash: sha256(match[0]) };
}

export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

export function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
