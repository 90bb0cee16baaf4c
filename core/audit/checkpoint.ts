import { FormatError } from './format-error.ts';
import { AUDIT_PURPOSE } from './key-log.ts';
import type { VerificationKey } from './key-log.ts';
import { HASH_BYTES } from './merkle.ts';
import { fromBase64, toBase64 } from './primitives.ts';
import { parseNote, signNote } from './signed-note.ts';
import type { NoteKey, SignedNote } from './signed-note.ts';
import type { SigningKey } from './signing-key.ts';

// C2SP tlog-checkpoint: a signed note whose text is origin, tree size and root hash. What a security officer keeps elsewhere, so that
// no later rewriting of the log can agree with it.

export interface Checkpoint {
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** RFC 6962 root at that size, 32 bytes. */
  readonly root: Uint8Array;
  /** Opaque lines after the third; Wardkeep writes none. */
  readonly extensions: readonly string[];
}

export interface ReadCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

/** The log of one workspace: `wardkeep/<installation id>/<workspace id>`. */
export function logOrigin(installation: string, workspace: string): string {
  return `${logKeyName(installation)}/${workspace}`;
}

/** Checkpoints of all workspaces of an installation are signed under one name. */
export function logKeyName(installation: string): string {
  return `wardkeep/${installation}`;
}

/** Those of a log's keys that may sign its checkpoints, as notes know them. */
export function checkpointKeys(installation: string, keys: readonly VerificationKey[]): NoteKey[] {
  return keys.filter(({ purpose }) => purpose === AUDIT_PURPOSE).map(({ publicKey }) => ({ name: logKeyName(installation), publicKey: fromBase64(publicKey) }));
}

/** @throws FormatError; the signatures are read but not verified. */
export function parseCheckpoint(text: string): ReadCheckpoint {
  const note = parseNote(text);
  const [origin, size, root, ...rest] = note.text.split('\n');
  if (!origin) throw new FormatError('checkpoint: no origin');
  if (size === undefined || !/^(?:0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size))) throw new FormatError('checkpoint: the size is not a plain decimal number');
  if (!root) throw new FormatError('checkpoint: no root hash');
  const hash = fromBase64(root);
  if (hash.length !== HASH_BYTES) throw new FormatError(`checkpoint: the root hash has not ${HASH_BYTES} bytes`);
  if (rest.pop() !== '' || rest.includes('')) throw new FormatError('checkpoint: an empty extension line');
  return { origin, size: Number(size), root: hash, extensions: rest, note };
}

/** A log MUST NOT sign two inconsistent checkpoints; the caller holds the chain's lock or works from sealed entries only. */
export function signCheckpoint(checkpoint: Omit<Checkpoint, 'extensions'>, keyName: string, key: SigningKey): string {
  const { origin, size, root } = checkpoint;
  if (origin === '' || origin.includes('\n') || !Number.isSafeInteger(size) || size < 0 || root.length !== HASH_BYTES) throw new FormatError('checkpoint: not an origin, a size and a root');
  return signNote(`${origin}\n${size}\n${toBase64(root)}\n`, [{ name: keyName, key }]);
}
