/**
 * THE contract: all that a plugin may import of Wardkeep. Inside the tree it is `../../core/plugin.ts`, elsewhere `wardkeep/plugin`.
 * docs/plugins.md is the guide; this file is the reference. A plugin imports npm packages, its own folder and this file, nothing else; the
 * core imports no plugin.
 *
 * A plugin is one folder with its name: `index.ts` (its default export is a definePlugin), `migrations/*.sql`, `templates/*.hbs`, `README.md`.
 * Words: the host is the part of the core that runs plugins; a plugin is *on* in a workspace or *off*; *suspended* when the agreement with a
 * subprocessor ran out; *lapsed* when the workspace's plan ended.
 */
import type { Request, ResponseObject, ResponseToolkit, RouteOptions, ServerRoute, ServerStateCookieOptions } from '@hapi/hapi';
import Joi from 'joi';
import type { Capability, PluginCapability, Rule } from './access/capabilities.ts';
import type { Vouched } from './auth/sign-in/vouched.ts';
import { record as recordAct, type Recorded } from './audit/record.ts';
import type { PhiIndex } from './crypto/phi.ts';
import type { Scope, Tx } from './db/scope.ts';
import type { PluginFaultCode, Refusal } from './errors.ts';
import type { ApiRoute } from './http/api/api-route.ts';
import type { DemoWorkspace } from './demo/demo-workspace.ts';
import { scopeOf as signedInScope } from './http/credentials.ts';
import type { Event, EventPayload, Question, Questions } from './hooks.ts';
import { enqueue as enqueueJob, type EnqueueOptions } from './jobs/enqueue.ts';
import type { Fields, InputOf, WorkspaceJob } from './jobs/job.ts';
import type { Log } from './log.ts';
import type { Claim } from './trust/claim.ts';

/** The contract's version. A plugin states the one it was written for; the host refuses another. */
export const CONTRACT = 1;

export type Tier = 'free' | 'pro' | 'enterprise';
/** Of patients' data: never sees any · passes it on without keeping it · keeps it in tables of its own. */
export type PhiClass = 'none' | 'transit' | 'store';

/** Someone else's service that the plugin sends to. `name` is what the agreement register knows it by. */
export type Subprocessor = { readonly name: string; readonly purpose: string; readonly location: string };

/**
 * A table of the plugin's own, made by its migrations: schema app, name beginning with the plugin's (`baa_tracker_agreements`),
 * `workspace_id` and `id` first, `call sec.protect(…)` last. A column that is no id, number, flag, moment or listed code stands in one of
 * the two lists, or the program does not start.
 */
export type PluginTable = {
  /** Text columns sealed under the workspace's data key: every PHI column, and secrets. Models then read and write them in the clear. */
  readonly sealed?: readonly string[];
  /** Blind indexes over sealed columns; the table then has a column `tags_version int not null default 1`. */
  readonly index?: readonly PhiIndex[];
  /** Columns kept in the clear, each with the reason why that is no PHI. */
  readonly plain?: Readonly<Record<string, string>>;
  /** Why rows may change without an audit entry. Without it such a change does not commit. */
  readonly unaudited?: string;
};

export type NavEntry = {
  /** In the side navigation, or as a tab of Administration. */
  readonly place: 'main' | 'admin';
  readonly label: string;
  /** Below `/plugins/<name>`: `/` is its first page. */
  readonly path: `/${string}`;
  /** One of core/http/icons.ts; for `main`. */
  readonly icon?: string;
  readonly capability: Capability;
};

export type Health = { readonly ok: boolean; /** One sentence for the admin; never PHI, never another system's own words. */ readonly text: string };

/** Answers, by question (core/hooks.ts); `null`: nothing to say. In the asking transaction, so no network. */
export type Answers<S> = { readonly [Q in Question]?: (tx: Tx, input: Questions[Q]['input'], settings: S) => Promise<Questions[Q]['answer'] | null> | Questions[Q]['answer'] | null };
/** What to do about events (core/hooks.ts), after their transactions, from the job queue: perhaps more than once, so it must bear repeating. */
export type Listeners<S> = { readonly [E in Event]?: (deps: PluginDeps, scope: Scope, event: EventPayload<E>, settings: S) => Promise<void> };

/** Work for later, of one workspace. Parked while the plugin is off or suspended, so nothing that was to be sent is lost. */
export type PluginJob<F extends Fields = Fields> = {
  /** `baa_tracker.remind`: the plugin's name with underscores, then a verb. It is what rows in the queue name, so it does not change. */
  readonly name: string;
  /** Ids, whole numbers, flags, words from a list: a payload has no room for PHI. */
  readonly input: F;
  /** crontab(5), in UTC: runs by itself in every workspace where the plugin is on; `input` is then `{}`. It is not parked: it comes again. */
  readonly schedule?: string;
  run(deps: PluginDeps, scope: Scope, input: InputOf<F>): Promise<void>;
};

/** What the host hands a plugin. `scope` everywhere comes from a request (`scopeOf`) or is given to the job. */
export type PluginDeps = {
  /** Public origin of the installation, for links. */
  readonly origin: string;
  readonly log: Log;
  /** The door: one transaction bound to the scope's workspace, sealed into its audit chain. No network inside. */
  withWorkspace<T>(scope: Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The plugin's settings in a workspace, validated, secrets opened; never put them on a page.
   * @throws Fault plugin.is_off
   */
  settings<S = Record<string, unknown>>(scope: Scope): Promise<S>;
  /**
   * `fetch` for outgoing calls: HTTPS, no private address unless the operator lists the host, no redirect followed, ten seconds, 5 MB.
   * @throws Fault plugin.suspended · plugin.is_off · plugin.address_refused · plugin.unreachable
   */
  send(scope: Scope, url: string | URL, init?: SendInit): Promise<Response>;
  /** Mails an active person of the workspace that a date comes up. False: nothing was sent, for want of such a person or of a mail server. From a job. */
  remind(scope: Scope, userId: string, reminder: Reminder): Promise<boolean>;
  /** Mails an active person of the workspace that the emergency way in was used (docs/sso.md). False as with `remind`. From a job. */
  alarm(scope: Scope, userId: string): Promise<boolean>;
  /** The installation's signature on a statement of the plugin's. Its key is in the key log of every audit bundle (docs/audit.md). */
  sign(bytes: Uint8Array): SignedStatement;
  /**
   * An audit bundle of the scope's workspace with checkpoint, proofs and keys, which `wardkeep audit verify` takes; dates are inclusive.
   * @throws Fault access.denied · access.step_up_required · audit.not_sound
   */
  exportAudit(scope: Scope, asked: { readonly from?: string | undefined; readonly to?: string | undefined }): Promise<AsyncIterable<Uint8Array>>;
  /** For a link that opens one thing for one person for a while; `purpose` names the thing. */
  issueTicket(scope: Scope, purpose: string, lifeMs: number): string;
  checkTicket(scope: Scope, purpose: string, ticket: string): boolean;
  /**
   * Signs a person in on the word of a provider that the plugin has checked, from an open route: a redirect to the page, or to our own second
   * factor where the provider's does not count.
   * @throws Fault sign_in.refused
   */
  letIn(request: Request, h: ResponseToolkit, vouched: Vouched): Promise<ResponseObject>;
};
export type Reminder = { readonly daysLeft: number; /** Below `/plugins/<name>`. */ readonly path: `/${string}` };
/** Ed25519 (RFC 8032) over `wardkeep-plugin-statement-v1\n<plugin>\n` and the bytes; key (32 bytes raw) and signature as base64. */
export type SignedStatement = { readonly keyId: string; readonly publicKey: string; readonly signature: string };
export type SendInit = { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array };

/**
 * A page of the plugin's own. `path` is below `/plugins/<name>`. Signing in is asked for unless `options.auth` is false; then
 * `options.plugins.wardkeep.openBecause` says why, and the path holds `{workspace}`, the slug of the workspace it serves, so that it is 404
 * where the plugin is off.
 */
export type PluginRoute = Omit<ServerRoute, 'path' | 'vhost' | 'rules' | 'options'> & {
  readonly path: `/${string}`;
  readonly options?: Pick<RouteOptions, 'auth' | 'payload' | 'plugins' | 'description' | 'state'>;
};
/** The part of a hapi server that a plugin works with. */
export type PluginServer = {
  route(routes: PluginRoute | readonly PluginRoute[]): void;
  /** A cookie of its own; the name begins with `__Host-<plugin>`. */
  state(name: string, options: ServerStateCookieOptions): void;
};

declare module '@hapi/hapi' {
  interface PluginSpecificConfiguration {
    wardkeep?: {
      /** Why this route asks nobody to sign in. */
      openBecause?: string;
      /** This change is reading, export or signing in: it goes on when the workspace's plan lapsed. */
      evenWhenLapsed?: true;
    };
  }
}

/**
 * The plugin in `wardkeep demo`, which makes two invented practices, `willow` (a family clinic) and `harbor` (a hospital), with people and
 * patients. Asked once for each, when they are made; the conformance kit asks it for a workspace called `harbor` as well.
 */
export type Demo<S> = {
  /** The settings it is switched on with there; null: it stays off there. Nothing in a demo may need a network. */
  settings(workspace: DemoWorkspace): S | null;
  /** Makes it look lived in, in the transaction that switched it on. The actor is the system, so it writes rows as they would stand after some years, with one audit entry of its own for all. */
  seed?(tx: Tx, workspace: DemoWorkspace): Promise<void>;
};

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of plugins holds settings of as many types
export type Plugin<S = any> = {
  readonly contract: typeof CONTRACT;
  /** Kebab-case letters; also its folder, its routes' prefix and the first part of everything it declares. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  readonly title: string;
  /** What it does, in a sentence for the admin who decides. */
  readonly summary: string;
  /** The least plan that includes it. */
  readonly tier: Tier;
  readonly phi: PhiClass;
  readonly subprocessors: readonly Subprocessor[];
  /** Joi object; each field has a `.label()`, secret ones are `secret()`; `.meta()` as {@link SettingMeta} shapes the form. Never PHI. Without it there is nothing to set. */
  readonly settings?: Joi.ObjectSchema<S>;
  /** What the other side has to be given, shown to copy in a section of the settings. */
  addresses?(at: { readonly origin: string; readonly workspace: string }): readonly PluginAddress[];
  /** `<name>.<noun>.<verb>` → roles, as in core/access/capabilities.ts. */
  readonly capabilities?: Readonly<Record<PluginCapability, Rule>>;
  /** `<name>.<noun>.<past participle>`. An entry that is not listed cannot be recorded. */
  readonly auditActions?: readonly string[];
  /** `<name>.<noun>.<what>` → status and text without values. */
  readonly faults?: Readonly<Record<PluginFaultCode, Refusal>>;
  readonly tables?: Readonly<Record<string, PluginTable>>;
  /** For the trust page, with ids of its own (`BAA-1`); not applicable where the plugin is off. */
  readonly claims?: readonly Claim[];
  readonly jobs?: readonly PluginJob[];
  readonly nav?: readonly NavEntry[];
  readonly answers?: Answers<S>;
  readonly listens?: Listeners<S>;
  /** Operations below `/api/v1/plugins/<name>`; they stand in the API description. */
  readonly api?: readonly ApiRoute[];
  register?(server: PluginServer, deps: PluginDeps): void | Promise<void>;
  /** In the switch's transaction. */
  onEnable?(tx: Tx, settings: S): Promise<void>;
  onDisable?(tx: Tx): Promise<void>;
  /** In the transaction that saves changed settings, after they are saved. */
  onChange?(tx: Tx, settings: S): Promise<void>;
  /** Reads the database only. */
  health?(tx: Tx, settings: S): Promise<Health>;
  /** "Test connection", before the settings are saved: what it tries is `settings`, not what is stored. Outgoing through `deps.send`. */
  test?(deps: PluginDeps, scope: Scope, settings: S): Promise<Health>;
  readonly demo?: Demo<S>;
};

export type PluginAddress = { /** As in `meta({ section })`. */ readonly section: string; readonly label: string; readonly value: string };
/** How a setting stands in the form. */
export type SettingMeta = {
  readonly secret?: boolean;
  /** Under which heading. */
  readonly section?: string;
  /** The section is there only while this choice of another setting is made; it is still sent otherwise, so it must bear being ignored. */
  readonly when?: { readonly setting: string; readonly is: string };
  /** For a choice: what people read in place of the value. */
  readonly words?: Readonly<Record<string, string>>;
  /** Text of many lines. */
  readonly long?: boolean;
};

/** States a plugin. What it says is checked when it is loaded, not here, so that a faulty one is refused by name. */
export function definePlugin<S = Record<string, never>>(plugin: Plugin<S>): Plugin<S> {
  return plugin;
}

/** States a job, with its input's type. */
export function pluginJob<const F extends Fields>(job: PluginJob<F>): PluginJob {
  return job as unknown as PluginJob;
}

/** Adds a job to the queue; it exists only if the transaction commits. @throws TypeError for input the job does not take. */
export async function enqueue<F extends Fields>(tx: Tx, job: Pick<PluginJob<F>, 'name' | 'input'>, input: InputOf<F>, options?: EnqueueOptions): Promise<void> {
  await enqueueJob(tx, job as WorkspaceJob<F>, input, options);
}

const declaredActions = new Map<string, ReadonlySet<string>>();

/** For the host: what this plugin may record. */
export function declareActions(plugin: string, actions: readonly string[]): void {
  declaredActions.set(plugin, new Set(actions));
}

/**
 * Puts an act on the record, in the act's transaction. `detail` never holds PHI: ids, codes, counts, names of changed fields.
 * @throws TypeError for an action that no plugin declared
 */
export function record(tx: Tx, entry: Recorded): void {
  const [plugin] = entry.action.split('.', 1) as [string];
  if (!declaredActions.get(plugin)?.has(entry.action)) throw new TypeError(`${entry.action} is not among the auditActions of ${plugin}.`);
  recordAct(tx, entry);
}

/** The plugin's settings in the transaction's workspace. @throws Fault plugin.is_off */
export async function settingsOf<S = Record<string, unknown>>(tx: Tx, plugin: string): Promise<S> {
  return (await tx.plugged.settings(tx, plugin)) as S;
}

/** For an agreement register: agreements changed, so look again at who may run. Takes effect with the transaction. */
export async function agreementsChanged(tx: Tx): Promise<void> {
  await enqueueJob(tx, { name: 'plugin.review', input: {} } as WorkspaceJob, {}, { key: 'review' });
}

/** Every loaded plugin as it stands in the transaction's workspace: for a register of who is handed what. */
export async function loadedPlugins(tx: Tx): Promise<readonly PluginInWorkspace[]> {
  return (await tx.plugged.list(tx)) as readonly PluginInWorkspace[];
}
export type PluginInWorkspace = Pick<Plugin, 'name' | 'title' | 'phi' | 'subprocessors'> & { readonly isOn: boolean };

/** A setting that is sealed, never shown again and never in the audit: `Joi.string()` with more rules to taste. */
export function secret(): Joi.StringSchema {
  return Joi.string().meta({ secret: true });
}

/** In whose name and where a request acts: the person's or service account's; on an open route, the system's in the workspace of its path. */
export function scopeOf(request: Request): Scope {
  return request.plugins.openTo ?? signedInScope(request);
}

declare module '@hapi/hapi' {
  interface PluginsStates {
    /** Set by the host alone, on routes without sign-in. */
    openTo?: Scope;
  }
}

export { Joi };
export { authorize, can } from './access/authorize.ts';
export { holdChain } from './audit/seal.ts';
export { WorkspaceModel } from './db/model.ts';
export { systemScope } from './db/scope.ts';
export type { Actor, Designation, JsonValue, Role, Scope, Tx } from './db/scope.ts';
export { fault, Fault, type FieldFault } from './errors.ts';
export { flash } from './http/flash.ts';
export { parse } from './http/refusals.ts';
export { trustHtml } from './http/views.ts';
export { claim, notApplicable, verdict, type Claim, type Evidence, type Proof, type Subject } from './trust/claim.ts';
export { ask, type Agreement, type ContactProperty, type FieldGate, type Fragment, type Obligation, type Questions, type SignInMethod, type SignInPolicy } from './hooks.ts';
export { apiRoute, type ApiAnswer, type ApiRoute } from './http/api/api-route.ts';
export type { Capability } from './access/capabilities.ts';
export type { DemoWorkspace } from './demo/demo-workspace.ts';
export { uuidv7 } from './crypto/uuid.ts';
export { User } from './auth/user.ts';
export { endUnvouchedSessions } from './auth/session/actions.ts';
export { contactGate, GATEABLE_FIELDS, nameOnRecord } from './practice/contacts/field-gate.ts';
export { shownFields } from './practice/contacts/shown-fields.ts';
export { localPath } from './http/local-path.ts';
export { changePerson, disablePerson } from './workspaces/people/actions.ts';
export { addDirectoryPerson, enableDirectoryPerson, renameDirectoryPerson } from './workspaces/people/by-directory.ts';
export { endVouched, type Vouched } from './auth/sign-in/vouched.ts';
