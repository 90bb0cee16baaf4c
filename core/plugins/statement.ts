import { toBase64 } from '../audit/primitives.ts';
import type { SigningKey } from '../audit/signing-key.ts';
import type { SignedStatement } from '../plugin.ts';

/**
 * Ed25519 over `wardkeep-plugin-statement-v1\n`, the plugin's name, `\n` and the bytes. The prefix keeps a plugin from ever obtaining what
 * passes for an audit entry, a checkpoint or another plugin's statement.
 */
export function signStatement(key: SigningKey, plugin: string, bytes: Uint8Array): SignedStatement {
  const message = Buffer.concat([Buffer.from(`wardkeep-plugin-statement-v1\n${plugin}\n`, 'utf8'), bytes]);
  return { keyId: key.keyId, publicKey: toBase64(key.publicKey), signature: toBase64(key.sign(message)) };
}
