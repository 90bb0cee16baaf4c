import type { App } from '../app.ts';
import { systemScope } from '../db/scope.ts';
import type { Claim, Proof, Subject } from './claim.ts';
import { allClaims } from './claims.ts';

export type ProvenClaim = Pick<Claim, 'id' | 'title' | 'statement'> & Proof & { readonly ms: number };

const TIMEOUT_MS = 30_000;
/** A few at a time: a page that proves must not starve those who work. */
const AT_ONCE = 4;

/** Proves every claim for a workspace, now. What cannot be proved, for whatever reason, is failing. */
export async function proveClaims(app: App, workspaceId: string, claims: readonly Claim[] = allClaims(), timeoutMs = TIMEOUT_MS): Promise<ProvenClaim[]> {
  const subject: Subject = { app, workspaceId, scope: systemScope(workspaceId, 'trust') };
  const proven: ProvenClaim[] = [];
  const queue = claims.map((one, at) => ({ one, at }));
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) proven[next.at] = await proveOne(subject, next.one, timeoutMs);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return proven;
}

async function proveOne(subject: Subject, { id, title, statement, prove }: Claim, timeoutMs: number): Promise<ProvenClaim> {
  const started = performance.now();
  const timer = Promise.withResolvers<Proof>();
  const timeout = setTimeout(() => timer.resolve({ status: 'failing', summary: `Not proved within ${timeoutMs / 1000} seconds.`, evidence: {} }), timeoutMs);
  try {
    const proof = await Promise.race([prove(subject), timer.promise]);
    return { id, title, statement, ...proof, ms: Math.round(performance.now() - started) };
  } catch (err) {
    subject.app.log.error('A claim could not be proved', { claim: id, workspaceId: subject.workspaceId, err });
    const { name, code } = err as { name?: string; code?: string };
    return { id, title, statement, status: 'failing', summary: 'The proof itself failed; the log says where.', evidence: { error: name ?? 'unknown', code: typeof code === 'string' ? code : null }, ms: Math.round(performance.now() - started) };
  } finally {
    clearTimeout(timeout);
  }
}
