import { createPublicKey, hash, verify } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { entryMessage } from '../../core/audit/entry.ts';

/** The floor of verification: one hash and one signature an entry, everything already in memory and parsed. Answers how many held. */
const port = parentPort;
if (!port) throw new Error('raw-verify-worker.ts runs as a worker only');
const { publicKey, bodies, signatures } = workerData as { publicKey: Uint8Array; bodies: readonly Uint8Array[]; signatures: readonly Uint8Array[] };
const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' });

port.on('message', () => port.postMessage(bodies.filter((body, at) => verify(null, entryMessage(hash('sha256', body, 'buffer')), key, signatures[at] as Uint8Array)).length));
port.postMessage(0);
