import { openVerifyWorkers } from './verify-workers.ts';
import { verifyBundleWith } from './verify-bundle.ts';
import type { Verdict, VerifyOptions } from './verify-bundle.ts';

/** Verifies an export bundle offline, from its bytes, on all cores. See {@link verifyBundleWith}. */
export function verifyBundle(pieces: AsyncIterable<Uint8Array>, options: VerifyOptions = {}): Promise<Verdict> {
  return verifyBundleWith(openVerifyWorkers, pieces, options);
}
