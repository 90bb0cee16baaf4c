import { createHash, randomBytes } from 'node:crypto';
import type { Tx } from '../../core/plugin.ts';
import type { Admitted } from './admit-person.ts';
import { Flow } from './models.ts';
import type { PendingSignIn } from './oidc/settings.ts';

/** Holds the handle of a sign-in on its way. None, since SAML answers come as another site's form; it opens nothing by itself. */
export const FLOW_COOKIE = '__Host-sso_flow';
export const FLOW_LIFE_MS = 15 * 60_000;
/** From the provider's form to the page that the browser goes on to by itself. */
const ADMITTED_LIFE_MS = 60_000;

export type PendingFlow = { readonly next: string; readonly isTest: boolean } & ({ readonly kind: 'oidc'; readonly oidc: PendingSignIn } | { readonly kind: 'saml'; readonly requestId: string } | { readonly kind: 'admitted'; readonly admitted: Admitted; readonly isSecondFactorDone: boolean } | { readonly kind: 'sign_out'; readonly sessionId: string });

const hashOf = (handle: string): Buffer => createHash('sha256').update(handle).digest();

/** Keeps what the return has to match; resolves to the cookie's text. */
export async function openFlow(tx: Tx, pending: PendingFlow): Promise<string> {
  const handle = randomBytes(32).toString('base64url');
  await Flow.query(tx).delete().where('expires_at', '<', new Date(tx.now));
  await Flow.query(tx).insert({ handle_hash: hashOf(handle), pending: JSON.stringify(pending), expires_at: new Date(tx.now + (pending.kind === 'admitted' ? ADMITTED_LIFE_MS : FLOW_LIFE_MS)) });
  return handle;
}

/** Takes it away: of two returns one gets it. Null when there is none, or it has run out. */
export async function takeFlow<K extends PendingFlow['kind']>(tx: Tx, handle: unknown, kind: K): Promise<Extract<PendingFlow, { kind: K }> | null> {
  if (typeof handle !== 'string' || !/^[\w-]{43}$/.test(handle)) return null;
  const [row] = (await Flow.query(tx).where({ handle_hash: hashOf(handle) }).where('expires_at', '>', new Date(tx.now))) as Flow[];
  if (row === undefined || (await Flow.query(tx).deleteById(row.id)) !== 1) return null;
  const pending = JSON.parse(row.pending) as PendingFlow;
  return pending.kind === kind ? (pending as Extract<PendingFlow, { kind: K }>) : null;
}
