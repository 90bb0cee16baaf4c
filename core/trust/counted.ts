import { takeCensus, type Census } from '../keys/census.ts';
import { COUNTED } from '../keys/nightly-census.ts';
import type { Subject } from './claim.ts';
import { newestOnRecord } from './on-record.ts';

export type Counted = Census & { /** When all were looked at. */ readonly at: string; readonly isNow: boolean };

/** A practice with more values than can be looked at while somebody waits goes by the night's count, and the newest rows. */
const WAIT_MS = 5_000;
const NIGHT_DAYS = 26 / 24; // one may come late

/** What stands under which key, and in the clear. Null: too many to look at now, and no count of the last night is on the record. */
export async function countOrRead({ app, scope }: Subject, waitMs = WAIT_MS): Promise<Counted | null> {
  const now = await takeCensus(app, scope, { until: Date.now() + waitMs });
  if (now !== null) return { ...now, at: new Date().toISOString(), isNow: true };
  const night = await app.withWorkspace(scope, (tx) => newestOnRecord(tx, app, COUNTED, NIGHT_DAYS));
  if (night === null || !night.isOurs) return null;
  const newest = (await takeCensus(app, scope, { newest: 1 })) as Census;
  const counted = night.detail as unknown as Census; // as the job put it there, and signed
  return { ...counted, plain: newest.plain.length > 0 ? newest.plain : counted.plain, at: night.at, isNow: false };
}
