import { canonicalize } from '../../core/audit/canonical.ts';
import { entryLine } from '../../core/audit/check-block.ts';
import type { AuditEntry, SealedEntry } from '../../core/audit/entry.ts';
import { keyCreated } from '../../core/audit/key-log.ts';
import type { FaultKind } from '../../core/audit/fault.ts';
import type { CheckpointResult } from '../../core/audit/older-checkpoint.ts';
import { toHex } from '../../core/audit/primitives.ts';
import { draftEntry, firstKeyLog, HARBOR, hashEntry, INSTALLATION, KEY_CREATED_AT, sealChain, simpleLog, testKey, testLog } from './audit-log.ts';
import type { TestLog } from './audit-log.ts';

/** A falsified bundle and what a verifier has to say of it. */
export interface TamperCase {
  readonly name: string;
  readonly bundle: Buffer;
  /** Without anything kept from earlier; null where the falsifier holds the key and nothing in the file can show it. */
  readonly alone: { readonly fault: FaultKind; readonly seq: number | null } | null;
  /** Against the checkpoint of size {@link OLDER_SIZE} that the verifier kept. */
  readonly withOlder: { readonly fault: FaultKind; readonly seq: number | null; readonly checkpointResult?: CheckpointResult };
}

export const SIZE = 24;
export const OLDER_SIZE = 16;

/** Every way we know to falsify a log: by someone who has the file or the database, then by someone who has the signing key as well. */
export async function tamperedBundles(log: TestLog): Promise<TamperCase[]> {
  const lines = (await log.bundle()).toString().split('\n');
  const line = (seq: number): SealedEntry => log.entries[seq - 1] as SealedEntry;
  const withLines = (change: (lines: string[]) => string[]): Buffer => Buffer.from(change([...lines]).join('\n'));
  const withLine = (seq: number, sealed: SealedEntry): Buffer => withLines((all) => all.with(seq, entryLine(sealed)));
  const edited = (seq: number, change: Partial<AuditEntry>): SealedEntry => ({ ...line(seq), entry: { ...line(seq).entry, ...change } });
  const rehashed = (sealed: SealedEntry): SealedEntry => ({ ...sealed, hash: toHex(hashEntry(sealed.entry)) });
  const resealed = (drafts: readonly AuditEntry[], key = log.key): Promise<TestLog> => testLog(sealChain(drafts, key), key);
  const drafts = log.entries.map(({ entry }) => entry);
  const thief = testKey(66);
  const harbor = await simpleLog(SIZE, log.key, HARBOR);
  const both = (fault: FaultKind, seq: number | null): Pick<TamperCase, 'alone' | 'withOlder'> => ({ alone: { fault, seq }, withOlder: { fault, seq } });
  const olderOnly = (fault: FaultKind, seq: number | null = null): Pick<TamperCase, 'alone' | 'withOlder'> => ({ alone: null, withOlder: { fault, seq, checkpointResult: 'contradicted' } });

  const otherKey = await resealed(drafts, thief);
  const grafted = [...firstKeyLog(thief)];
  grafted.push(keyCreated(grafted, INSTALLATION, KEY_CREATED_AT, { ...log.key, sign: (message) => thief.sign(message) }, thief));
  const without = (seq: number): AuditEntry[] => drafts.filter((entry) => entry.seq !== seq);

  return [
    { name: 'edit one entry', bundle: withLine(5, edited(5, { outcome: 'refused' })), ...both('hash', 5) },
    { name: 'edit one entry and mend its hash', bundle: withLine(5, rehashed(edited(5, { outcome: 'refused' }))), ...both('signature', 5) },
    { name: 'edit the last entry', bundle: withLine(SIZE, edited(SIZE, { detail: { count: 1 } })), ...both('hash', SIZE) },
    { name: 'another signature', bundle: withLine(5, { ...line(5), signature: line(6).signature }), ...both('signature', 5) },
    { name: 'another key id', bundle: withLine(5, { ...line(5), keyId: thief.keyId }), ...both('key', 5) },
    { name: 'delete the first entry', bundle: withLines((all) => all.toSpliced(1, 1)), ...both('sequence', 2) },
    { name: 'delete one in the middle', bundle: withLines((all) => all.toSpliced(5, 1)), ...both('sequence', 6) },
    { name: 'delete one and renumber the next', bundle: withLines((all) => all.toSpliced(5, 2, entryLine(rehashed(edited(6, { seq: 5 }))))), ...both('chain', 5) },
    { name: 'insert a copy', bundle: withLines((all) => all.toSpliced(6, 0, all[5] as string)), ...both('sequence', 5) },
    { name: 'insert an entry of one’s own', bundle: withLines((all) => all.toSpliced(6, 0, entryLine(rehashed(edited(6, { action: 'contact.listed' }))))), ...both('signature', 6) },
    { name: 'append an entry of one’s own', bundle: withLines((all) => all.toSpliced(SIZE + 1, 0, entryLine(rehashed(edited(SIZE, { seq: SIZE + 1, prev: line(SIZE).hash }))))), ...both('signature', SIZE + 1) },
    { name: 'swap two neighbours', bundle: withLines((all) => all.toSpliced(5, 2, all[6] as string, all[5] as string)), ...both('sequence', 6) },
    { name: 'move an entry in from another workspace', bundle: withLine(5, harbor.entries[4] as SealedEntry), ...both('workspace', 5) },
    { name: 'move an entry in and rename its workspace', bundle: withLine(5, rehashed({ ...(harbor.entries[4] as SealedEntry), entry: { ...(harbor.entries[4] as SealedEntry).entry, workspace: log.workspace } })), ...both('chain', 5) },
    { name: 'all entries of another workspace under this header', bundle: Buffer.from([lines[0], ...(await harbor.bundle()).toString().split('\n').slice(1)].join('\n')), ...both('workspace', 1) },
    { name: 'truncate the tail', bundle: withLines((all) => all.toSpliced(20, SIZE - 19)), ...both('truncated', 20) },
    { name: 'truncate the tail and change the header', bundle: withLines((all) => all.toSpliced(20, SIZE - 19).with(0, (all[0] as string).replace(`"toSeq":${SIZE}`, '"toSeq":19'))), ...both('root', null) },
    { name: 'change the header', bundle: withLines((all) => all.with(0, (all[0] as string).replace('2025-02-01', '2025-02-02'))), ...both('hash', null) },
    { name: 'another head', bundle: withLines((all) => all.with(SIZE + 1, (all[SIZE + 1] as string).replace(`\\n${SIZE}\\n`, `\\n${SIZE + 1}\\n`))), ...both('checkpoint', null) },
    { name: 'no end line', bundle: withLines((all) => all.toSpliced(SIZE + 2, 1)), ...both('truncated', null) },
    { name: 'swap the keys in the header', bundle: withLines((all) => all.with(0, (all[0] as string).replaceAll(log.key.keyId, thief.keyId))), ...both('key', null) },
    { name: 'list one’s own key beside the key log', bundle: withLines((all) => all.with(0, canonicalize({ ...JSON.parse(all[0] as string), keys: firstKeyLogKeys(thief.keyId) }))), ...both('key', null) },
    { name: 'graft one’s own key log before the real key', bundle: await otherKey.bundle({}, { keyLog: firstKeyLog(thief) }).then((bytes) => Buffer.from(replaceHeader(bytes, { keyLog: grafted }))), ...both('key', null) },

    { name: 'recompute the whole chain with another key', bundle: await otherKey.bundle(), alone: null, withOlder: { fault: 'key', seq: null, checkpointResult: 'unknown-key' } },
    { name: 'with the key: rewrite one entry and all after it', bundle: await (await resealed(drafts.map((entry) => (entry.seq === 5 ? { ...entry, outcome: 'refused' } : entry)))).bundle(), ...olderOnly('checkpoint') },
    { name: 'with the key: drop one entry and renumber', bundle: await (await resealed(without(5))).bundle(), ...olderOnly('checkpoint') },
    { name: 'with the key: insert one and renumber', bundle: await (await resealed([...drafts.slice(0, 5), draftEntry(99), ...drafts.slice(5)])).bundle(), ...olderOnly('checkpoint') },
    { name: 'with the key: reorder and renumber', bundle: await (await resealed([drafts[1] as AuditEntry, drafts[0] as AuditEntry, ...drafts.slice(2)])).bundle(), ...olderOnly('checkpoint') },
    { name: 'with the key: truncate the tail under a new head', bundle: await (await resealed(drafts.slice(0, OLDER_SIZE - 1))).bundle(), ...olderOnly('truncated', OLDER_SIZE) },
    { name: 'with the key: empty the log', bundle: await (await resealed([])).bundle(), ...olderOnly('truncated', 1) },
    { name: 'roll back and go on: a fork', bundle: await (await testLog(sealChain(Array.from({ length: 12 }, (_, i) => ({ ...draftEntry(i + 13), action: 'contact.listed' })), log.key, log.entries.slice(0, 12)), log.key)).bundle(), ...olderOnly('checkpoint') },
  ];
}

function firstKeyLogKeys(keyId: string): unknown {
  return [{ keyId, publicKey: Buffer.from(testKey(66).publicKey).toString('base64'), purpose: 'audit', createdAt: KEY_CREATED_AT, retiredAt: null }];
}

function replaceHeader(bytes: Buffer, change: object): string {
  const [header, ...rest] = bytes.toString().split('\n');
  return [canonicalize({ ...JSON.parse(header as string), ...change }), ...rest].join('\n');
}
