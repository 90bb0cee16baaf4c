import { EnvelopeError } from '../../crypto/envelope.ts';
import { phiTables } from '../../crypto/phi.ts';
import { keyContext } from '../../db/key-store.ts';
import { probe } from '../../db/probe.ts';
import type { Tx } from '../../db/scope.ts';
import { countPlainValues, countSealedValues } from '../../keys/count-values.ts';
import { ENCRYPTIONS_MAX, workspaceKeyStatus } from '../../keys/key-status.ts';
import { readKeyRows } from '../../keys/key-row.ts';
import { claim, verdict } from '../claim.ts';

/** Newest rows of each table whose values are tried. */
const SAMPLE_ROWS = 25;

export const sealed = claim({
  id: 'KEY-1',
  title: 'Patient data at rest is ciphertext',
  statement: 'Every value in every column of the PHI registry has the form of an AES-256-GCM envelope; none is readable text.',
  async prove({ app, scope }) {
    const [values, plain] = await app.withWorkspace(scope, (tx) => Promise.all([countSealedValues(tx), countPlainValues(tx)]));
    const count = (of: typeof values) => of.reduce((sum, { count: n }) => sum + n, 0);
    return verdict(plain.length === 0, { proved: `${count(values)} of ${count(values)} values are envelopes.`, failing: `${count(plain)} values stand in the clear.` }, {
      sealed: count(values), plain: plain.map(({ table, column, count: n }) => ({ table, column, count: n })),
    });
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
  statement: 'The data key in use has made fewer than 2^32 encryptions (NIST SP 800-38D section 8.3), and nothing is left under a retired key.',
  async prove({ app, scope }) {
    const keys = await app.withWorkspace(scope, (tx) => workspaceKeyStatus(tx, app.roots));
    const over = keys.filter(({ encryptions }) => encryptions >= ENCRYPTIONS_MAX);
    const stranded = keys.filter(({ status, values }) => status === 'retired' && values > 0);
    const used = Math.max(...keys.map(({ encryptions }) => encryptions));
    return verdict(over.length === 0 && stranded.length === 0, { proved: `At most ${used} encryptions under one key, of ${ENCRYPTIONS_MAX}.`, failing: `${over.length} key versions are overused, ${stranded.length} retired ones still hold values.` }, {
      keys: keys.map(({ kind, version, status, encryptions, values }) => ({ kind, version, status, encryptions, values })),
    });
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
