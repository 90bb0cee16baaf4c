import pg from 'pg';
import { openApp } from '../../core/app.ts';
import { withDatabase } from '../../core/db/embedded.ts';
import type { Tx } from '../../core/db/scope.ts';
import { createLog } from '../../core/log.ts';
import { findContacts } from '../../core/practice/contacts/find-contacts.ts';
import { scopeAs } from '../support/people.ts';
import { LOOKUPS } from './floor-program.ts';
import { postRequest } from './http-load.ts';
import type { Installation } from './bench-installation.ts';
import { interleave, median, percentile, timed, type Compared, type Result } from './measure.ts';
import type { Bench } from './run.ts';

const LOOKED_UP = 60;

/** Search among all contacts: the lookup itself on both kinds of index, and whole requests. */
export async function benchContactSearch(bench: Bench): Promise<Result[]> {
  const { sample } = bench;
  return [
    await lookups(bench, 'e-mail', 'point', sample.emails),
    await lookups(bench, 'phone', 'point', sample.phones),
    await lookups(bench, 'birth date', 'birthDate', sample.birthDates),
    await requests(bench, 'exact search over HTTPS', 'point', sample.emails),
    await namePrefix(bench),
  ];
}

type Sent = { readonly sql: string; readonly bindings: readonly unknown[] };

/**
 * Exactly what the search action asks PostgreSQL, in its own bound transaction, replayed beside the plaintext statement. Every round has connections
 * of its own on both sides: a server process that the scheduler keeps on the asker's core answers a third faster than one that it does not.
 */
async function lookups({ installation, options }: Bench, name: string, by: keyof typeof LOOKUPS, values: readonly string[]): Promise<Result> {
  const asked = values.slice(0, LOOKED_UP);
  const rounds: (Compared & { readonly statements: number })[] = [];
  for (let round = 0; round < options.rounds * 4; round++) rounds.push(await lookupsOnce(installation, by, asked));
  const middle = (of: (round: Compared & { readonly statements: number }) => number) => median(rounds.map(of));
  return {
    name: `exact lookup by ${name}`, unit: 'ms', wardkeep: middle(({ wardkeep }) => wardkeep) / asked.length, floor: middle(({ floor }) => floor) / asked.length, score: middle(({ ratio }) => ratio),
    reach: { atMost: 1.2 }, note: `${middle(({ statements }) => statements)} statement(s) for one lookup`,
  };
}

async function lookupsOnce({ config, urls, people }: Installation, by: keyof typeof LOOKUPS, asked: readonly string[]): Promise<Compared & { readonly statements: number }> {
  const app = await openApp({ config, log: createLog(config.logLevel), appUrl: urls.appUrl, jobsUrl: urls.jobsUrl, poolSize: 1 });
  const plain = new pg.Client({ connectionString: withDatabase(urls.appUrl, 'floor') });
  await plain.connect();
  try {
    return await app.withWorkspace(scopeAs(people.manager), async (tx) => {
      const sent: Sent[] = [];
      const query: Tx['query'] = (sql, bindings = []) => {
        if (/\bcontacts\b/.test(sql)) sent.push({ sql, bindings });
        return tx.query(sql, bindings);
      };
      const overheard = Object.create(tx, { query: { value: query } }) as Tx;
      for (const q of asked) await findContacts(overheard, { q, limit: 25 });
      const sides = {
        wardkeep: () => timed(async () => { for (const { sql, bindings } of sent) await tx.query(sql, bindings); }),
        floor: () => timed(async () => { for (const q of asked) await plain.query({ name: by, text: LOOKUPS[by], values: [people.workspaceId, q] }); }),
      };
      await interleave(2, sides);
      return { ...(await interleave(4, sides)), statements: sent.length / asked.length };
    });
  } finally {
    await plain.end();
    await app.close();
  }
}

async function requests({ load, servers, options }: Bench, name: string, by: keyof typeof LOOKUPS, values: readonly string[]): Promise<Result> {
  const { wardkeep, floor, ca, cookie, csrf } = servers;
  const side = (port: number, texts: string[]) => async () => median((await load.run({ port, ca, requests: texts, concurrency: 1, ms: options.sliceMs })).latencies);
  const sides = {
    wardkeep: side(wardkeep, values.map((q) => postRequest('/api/v1/contacts/search', { q }, { cookie, ...csrf }))),
    floor: side(floor, values.map((q) => postRequest('/contacts/search', { by, q }))),
  };
  await interleave(1, sides);
  const measured = await interleave(options.rounds, sides);
  return { name, unit: 'ms', wardkeep: measured.wardkeep, floor: measured.floor, score: measured.ratio, reach: { atMost: 1 / 0.6 } };
}

async function namePrefix({ load, servers, options, sample }: Bench): Promise<Result> {
  const { wardkeep, floor, ca, cookie, csrf } = servers;
  const side = (port: number, texts: string[]) => async () => percentile((await load.run({ port, ca, requests: texts, concurrency: 1, ms: options.sliceMs })).latencies, 0.95);
  const sides = {
    wardkeep: side(wardkeep, sample.familyPrefixes.map((q) => postRequest('/api/v1/contacts/search', { q }, { cookie, ...csrf }))),
    floor: side(floor, sample.familyPrefixes.map((q) => postRequest('/contacts/search', { by: 'name', q }))),
  };
  await interleave(1, sides);
  const measured = await interleave(options.rounds, sides);
  return { name: 'name prefix search over HTTPS, p95', unit: 'ms', wardkeep: measured.wardkeep, floor: measured.floor, score: measured.wardkeep, reach: { atMost: 50 } };
}
