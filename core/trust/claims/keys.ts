import { EnvelopeError } from '../../crypto/envelope.ts';
import { phiTables } from '../../crypto/phi.ts';
import { keyContext } from '../../db/key-store.ts';
import { probe } from '../../db/probe.ts';
import type { Tx } from '../../db/scope.ts';
import { readKeyRows } from '../../keys/key-row.ts';
import { ENCRYPTIONS_MAX } from '../../keys/key-status.ts';
import { claim, verdict, type Subject } from '../claim.ts';
import { countOrRead, type Counted } from '../counted.ts';

/** Newest rows of each table whose values are tried. */
const SAMPLE_ROWS = 25;

const counts = new WeakMap<Subject, Promise<Counted | null>>();

/** Once for all claims about values. */
function countedOf(subject: Subject): Promise<Counted | null> {
  const known = counts.get(subject) ?? countOrRead(subject);
  counts.set(subject, known);
  return known;
}

const NOT_COUNTED = 'There are more values than can be looked at while you wait, and no count of the last night is on the record.';

export const sealed = claim({
  id: 'KEY-1',
  title: 'Patient data at rest is ciphertext',
  statement: 'Every value in every column of the PHI registry has the form of an AES-256-GCM envelope; none is readable text. Proved on all of them now, or where they are too many for that on the newest now and on all within the last night.',
  async prove(subject) {
    const counted = await countedOf(subject);
    if (counted === null) return verdict(false, { proved: '', failing: NOT_COUNTED }, {});
    const [values, plain] = [sum(Object.values(counted.data)), sum(counted.plain.map(({ count }) => count))];
    return verdict(plain === 0, { proved: `${values} of ${values} values are envelopes${whenCounted(counted)}.`, failing: `${plain} values stand in the clear${whenCounted(counted)}.` }, { at: counted.at, sealed: values, plain: counted.plain });
  },
});

export const bound = claim({
  id: 'KEY-2',
  title: 'A value opens in its own place only',
  statement: `An encrypted value copied to another row, column or table does not open; where it stands, it does. Proved on the values of the newest ${SAMPLE_ROWS} rows of each table.`,
  async prove({ app, scope }) {
    const { sampled, broken, moved } = await app.withWorkspace(scope, tryPlaces);
    return verdict(broken === 0 && moved === 0, { proved: `${sampled} values of the newest rows tried: each opens where it stands and nowhere else.`, failing: `Of ${sampled} values tried, ${broken} do not open where they stand and ${moved} open elsewhere.` }, { sampled, broken, moved });
  },
});

export const counted = claim({
  id: 'KEY-3',
  title: 'No key is overused, no value is stranded',
  statement: 'The data key in use has made fewer than 2^32 encryptions (NIST SP 800-38D section 8.3), and nothing is left under a retired key. Proved on all values now, or where they are too many for that on all within the last night.',
  async prove(subject) {
    const counted = await countedOf(subject);
    if (counted === null) return verdict(false, { proved: '', failing: NOT_COUNTED }, {});
    const rows = await subject.app.withWorkspace(subject.scope, (tx) => readKeyRows(tx));
    const keys = rows.map(({ kind, version, status, encryptions }) => ({ kind, version, status, encryptions, values: counted[kind][version] ?? 0 }));
    const over = keys.filter(({ encryptions }) => encryptions >= ENCRYPTIONS_MAX);
    const stranded = keys.filter(({ status, values }) => status === 'retired' && values > 0);
    const used = Math.max(...keys.map(({ encryptions }) => encryptions));
    return verdict(over.length === 0 && stranded.length === 0, { proved: `At most ${used} encryptions under one key, of ${ENCRYPTIONS_MAX}; no value is left under a retired one${whenCounted(counted)}.`, failing: `${over.length} key versions are overused, ${stranded.length} retired ones still hold values.` }, { at: counted.at, keys });
  },
});

export const wrapped = claim({
  id: 'KEY-4',
  title: 'Your root key wraps every key',
  statement: 'The workspace’s data and index keys are stored only wrapped by a root key that the installation was given, and each opens under it.',
  async prove({ app, scope }) {
    const rows = await app.withWorkspace(scope, (tx) => readKeyRows(tx));
    const unopened: { kind: string; version: number }[] = [];
    for (const { kind, version, wrapped: text } of rows) {
      const opens = await app.roots.unwrap(text, keyContext(scope.workspaceId, kind, version)).then((key) => key.length === 32, (error: unknown) => {
        if (error instanceof EnvelopeError) return false;
        throw error;
      });
      if (!opens) unopened.push({ kind, version });
    }
    const wrappers = [...new Set(rows.map(({ wrapped: text }) => app.roots.wrappedBy(text) ?? 'unknown'))];
    return verdict(unopened.length === 0, { proved: `${rows.length} of ${rows.length} keys open under root key ${wrappers.join(', ')} (${app.roots.name}).`, failing: `${unopened.length} of ${rows.length} keys do not open under the root keys given.` }, { provider: app.roots.name, wrappers, unopened });
  },
});

export const hidden = claim({
  id: 'KEY-5',
  title: 'The program’s role cannot read the context key',
  statement: 'The key that signs workspace contexts is readable in the database by its owner alone: not by the roles that serve requests and run jobs.',
  async prove({ app }) {
    const { appUrl, jobsUrl } = app.database;
    const answers = await Promise.all([appUrl, jobsUrl].map((url) => probe(url, "select where has_any_column_privilege('sec.context_keys', 'select')")));
    const readers = answers.filter((answer) => 'rows' in answer && answer.rows.length > 0).length;
    return verdict(readers === 0, { proved: '2 of 2 run-time roles may read no column of it.', failing: `${readers} of 2 run-time roles can read it.` }, { roles: answers.length, readers });
  },
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const whenCounted = ({ at, isNow }: Counted): string => (isNow ? '' : `, all looked at ${at}`);

async function tryPlaces(tx: Tx): Promise<{ sampled: number; broken: number; moved: number }> {
  const tally = { sampled: 0, broken: 0, moved: 0 };
  const opens = (value: string, table: string, column: string, rowId: string): boolean => {
    try {
      tx.keys.open(value, { table, column, rowId });
      return true;
    } catch (error) {
      if (error instanceof EnvelopeError) return false;
      throw error;
    }
  };
  for (const [table, { columns }] of phiTables()) {
    const rows = (await tx.knex(`app.${table}`).select('id', ...columns).orderBy('id', 'desc').limit(SAMPLE_ROWS)) as Record<string, string | null>[];
    rows.forEach((row, at) => {
      const id = row['id'] as string;
      const otherId = (rows[at + 1]?.['id'] ?? tx.scope.workspaceId) as string;
      columns.forEach((column, index) => {
        const value = row[column];
        if (typeof value !== 'string') return;
        tally.sampled += 1;
        if (!opens(value, table, column, id)) tally.broken += 1;
        if (opens(value, table, column, otherId) || opens(value, table, columns[index + 1] ?? 'other', id) || opens(value, 'other', column, id)) tally.moved += 1;
      });
    });
  }
  return tally;
}

export const KEY_CLAIMS = [sealed, bound, counted, wrapped, hidden] as const;
