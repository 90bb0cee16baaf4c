import type { QueryBuilder } from 'objection';
import { record } from '../../audit/record.ts';
import { authorize } from '../../access/authorize.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { mintOpaqueToken } from '../opaque-token.ts';
import { requireFresh } from '../step-up/require-fresh.ts';
import type { SignInMethod } from './method.ts';
import { Session, type SessionEnd } from './model.ts';
import { changeSignInPolicy } from './policy-lock.ts';

const KEPT_AFTER_END = '90 days';

/** A session that a browser came with. */
export type HeldSession = { readonly workspaceId: string; readonly id: string };

/**
 * Opens a session and returns its cookie text, which exists nowhere else. The scope is still nobody's, so the entry names the person as target.
 * `vouchedBy` is what the plugin that let the person in calls its provider's word. `before` ends with it where it is of this workspace, whosever it was
 * (ASVS 5.0 V7.2.4); one of another workspace is out of this transaction's reach.
 */
export async function openSession(tx: Tx, input: { userId: string; method: SignInMethod; vouchedBy?: string | null; before?: HeldSession | null }): Promise<string> {
  const token = mintOpaqueToken(tx.scope.workspaceId);
  const session = await Session.query(tx).insert({ user_id: input.userId, token_hash: token.hash, method: input.method, vouched_by: input.vouchedBy ?? null, ip: tx.scope.ip, user_agent: tx.scope.userAgent });
  await Session.query(tx).delete().where({ user_id: input.userId }).whereRaw(`created_at < now() - interval '${KEPT_AFTER_END}'`);
  record(tx, { action: 'auth.signed_in', target: { type: 'user', id: input.userId }, detail: { method: input.method, session: session.id } });
  if (input.before?.workspaceId === tx.scope.workspaceId) await endSessions(tx, { id: input.before.id }, 'replaced');
  return token.text;
}

/**
 * After a confirmed second factor the session goes on under a new token and the old one is dead (ASVS 5.0 V7.2.4, V7.5.3). The sign-in time
 * stays, so stepping up never prolongs a session past its absolute limit.
 */
export async function renewSession(tx: Tx, method: 'totp' | 'passkey'): Promise<string> {
  const token = mintOpaqueToken(tx.scope.workspaceId);
  const renewed = await Session.query(tx).patch({ token_hash: token.hash, assured_at: new Date(tx.now) }).where({ id: tx.scope.actor.sessionId as string }).whereNull('ended_at');
  if (renewed !== 1) throw fault('session.expired');
  record(tx, { action: 'auth.stepped_up', target: { type: 'session', id: tx.scope.actor.sessionId }, detail: { method } });
  return token.text;
}

/** Ends every live session that matches; each is put on the record. Returns how many there were. */
export async function endSessions(tx: Tx, match: { id?: string; user_id?: string; vouched_by?: string }, reason: SessionEnd, keep: string | null = null): Promise<number> {
  return end(tx, Session.query(tx).where(match), reason, keep);
}

/**
 * After ways in of our own were closed: ends every live session that no provider vouched for, but those of one person and the one that asks.
 * Returns how many there were.
 */
export async function endUnvouchedSessions(tx: Tx, exceptUserId: string | null): Promise<number> {
  await changeSignInPolicy(tx);
  const query = Session.query(tx).whereNull('vouched_by');
  if (exceptUserId !== null) void query.whereNot({ user_id: exceptUserId });
  return end(tx, query, 'ended', tx.scope.actor.sessionId);
}

async function end(tx: Tx, matching: QueryBuilder<Session, Session[]>, reason: SessionEnd, keep: string | null): Promise<number> {
  if (keep !== null) void matching.whereNot({ id: keep });
  const ended = await matching.whereNull('ended_at').patch({ ended_at: new Date(tx.now), ended_reason: reason }).returning('id');
  for (const { id } of ended as unknown as { id: string }[]) record(tx, { action: 'auth.session_ended', target: { type: 'session', id }, detail: { reason } });
  return (ended as unknown as unknown[]).length;
}

/** Own sessions by anyone, other people's by whoever may; any but the present one after a fresh second factor (ASVS 5.0 V7.5.2). @throws Fault session.not_found · access.step_up_required */
export async function endSession(tx: Tx, id: string): Promise<void> {
  const session = await Session.query(tx).findById(id);
  if (session === undefined || session.user_id !== tx.scope.actor.id) authorize(tx, 'session.end', { type: 'session', id });
  else if (id !== tx.scope.actor.sessionId) requireFresh(tx);
  if ((await endSessions(tx, { id }, id === tx.scope.actor.sessionId ? 'signed_out' : 'ended')) === 0) throw fault('session.not_found');
}

/** Every session of one's own but this one. Returns how many there were. @throws Fault access.step_up_required */
export async function endOtherSessions(tx: Tx): Promise<number> {
  return endSessions(tx, { user_id: requireFresh(tx) }, 'ended', tx.scope.actor.sessionId);
}
