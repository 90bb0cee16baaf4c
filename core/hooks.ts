import type { Role, Tx } from './db/scope.ts';
import type { Fields, InputOf } from './jobs/job.ts';

/**
 * What the core asks of plugins and tells them, by name. Only plugins that are on in the transaction's workspace hear of it; the core never
 * learns which they are, or whether there is any.
 *
 * A question is answered inside the transaction that asks, so an answer reads the database and nothing else. With each question stands what
 * several answers mean together; the core file that asks does the folding.
 */
export type Questions = {
  /** Is there an agreement (BAA) with this subprocessor? The one that lasts longest counts; no answer is no agreement. */
  subprocessorAgreement: { input: { readonly subprocessor: string }; answer: Agreement };
  /** By when whom must be told of an incident: the clocks that agreements set, counted from its discovery. All answers together; the earliest first is the asker's to sort. */
  incidentObligations: { input: { readonly discoveredAt: Date; /** By name; null: everybody. */ readonly subprocessor: string | null }; answer: readonly Obligation[] };
  /** What of a contact this actor may see and change. What any answer hides is hidden. Asked once per transaction, by every surface. */
  contactFields: { input: Record<never, never>; answer: FieldGate };
  /** Other ways to sign in, shown beside the password on a page that knows its workspace. All are shown. */
  signInMethods: { input: { readonly next: string | null }; answer: SignInMethod };
  /** May this person go on by a way in of our own? One refusal is enough. */
  signInPolicy: { input: { readonly userId: string; readonly role: Role; readonly method: 'password' | 'passkey'; readonly act: SignInAct }; answer: SignInPolicy };
  /** Where the browser goes after signing out (RP-initiated logout). `vouchedBy` as it was given to `letIn`; null for another way in. The first answer counts. */
  signOut: { input: { readonly sessionId: string; readonly userId: string; readonly vouchedBy: string | null }; answer: { readonly redirect: string } };
  /** A panel beside a contact's timeline. Each is shown, in the order of the plugins' titles. */
  contactPanel: { input: { readonly contactId: string }; answer: Fragment };
  /** A card on the page people land on. */
  dashboardCard: { input: Record<never, never>; answer: Fragment };
};

/** An agreement as the register knows it. `until: null`: in force without an end. */
export type Agreement = { readonly inForce: boolean; readonly until: Date | null };
/** `agreementId` names it where it is kept. */
export type Obligation = { readonly agreementId: string; readonly subprocessor: string; readonly obligation: 'breach_notice' | 'security_incident_notice'; readonly hours: number; readonly dueAt: Date };
/**
 * Field names as in the API (`birthDate`, `phones`; properties that a plugin adds are `custom.<name>`). What is hidden does not exist for this
 * actor; what is read-only is shown and refused when sent. `shielded`: hidden from somebody, so a change of it alone must not show in when a
 * contact last changed. `properties`: every one there is; those that are hidden from this actor are left out by the core.
 */
export type FieldGate = {
  readonly hidden: ReadonlySet<string>;
  readonly readOnly: ReadonlySet<string>;
  readonly shielded: ReadonlySet<string>;
  readonly properties: readonly ContactProperty[];
};
/** A property of contacts that a workspace defined for itself; its values are kept and sealed by the core. `isIndexed`: can be searched for, whole. `isListed`: stands in lists. */
export type ContactProperty = {
  readonly name: `custom.${string}`;
  readonly label: string;
  readonly type: 'text' | 'number' | 'date' | 'boolean' | 'choice';
  readonly choices: readonly string[];
  readonly isIndexed: boolean;
  readonly isListed?: boolean;
};
/** `comesFirst`: it is how people of this workspace sign in, so it stands above the password. */
export type SignInMethod = { readonly label: string; readonly href: string; readonly comesFirst: boolean };
/**
 * `offer`: a page is about to ask for it, nothing has happened yet · `begin`: the password or passkey was right · `finish`: after the second
 * step, a session is about to be opened · `set_password`: a password is about to be stored.
 */
export type SignInAct = 'offer' | 'begin' | 'finish' | 'set_password';
export type SignInPolicy = { readonly allowed: true } | { readonly allowed: false; /** Where to go instead. */ readonly href: string };
/** A template of the plugin's own and its context; the core draws the frame and `title`. */
export type Fragment = { readonly title: string; readonly template: string; readonly context: object };

/**
 * What happened. An event is told in the act's transaction and delivered by the job queue once that has committed: at least once, later when
 * the plugin's other side is down, parked while the plugin is suspended. Payloads are ids, so none carries PHI.
 */
export const EVENTS = {
  appointmentBooked: { appointmentId: 'id', contactId: 'id' },
  personProvisioned: { userId: 'id' },
  sessionEnded: { sessionId: 'id', userId: 'id' },
} as const satisfies Record<string, Fields>;

export type Question = keyof Questions;
export type Event = keyof typeof EVENTS;
export type EventPayload<E extends Event> = InputOf<(typeof EVENTS)[E]>;

/** Every answer there is, in the order of the plugins' names; empty when nobody answers. */
export async function ask<Q extends Question>(tx: Tx, question: Q, input: Questions[Q]['input']): Promise<readonly Questions[Q]['answer'][]> {
  return (await tx.plugged.ask(tx, question, input)) as readonly Questions[Q]['answer'][];
}

/** Tells every plugin that listens. */
export async function tell<E extends Event>(tx: Tx, event: E, payload: EventPayload<E>): Promise<void> {
  await tx.plugged.tell(tx, event, payload);
}
