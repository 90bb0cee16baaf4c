import { ChainVerifier } from '../../audit/chain-verifier.ts';
import { checkLines } from '../../audit/check-block.ts';
import { checkpointKeys, logOrigin, parseCheckpoint } from '../../audit/checkpoint.ts';
import { FormatError } from '../../audit/format-error.ts';
import { CompactRange, sameBytes, verifyConsistency } from '../../audit/merkle.ts';
import { toHex } from '../../audit/primitives.ts';
import { verifiedBy } from '../../audit/signed-note.ts';
import { columnsAgree, readCheckpoints, readEntries, readHead, readKeys, storedTiles, toLines, type LogTx, type StoredCheckpoint } from '../../audit/stored-log.ts';
import { isSigned, readOutcomes, type StoredOutcome } from '../../audit/stored-outcome.ts';
import { consistencyProof, rootFromTiles } from '../../audit/tiles.ts';
import { verifyStored } from '../../audit/verify-stored.ts';
import type { Tx } from '../../db/scope.ts';
import { attempt } from '../attempt.ts';
import { claim, verdict, type Subject } from '../claim.ts';
import { catalogFindings } from './tenancy.ts';

const DAY_MS = 26 * 3600_000; // a night may come late
const WHOLE_DAYS = 8; // a week may
const NEWEST = 200;
const CHECK_VIOLATION = '23514';

type Outcome = Pick<StoredOutcome, 'finished_at' | 'from_seq' | 'to_seq' | 'ok' | 'fault' | 'fault_seq'>;
/** `wholeAt`: when the log was last found sound from the first entry on. */
type Night = Outcome & { readonly wholeAt: Date | null };

const nights = new WeakMap<Subject, Promise<Night>>();

/** The newest verification; made now when the last is older than a day. Once for all claims about the log. */
function lastNight(subject: Subject): Promise<Night> {
  const known = nights.get(subject) ?? findOrMakeNight(subject);
  nights.set(subject, known);
  return known;
}

async function findOrMakeNight({ app, scope }: Subject): Promise<Night> {
  const { newest, wholeAt } = await app.withWorkspace(scope, async (tx) => {
    const [[last], [whole], keys] = await Promise.all([readOutcomes(tx, 1), readOutcomes(tx, 1, 'sound-and-whole'), readKeys(tx, app.installationId, app.signer)]);
    const signed = async (outcome: StoredOutcome | undefined) => (outcome !== undefined && (await isSigned(tx, outcome.entry, keys ?? [])) ? outcome : null);
    return { newest: await signed(last), wholeAt: (await signed(whole))?.finished_at ?? null };
  });
  if (newest !== null && Date.now() - newest.finished_at.getTime() <= DAY_MS) return { ...newest, wholeAt };
  const { ok, fromSeq, toSeq, fault } = await verifyStored(app, scope, 'weekly');
  const now = new Date();
  return { finished_at: now, from_seq: fromSeq, to_seq: toSeq, ok, fault: fault?.kind ?? null, fault_seq: fault?.seq ?? null, wholeAt: ok && fromSeq === 1 ? now : wholeAt };
}

export const verified = claim({
  id: 'AUD-1',
  title: 'The audit log verifies, every night',
  statement: `Within the last day the audit log was verified up to its head of that time, every entry since the checkpoint before, and within the last ${WHOLE_DAYS} days from the first entry on: none of those was changed, removed, added or moved.`,
  async prove(subject) {
    const { wholeAt, ...night } = await lastNight(subject);
    const count = night.to_seq - night.from_seq + 1;
    const [at, whole] = [night.finished_at.toISOString(), wholeAt?.toISOString() ?? null];
    const isRecent = wholeAt !== null && Date.now() - wholeAt.getTime() <= WHOLE_DAYS * 24 * 3600_000;
    return verdict(night.ok && isRecent, {
      proved: `Entries ${night.from_seq} to ${night.to_seq}: ${count} of ${count} verified, ${at}; all from the first on, ${whole}.`,
      failing: night.ok ? `From the first entry on the log was last found sound ${whole ?? 'never'}; a whole verification is due.` : `Verification at ${at} found a fault (${night.fault}) at entry ${night.fault_seq ?? 'unknown'}.`,
    }, { at, wholeAt: whole, fromSeq: night.from_seq, toSeq: night.to_seq, fault: night.fault, faultSeq: night.fault_seq });
  },
});

export const signed = claim({
  id: 'AUD-2',
  title: 'Entries are chained and signed with Ed25519',
  statement: `An entry carries the hash of the one before and a signature by a key of the installation’s key log; its searchable columns say what was signed. Proved on the newest ${NEWEST}; the nightly verification (AUD-1) looks at all that came since the one before.`,
  async prove({ app, scope }) {
    const { total, checked, fault, keyIds } = await app.withWorkspace(scope, async (tx) => {
      const [{ seq: head }, proved] = await Promise.all([readHead(tx), readKeys(tx, app.installationId, app.signer)]);
      const keys = proved ?? []; // AUD-6 says why
      const from = Math.max(0, head - NEWEST);
      const rows = await readEntries(tx, from, head, NEWEST);
      const block = checkLines({ workspace: scope.workspaceId, keys }, toLines(rows));
      // No signed head vouches for the range's left edge here; AUD-1 and AUD-3 do.
      const verifier = new ChainVerifier({ workspace: scope.workspaceId, keys }, { range: new CompactRange(from), prev: null });
      const chain = verifier.absorb(block)?.fault ?? null;
      return { total: head, checked: rows.length, fault: chain ?? (rows.every(columnsAgree) ? null : 'columns'), keyIds: [...new Set(rows.map(({ key_id }) => key_id))] };
    });
    return verdict(fault === null, { proved: `The newest ${checked} of ${total} entries hold, just now.`, failing: `Among the newest ${checked} entries one does not hold (${fault}).` }, { total, checked, fault, keyIds });
  },
});

export const published = claim({
  id: 'AUD-3',
  title: 'The log only grows, and says so in writing',
  statement: 'The newest checkpoint (C2SP tlog-checkpoint) is signed by the installation, is the root of the stored Merkle tree, and contains the checkpoint before it. That the entries give that tree, AUD-1 says.',
  async prove(subject) {
    const { app, scope } = subject;
    await lastNight(subject); // which makes the first checkpoint of a new workspace
    const { checkpoints, fault } = await app.withWorkspace(scope, async (tx) => {
      const all = await readCheckpoints(tx);
      return { checkpoints: all, fault: await checkpointFault(tx, app, all.slice(-2)) };
    });
    const newest = checkpoints.at(-1);
    if (newest === undefined) return verdict(false, { proved: '', failing: 'There is no checkpoint: the log has never verified.' }, {});
    return verdict(fault === null, { proved: `The checkpoint over ${newest.size} entries holds and contains its predecessor.`, failing: `The newest checkpoints do not hold: ${fault}.` }, { count: checkpoints.length, size: newest.size, root: toHex(newest.root), checkpoint: newest.note, fault });
  },
});

export const appendOnly = claim({
  id: 'AUD-4',
  title: 'The program cannot rewrite its audit log',
  statement: 'The roles the program runs under neither change nor remove an audit entry, checkpoint, tile or verification, and PostgreSQL takes no entry, checkpoint or tile that the program’s key does not vouch for.',
  async prove({ app, scope }) {
    const roles = [app.database.appUrl, app.database.jobsUrl].map((url) => decodeURIComponent(new URL(url).username));
    const { rows } = await app.withWorkspace(scope, async (tx) => (await tx.knex.raw(
      `select r.role, c.relname as table, p.privilege from unnest(?::text[]) r(role), pg_class c, unnest(array['update', 'delete', 'truncate']) p(privilege)
       where c.relnamespace = 'app'::regnamespace and c.relkind = 'r' and c.relname like 'audit\\_%' and case p.privilege when 'update' then has_any_column_privilege(r.role, c.oid, 'update') else has_table_privilege(r.role, c.oid, p.privilege) end`,
      [roles],
    )) as { rows: { role: string; table: string; privilege: string }[] });
    const live = await Promise.all(FALSIFICATIONS.map((sql) => attempt(app, scope, (tx) => tx.knex.raw(sql))));
    const through = live.filter((refused) => refused !== '42501').length;
    return verdict(rows.length === 0 && through === 0, { proved: `${live.length} of ${live.length} attempts were refused just now; no such privilege is granted.`, failing: `${rows.length} privileges to change the log are granted; ${through} of ${live.length} attempts got through.` }, { granted: rows, attempts: live.length, through });
  },
});

const FALSIFICATIONS = [
  "update app.audit_entries set action = 'x.y'",
  'delete from app.audit_entries',
  `insert into app.audit_entries (workspace_id, seq, id, at, actor_kind, action, outcome, body, hash, key_id, signature, voucher)
   select workspace_id, seq + 1, gen_random_uuid(), at, actor_kind, action, outcome, body, hash, key_id, signature, voucher from app.audit_entries order by seq desc limit 1`,
  "insert into app.audit_checkpoints (workspace_id, size, root, note) select (select sec.workspace()), 9223372036854775807, sha256(''), ''",
  "insert into app.audit_tiles (workspace_id, level, tile_index, hashes) select (select sec.workspace()), 2147483647, 0, decode(repeat('00', 8192), 'hex')",
] as const;

export const unavoidable = claim({
  id: 'AUD-5',
  title: 'No entry, no change',
  statement: 'A transaction that changes business data and leaves no audit entry cannot commit: the database refuses it.',
  async prove(subject) {
    const { app, scope } = subject;
    const attempts: Record<string, (tx: Tx) => PromiseLike<unknown>> = {
      'app.workspaces': (tx) => tx.knex.raw('update app.workspaces set name = name'),
      'app.contacts': (tx) => tx.knex('app.contacts').insert({ workspace_id: scope.workspaceId, id: crypto.randomUUID() }),
      'app.users': (tx) => tx.knex('app.users').insert({ workspace_id: scope.workspaceId, id: crypto.randomUUID(), email: `${crypto.randomUUID()}@probe.invalid`, name: 'probe', role: 'READONLY', status: 'disabled' }),
    };
    const unwatched = (await catalogFindings(subject)).filter(({ rule }) => rule === 'audit.trigger').map(({ object }) => object);
    const through: string[] = [];
    for (const [table, act] of Object.entries(attempts)) if ((await attempt(app, scope, act)) !== CHECK_VIOLATION) through.push(table);
    const count = Object.keys(attempts).length;
    return verdict(unwatched.length === 0 && through.length === 0, {
      proved: `Every table of business data has the trigger that refuses it; ${count} of ${count} changes without an entry were refused just now.`,
      failing: unwatched.length > 0 ? `Nothing refuses a change without an entry in ${unwatched.join(', ')}.` : `A change without an entry was not refused in ${through.join(', ')}.`,
    }, { attempts: count, through, unwatched });
  },
});

export const keyLog = claim({
  id: 'AUD-6',
  title: 'Every signing key is accounted for',
  statement: 'The key log lists each signing key with its life, each change signed by a key alive at the time; the key in use is in it, and the database holds no other.',
  async prove({ app, scope }) {
    const keys = await app.withWorkspace(scope, (tx) => readKeys(tx, app.installationId, app.signer));
    const listed = (keys ?? []).map(({ keyId, createdAt, retiredAt }) => ({ keyId, createdAt, retiredAt }));
    return verdict(keys !== null, { proved: `${listed.length} signing key${listed.length === 1 ? '' : 's'} in the key log; ${app.signer.keyId} signs now.`, failing: 'The key log does not hold, or the keys in the database are others.' }, { keys: listed, signsNow: app.signer.keyId });
  },
});

async function checkpointFault(tx: LogTx, { installationId, signer }: Subject['app'], [first, second]: readonly StoredCheckpoint[]): Promise<string | null> {
  if (first === undefined) return null;
  const keys = checkpointKeys(installationId, (await readKeys(tx, installationId, signer)) ?? []);
  const newest = second ?? first;
  try {
    for (const stored of second === undefined ? [first] : [first, second]) {
      const read = parseCheckpoint(stored.note);
      if (read.origin !== logOrigin(installationId, tx.scope.workspaceId) || read.size !== stored.size || !sameBytes(read.root, stored.root)) return `the note over ${stored.size} entries says something else than its row`;
      if ((verifiedBy(read.note, keys)?.length ?? 0) === 0) return `the note over ${stored.size} entries is not signed by this installation`;
    }
    const read = storedTiles(tx);
    if (!sameBytes(await rootFromTiles(read, newest.size), newest.root)) return 'the stored tree does not have the newest root';
    if (second !== undefined && !verifyConsistency(first.size, first.root, second.size, second.root, await consistencyProof(read, first.size, second.size))) return 'the newest does not contain its predecessor';
    return null;
  } catch (error) {
    if (error instanceof FormatError || error instanceof RangeError) return 'a note cannot be read, or entries are missing';
    throw error;
  }
}

export const AUDIT_CLAIMS = [verified, signed, published, appendOnly, unavoidable, keyLog] as const;
