import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { entriesOf, readPage, type Place } from '../../core/audit/store/log-page.ts';
import { findRange } from '../../core/audit/store/stored-range.ts';
import { wantedBy, type Filters } from '../../core/security/audit/filters.ts';
import { listEntries } from '../../core/security/audit/list-entries.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs, type Person } from '../support/people.ts';

const { app } = await openTestApp(t);
const { agent, manager, officer } = await createPeople(app, 'willow');
const DAY_MS = 24 * 3600_000;
const FIRST = Date.parse('2050-01-01T00:00:00Z'); // no key signs for a time before its own
const ofDay = (day: number): string => new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);

/** Entries of a person's acts, spread over days by what the clock says as they are sealed. */
async function fill(by: Person, entries: number, days: { from: number; to: number }): Promise<void> {
  const { now } = Date;
  await app.withWorkspace(scopeAs(by), async (tx) => {
    for (let at = 0; at < entries; at++) record(tx, { action: at === 7 ? 'contact.merged' : 'contact.read', outcome: at % 1000 === 500 ? 'refused' : 'ok', target: { type: 'contact', id: `c-${at % 50}` } });
    let asked = 0;
    Date.now = () => FIRST + days.from * DAY_MS + Math.floor((asked++ / entries) * (days.to - days.from) * DAY_MS);
  }).finally(() => { Date.now = now; });
}

t.test('a page of a long log is read by an index, whatever it is narrowed to', async (t) => {
  await fill(agent, 12_000, { from: 0, to: 300 });
  await fill(manager, 10, { from: 300, to: 301 });
  /** Pages of the database (8 KB) that were looked at. */
  const lookedAt = (filters: Filters, place: Place) => app.withWorkspace(scopeAs(officer), async (tx) => {
    const asked: { sql: string; bindings: unknown[] }[] = [];
    tx.knex.on('query', (query: { sql: string; bindings: unknown[] }) => asked.push(query));
    await readPage(tx, ['seq', 'body'], wantedBy(tx, filters, 'UTC'), place, 51);
    const { sql, bindings } = asked.at(-1) as (typeof asked)[number];
    // eslint-disable-next-line wardkeep/no-interpolated-sql -- the very statement that was sent, with its bindings
    const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = (await tx.knex.raw(`explain (analyze, buffers, format json) ${sql.replaceAll(/\$\d+/g, '?')}`, bindings as never)) as { rows: [{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }] }] };
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  });
  const all: Filters[] = [
    {}, { action: 'contact.read' }, { action: 'contact.merged' }, { action: 'never.done' }, { actorKind: 'user' }, { actorKind: 'system' }, { actor: agent.id }, { actor: manager.id }, { actor: officer.id },
    { outcome: 'not-ok' }, { outcome: 'refused' }, { outcome: 'failed' }, { outcome: 'ok' }, { target: 'c-3' }, { target: 'c-99' },
  ];
  for (const filters of all) {
    for (const more of [{}, { from: ofDay(100), to: ofDay(200) }]) {
      for (const place of [{}, { before: 6_000 }, { after: 6_000 }]) {
        const pages = await lookedAt({ ...filters, ...more }, place);
        t.ok(pages < 100, `${JSON.stringify({ ...filters, ...more, ...place })}: ${pages}`);
      }
    }
  }
});

t.test('every entry is on one page, where the clock has run back too', async (t) => {
  await fill(manager, 120, { from: 299, to: 300 });
  const narrowed: Filters = { actor: manager.id };
  const newestFirst = await app.withWorkspace(scopeAs(officer), async (tx) => (await entriesOf(tx, wantedBy(tx, narrowed, 'UTC')).orderBy([{ column: 'at', order: 'desc' }, { column: 'seq', order: 'desc' }]).pluck('seq')) as number[]);
  t.equal(newestFirst.length, 130);
  t.not(newestFirst[0], Math.max(...newestFirst), 'the chain goes on in front of what was later by the clock');
  const walk = async (way: 'before' | 'after'): Promise<number[]> => {
    const seen: number[] = [];
    let place: Place = way === 'after' ? { after: newestFirst.at(-1) as number } : {};
    for (;;) {
      const page = await app.withWorkspace(scopeAs(officer), (tx) => listEntries(tx, narrowed, place, 'UTC'));
      const seqs = page.entries.map(({ seq }) => seq);
      if (way === 'before') seen.push(...seqs);
      else seen.unshift(...seqs);
      if (way === 'before' ? !page.hasOlder : !page.hasNewer) return seen;
      place = way === 'before' ? { before: seqs.at(-1) } : { after: seqs[0] };
    }
  };
  t.same(await walk('before'), newestFirst);
  t.same(await walk('after'), newestFirst.slice(0, -1));
  t.match(await app.withWorkspace(scopeAs(officer), (tx) => listEntries(tx, {}, { before: 1 }, 'UTC')), { entries: [], hasOlder: false, hasNewer: true });
});

t.test('what an export of some days holds is found by their time', async (t) => {
  const rangeOf = (from: number, to: number) => app.withWorkspace(scopeAs(officer), (tx) => findRange(tx, { from: `${ofDay(from)}T00:00:00.000Z`, to: `${ofDay(to + 1)}T00:00:00.000Z` }, 1_000_000));
  const inside = (from: number, to: number) => app.withWorkspace(scopeAs(officer), async (tx) => (await entriesOf(tx, wantedBy(tx, { from: ofDay(from), to: ofDay(to) }, 'UTC')).orderBy('seq').pluck('seq')) as number[]);
  for (const [from, to] of [[10, 11], [299, 301]] as const) {
    const seqs = await inside(from, to);
    t.match(await rangeOf(from, to), { fromSeq: seqs[0], toSeq: seqs.at(-1) });
  }
  const none = await rangeOf(302, 303);
  t.equal(none.fromSeq, none.toSeq + 1, 'days on which nothing was done');
});
