import { authorize } from '../../access/authorize.ts';
import type { App } from '../../app.ts';
import { writeBundle } from '../../audit/bundle.ts';
import { csvHeading, csvLines } from '../../audit/entry-csv.ts';
import { entryOf, readBody } from '../../audit/entry-of.ts';
import type { SealedEntry } from '../../audit/entry.ts';
import { checkLines, sealedLine } from '../../audit/check-block.ts';
import { parseCheckpoint } from '../../audit/checkpoint.ts';
import { toBase64, toHex } from '../../audit/primitives.ts';
import { record } from '../../audit/record.ts';
import { readKeyEvents } from '../../audit/store/key-events.ts';
import { logDoor, type LogDoor } from '../../audit/store/log-door.ts';
import { findRange, spanOf, type Asked, type StoredRange } from '../../audit/store/stored-range.ts';
import { readEntries, readHead, readKeys, storedTiles, toLines, type LogTx, type StoredEntry } from '../../audit/stored-log.ts';
import { verifyStored } from '../../audit/verify-stored.ts';
import type { Scope, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

export const EXPORT_FORMATS = ['bundle', 'csv', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
export type LogExport = {
  readonly range: StoredRange;
  readonly mediaType: string;
  readonly fileEnding: string;
  /** The file's bytes; memory does not grow with the number of entries. */
  readonly pieces: AsyncIterable<Uint8Array>;
};

const KINDS: Record<ExportFormat, { mediaType: string; fileEnding: string }> = {
  bundle: { mediaType: 'application/x-ndjson', fileEnding: 'ndjson' },
  csv: { mediaType: 'text/csv; charset=utf-8', fileEnding: 'csv' },
  json: { mediaType: 'application/json', fileEnding: 'json' },
};
/** Some 20 ms of work where they are verified, so that a serving program keeps answering. */
const BATCH = 250;
const UTF8 = new TextEncoder();

/**
 * Exports the log of the scope's workspace. What is exported, by whom and in which form is on the record before the first byte is read. A
 * bundle comes under a checkpoint made just now, of a log that was verified up to here, and each of its entries is verified again as it leaves;
 * CSV and JSON are also given of a broken log.
 * @throws Fault access.denied · access.step_up_required · audit.span_reversed · audit.not_sound, which `pieces` may throw as well: what was read of them lacks its
 *   end line then, and no verifier accepts it.
 */
export async function exportLog(app: App, scope: Scope, format: ExportFormat, wanted: Asked): Promise<LogExport> {
  const door = logDoor(app, scope);
  const asked = await door(async (tx) => {
    if (scope.actor.kind !== 'system') authorize(tx as Tx, 'audit.export');
    return 'fromSeq' in wanted ? wanted : spanOf(tx, wanted); // refused before the log is verified
  });
  const checkpoint = format === 'bundle' ? await soundCheckpoint(app, scope) : null;
  const range = await door(async (tx) => {
    if (scope.actor.kind !== 'system') authorize(tx as Tx, 'audit.export');
    const found = await findRange(tx, asked, checkpoint === null ? (await readHead(tx)).seq : parseCheckpoint(checkpoint).size);
    if (checkpoint !== null && !(await isUnbroken(tx, found))) throw fault('audit.not_sound');
    const { fromSeq, toSeq, from, to } = found;
    record(tx, { action: 'audit.exported', detail: { format, fromSeq, toSeq, from, to } });
    return found;
  });
  const pieces = checkpoint !== null ? await begun(bundlePieces(app, scope, door, range, checkpoint)) : textPieces(batches(door, range), format === 'csv' ? csv(scope.workspaceId) : JSON_ARRAY);
  return { range, ...KINDS[format], pieces };
}

async function soundCheckpoint(app: App, scope: Scope): Promise<string> {
  const { ok, checkpoint } = await verifyStored(app, scope);
  if (!ok || checkpoint === null) throw fault('audit.not_sound');
  return checkpoint;
}

async function isUnbroken(tx: LogTx, { fromSeq, toSeq }: StoredRange): Promise<boolean> {
  const row = (await tx.knex('app.audit_entries').whereBetween('seq', [fromSeq, toSeq]).count({ count: '*' }).first()) as { count: number };
  return row.count === toSeq - fromSeq + 1;
}

/** With the first piece at hand, so that what is wrong there is refused rather than breaking off. */
async function begun(pieces: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const first = await pieces.next();
  return (async function* () {
    if (!first.done) yield first.value;
    yield* pieces;
  })();
}

async function* bundlePieces(app: App, scope: Scope, door: LogDoor, range: StoredRange, checkpoint: string): AsyncGenerator<Uint8Array> {
  const { workspaceId: workspace } = scope;
  const { keyLog, keys } = await door(async (tx) => ({ keyLog: await readKeyEvents(tx), keys: (await readKeys(tx, app.installationId, app.signer)) ?? [] }));
  // Before the checkpoint it began at, the verification went by stored hashes. A bundle holds the bodies.
  async function* soundEntries(): AsyncGenerator<SealedEntry> {
    for await (const rows of batches(door, range)) {
      if (checkLines({ workspace, keys }, toLines(rows)).fault !== null) {
        await verifyStored(app, scope, 'whole'); // which says where, on the record and to the trust page
        throw fault('audit.not_sound');
      }
      yield* rows.map((row) => sealedOf(row, workspace));
    }
  }
  yield* writeBundle({
    installation: app.installationId, workspace, exportedAt: latest(new Date().toISOString(), ...keys.map(({ createdAt }) => createdAt)), range, keyLog, checkpoint, key: app.signer,
    entries: soundEntries(), tiles: (level, index, width) => door((tx) => storedTiles(tx)(level, index, width)),
  });
}

/** A clock that was set back behind the making of a key dates what no verifier accepts, as in core/audit/make-entries.ts. */
const latest = (...instants: readonly string[]): string => instants.toSorted().at(-1) as string;

/** A transaction each: a long download must not hold one open, and a workspace context ends after a minute. Sealed rows do not change meanwhile. */
async function* batches(door: LogDoor, { fromSeq, toSeq }: StoredRange): AsyncGenerator<StoredEntry[]> {
  for (let seq = fromSeq - 1; seq < toSeq; ) {
    const after = seq;
    const rows = await door((tx) => readEntries(tx, after, toSeq, BATCH));
    if (rows.length === 0) return;
    yield rows;
    seq = (rows.at(-1) as StoredEntry).seq;
  }
}

type TextFormat = { readonly head: string; readonly rows: (rows: readonly StoredEntry[], isFirst: boolean) => string; readonly tail: string };

const csv = (workspace: string): TextFormat => ({ head: csvHeading(), rows: (rows) => csvLines(rows.map((row) => sealedOf(row, workspace))), tail: '' });
/** A body that is no entry is given as the text it is. */
const JSON_ARRAY: TextFormat = { head: '[', rows: (rows, isFirst) => `${isFirst ? '\n' : ',\n'}${rows.map((row) => sealedLine(readBody(row.body) === null ? JSON.stringify(row.body) : row.body, toHex(row.hash), row.key_id, toBase64(row.signature))).join(',\n')}`, tail: '\n]\n' };

async function* textPieces(read: AsyncIterable<StoredEntry[]>, { head, rows, tail }: TextFormat): AsyncGenerator<Uint8Array> {
  yield UTF8.encode(head);
  let isFirst = true;
  for await (const batch of read) {
    yield UTF8.encode(rows(batch, isFirst));
    isFirst = false;
  }
  yield UTF8.encode(tail);
}

function sealedOf(row: StoredEntry, workspace: string): SealedEntry {
  return { entry: entryOf(row, workspace), hash: toHex(row.hash), keyId: row.key_id, signature: toBase64(row.signature) };
}
