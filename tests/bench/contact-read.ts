import type { Bench } from './run.ts';
import { getRequest } from './http-load.ts';
import { interleave, type Result } from './measure.ts';

/** One contact over HTTPS: session, row-level security, decryption and a sealed audit entry, beside hapi and pg with the same SELECT and an INSERT. */
export async function benchContactRead({ load, servers, sample, options }: Bench): Promise<Result[]> {
  const { wardkeep, floor, ca, cookie } = servers;
  const results: Result[] = [];
  for (const concurrency of [1, 10]) {
    const side = (port: number, requests: string[]) => async () => (await load.run({ port, ca, requests, concurrency, ms: options.sliceMs })).perSecond;
    const sides = {
      wardkeep: side(wardkeep, sample.ids.map((id) => getRequest(`/api/v1/contacts/${id}`, { cookie }))),
      floor: side(floor, sample.ids.map((id) => getRequest(`/contacts/${id}`))),
    };
    await interleave(1, sides); // connections, prepared statements, compiled code
    const { wardkeep: ours, floor: theirs, ratio } = await interleave(options.rounds, sides);
    results.push({ name: `contact read, ${concurrency} at a time`, unit: 'requests/s', wardkeep: ours, floor: theirs, score: ratio, reach: { atLeast: 0.6 } });
  }
  return results;
}
