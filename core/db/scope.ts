import type { Knex } from 'knex';
import type { WorkspaceKeys } from '../crypto/keyring.ts';
import type { VouchedTable } from './context.ts';
import type { Query } from './transaction.ts';

/** Words used throughout. A Scope says in whose name and in which workspace; a Tx is a transaction bound to that scope by the door. */

export type ActorKind = 'user' | 'agent' | 'patient' | 'system';
export type Role = 'ADMIN' | 'MANAGER' | 'AGENT' | 'READONLY';
export type Designation = 'SECURITY_OFFICER';

export type Actor = {
  readonly kind: ActorKind;
  readonly id: string | null;
  /** Shown in the audit: a staff member's or service account's name. Null for patients (their name is PHI). */
  readonly name: string | null;
  /** What `authorize` looks at. A service account carries a role and, narrower, scopes; the system actor has neither and is trusted code. */
  readonly role: Role | null;
  readonly designations: readonly Designation[];
  /** Null: not limited by scopes. */
  readonly scopes: readonly string[] | null;
  readonly sessionId: string | null;
  /** When the second factor was last confirmed, ms since epoch; 0 for actors that have none. */
  readonly assuredAt: number;
  /** SHA-256 of the token that a service account came with: another may have taken its place since. */
  readonly tokenHash?: Buffer;
};

export type Scope = {
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
};

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** An act waiting to be sealed into the audit chain when its transaction ends. Detail never holds PHI: ids, codes, counts, names of fields. */
export type PendingEntry = {
  readonly action: string;
  readonly outcome: 'ok' | 'refused' | 'failed';
  readonly target: { readonly type: string; readonly id: string | null } | null;
  readonly detail: { readonly [key: string]: JsonValue };
};

/** The way from a transaction to the plugins that are on in its workspace. Typed in core/hooks.ts, which is what the core uses. */
export type Plugged = {
  ask(tx: Tx, question: string, input: unknown): Promise<readonly unknown[]>;
  tell(tx: Tx, event: string, payload: object): Promise<void>;
  settings(tx: Tx, plugin: string): Promise<unknown>;
  list(tx: Tx): Promise<readonly unknown[]>;
};

declare const fromTheDoor: unique symbol;

export type Tx = {
  readonly [fromTheDoor]: 'workspace';
  /** For statements that are composed; `Model.query(tx)` stands on it. */
  readonly knex: Knex.Transaction;
  /** For fixed statements with `$1` placeholders; sent at once, and without the query builder's price. */
  readonly query: Query;
  /** Settles, and never rejects, when the transaction has ended. */
  readonly ended: Promise<void>;
  /** As `Bound.flushBehind` says. */
  flushBehind(): void;
  /** As `Bound.whileCommitting` says. */
  whileCommitting(work: () => void): void;
  /** As `Bound.sendAhead` says. */
  sendAhead(): void;
  /** As `Bound.beforeEnd` says. */
  beforeEnd(work: () => void): void;
  /** For who holds the audit chain: what is recorded by the end of the present turn is sealed in the batch that is sent then, if it can be. */
  sealAhead(): void;
  /** For a row of the audit's tables, which PostgreSQL takes only from the program; `said`: what the row says, as core/db/context.ts has it. */
  vouch(table: VouchedTable, ...said: readonly Uint8Array[]): Buffer;
  readonly scope: Scope;
  readonly keys: WorkspaceKeys;
  readonly pending: PendingEntry[];
  readonly plugged: Plugged;
  /** Now, in ms since epoch, the same for the whole transaction. */
  readonly now: number;
};

/** The system door's transaction: the installation's own workspace, another database role, no workspace keys. */
export type SystemTx = Omit<Tx, typeof fromTheDoor | 'keys' | 'plugged'> & { readonly [fromTheDoor]: 'system'; readonly keys: null };

/** The nil UUID: the installation's own workspace, whose audit chain holds the system's acts. */
export const INSTALLATION_WORKSPACE = '00000000-0000-0000-0000-000000000000';

/** The closed list of reasons to look across workspaces. */
export const SYSTEM_REASONS = [
  'boot', 'setup', 'sign_in', 'workspace.create', 'workspace.list', 'workspace.suspend', 'plan.grant', 'key.manage', 'job.schedule', 'command', 'health', 'audit.verify',
] as const;
export type SystemReason = (typeof SYSTEM_REASONS)[number];

export function systemActor(name: string): Actor {
  return { kind: 'system', id: null, name, role: null, designations: [], scopes: null, sessionId: null, assuredAt: 0 };
}

export function systemScope(workspaceId: string, name: string): Scope {
  return { workspaceId, actor: systemActor(name), ip: null, userAgent: null, requestId: null };
}
