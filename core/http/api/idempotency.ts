import { createHmac, timingSafeEqual } from 'node:crypto';
import { record } from '../../audit/record.ts';
import { uuidv7 } from '../../crypto/uuid.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import type { ApiAnswer } from './api-route.ts';

/** How long a repeated create gets the first one's answer. */
export const IDEMPOTENCY_LIFE_MS = 24 * 3_600_000;
const SWEPT_AT_ONCE = 20;
const PLACE = { table: 'idempotency_keys', column: 'answer' };

/** @throws Fault request.invalid */
export function readIdempotencyKey(header: unknown): string | null {
  if (header === undefined) return null;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(header)) throw fault('request.invalid', { fields: [{ path: 'Idempotency-Key', text: 'one to 200 visible ASCII characters' }] });
  return header;
}

/**
 * Runs `act` once per actor and key (draft-ietf-httpapi-idempotency-key-header-07). The key's row is written in the act's own transaction:
 * a duplicate sent meanwhile waits at the unique index, then finds the answer, or, where the first was rolled back, takes its place. What was
 * refused leaves no key, so a corrected request may reuse it. A key past its life is as good as none, whether or not a sweep has come by.
 * @throws Fault request.idempotency_mismatch when the key came with another request
 */
export async function answerOnce(tx: Tx, macKey: Buffer, key: string, request: readonly unknown[], act: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  // MACs, since a hash of a request that holds a name and a birth date can be guessed.
  const mac = (domain: string, text: string) => createHmac('sha256', macKey).update(`idempotency ${domain}\n${tx.scope.workspaceId}\n${text}`).digest();
  const keyMac = mac('key', key);
  const requestMac = mac('request', JSON.stringify(request));
  const id = uuidv7(tx.now);
  const now = new Date(tx.now);
  const table = () => tx.knex('idempotency_keys');
  const where = { actor_id: tx.scope.actor.id, key_mac: keyMac };
  const swept = table().whereIn('id', table().select('id').where('expires_at', '<=', now).limit(SWEPT_AT_ONCE).forUpdate().skipLocked()).delete().then(() => undefined);
  // A row that lives is locked by this, though not changed: nobody's sweep takes it before it is read.
  const claim = { id, request_mac: requestMac, answer: null, expires_at: new Date(tx.now + IDEMPOTENCY_LIFE_MS) };
  const claimed = table().insert({ ...where, ...claim, workspace_id: tx.scope.workspaceId })
    .onConflict(['workspace_id', 'actor_id', 'key_mac']).merge(claim).where('idempotency_keys.expires_at', '<=', now).returning('id').then((rows: unknown[]) => rows.length === 1);
  const [isFirst] = await Promise.all([claimed, swept]);
  if (!isFirst) {
    const known = (await table().where(where).first('id', 'request_mac', 'answer')) as { id: string; request_mac: Buffer; answer: string };
    if (!timingSafeEqual(known.request_mac, requestMac)) throw fault('request.idempotency_mismatch');
    record(tx, { action: 'request.repeated', target: { type: 'idempotency_key', id: known.id } });
    return JSON.parse(tx.keys.open(known.answer, { ...PLACE, rowId: known.id }).toString('utf8')) as ApiAnswer;
  }
  const answer = await act();
  await table().where({ id }).update({ answer: tx.keys.seal(JSON.stringify(answer), { ...PLACE, rowId: id }) });
  return answer;
}
