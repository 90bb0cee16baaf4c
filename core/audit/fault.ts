/** What is wrong with a log, named for what the verifier saw first. */
export type FaultKind =
  | 'format'
  | 'workspace'
  | 'hash'
  | 'sequence'
  | 'chain'
  | 'key'
  | 'signature'
  | 'root'
  | 'checkpoint'
  | 'truncated';

export interface AuditFault {
  readonly fault: FaultKind;
  /** The entry it was seen at; null when it concerns the file or the log as a whole. */
  readonly seq: number | null;
  readonly id: string | null;
  /** One sentence, free of the entry's contents. */
  readonly detail: string;
}

/** What each kind means, for someone who has never seen the format. */
export const FAULT_MEANING: Readonly<Record<FaultKind, string>> = {
  format: 'The bytes are not what the format demands.',
  workspace: 'An entry of another workspace, or a log of another, stands here.',
  hash: 'The entry was changed after it was sealed: its contents no longer give its hash.',
  sequence: 'An entry is missing, was added, or stands in another place.',
  chain: 'The entry does not follow the one before it: what was before was replaced.',
  key: 'The signing key is not one this log vouches for at that time, or not the one you trust.',
  signature: 'The signature is not by the key it names.',
  root: 'The entries do not add up to the signed checkpoint.',
  checkpoint: 'The log contradicts a checkpoint that was signed.',
  truncated: 'Entries at the end are missing.',
};
