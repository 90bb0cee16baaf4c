/**
 * Every refusal Wardkeep can give: one table of codes, HTTP status and safe text. Texts never carry a value a caller sent or a row held.
 * Another workspace's row is 404 like a row that never was; 401 is "no session", 403 is "lacks the capability or the assurance".
 */
const REFUSALS = {
  'request.invalid': [400, 'Some fields need attention.'],
  'request.not_json': [400, 'The body is not valid JSON.'],
  'request.too_large': [413, 'The request is larger than this endpoint accepts.'],
  'request.media_type': [415, 'This endpoint does not accept that content type.'],
  'request.too_many': [429, 'Too many requests in a short time. Wait a moment, then go on.'],
  'request.rate_limited': [429, 'Too many attempts. Wait a moment and try again.'],
  'request.forged': [403, 'The form was not sent from a page of this installation, or it is too old. Reload the page and try again.'],
  'request.precondition_required': [428, 'Send If-Match with the ETag you last read.'],
  'request.conflict': [409, 'The request conflicts with the present state.'],
  'request.stale': [412, 'Someone changed this since you read it. Reload, then make your change again.'],
  'request.idempotency_mismatch': [422, 'This Idempotency-Key was used with a different request.'],
  'route.not_found': [404, 'There is nothing at this address.'],
  'method.not_allowed': [405, 'This address does not support that method.'],
  'session.required': [401, 'Sign in to continue.'],
  'session.expired': [401, 'Your session has ended. Sign in again.'],
  'token.refused': [401, 'This token is not valid: mistyped, revoked or past its end.'],
  'sign_in.refused': [401, 'E-mail, password or workspace is not right.'],
  'sign_in.provider_only': [403, 'Your workspace signs in with its own provider; passwords and passkeys are off.'],
  'sign_in.challenge_over': [401, 'This step has ended. Start again with your password.'],
  'code.refused': [422, 'This code was not accepted. Wait for the next one and try again.'],
  'passkey.refused': [401, 'This passkey was not accepted.'],
  'passkey.not_found': [404, 'There is no such passkey.'],
  'factor.last_one': [409, 'This is the only second factor. Add another one first.'],
  'link.over': [410, 'This link has been used or has ended. Ask for a new one.'],
  'session.not_found': [404, 'There is no such session, or it has ended.'],
  'person.not_found': [404, 'There is no such person.'],
  'person.exists': [409, 'Someone with this e-mail is in this workspace already.'],
  'person.last_admin': [409, 'This is the last active administrator. Make someone else one first.'],
  'service_account.not_found': [404, 'There is no such service account.'],
  'access.denied': [403, 'Your role does not allow this.'],
  'access.step_up_required': [403, 'Confirm it is you with your second factor, then try again.'],
  'access.scope_missing': [403, 'This token does not carry the scope for this.'],
  'record.not_found': [404, 'There is no such record.'],
  'contact.not_found': [404, 'There is no such contact.'],
  'contact.read_only': [403, 'This contact was shared with you for reading only.'],
  'contact.merged': [409, 'This contact was merged into another. Open that one, or undo the merge.'],
  'contact.transition': [409, 'The contact cannot go from its present status to that one.'],
  'contact.merge_refused': [409, 'These two contacts cannot be merged as they stand.'],
  'contact.merge_undone': [409, 'This merge has been undone already.'],
  'export.too_many': [422, 'There are more contacts than one file holds. Narrow the list first.'],
  'contact.merge_buried': [409, 'The surviving contact was itself merged since. Undo that merge first.'],
  'share.not_found': [404, 'There is no such share.'],
  'contact.not_owner': [403, 'Only its owner may share this contact.'],
  'merge.not_found': [404, 'There is no such merge.'],
  'activity.not_found': [404, 'There is no such activity.'],
  'activity.not_a_task': [409, 'Only a task can be completed or reopened.'],
  'appointment.not_found': [404, 'There is no such appointment.'],
  'appointment.conflict': [409, 'That person already has an appointment at this time.'],
  'appointment.transition': [409, 'The appointment cannot go from its present status to that one.'],
  'document.not_found': [404, 'There is no such document.'],
  'document.refused': [422, 'The document was refused; nothing was imported.'],
  'document.not_waiting': [409, 'Somebody has decided this already.'],
  'import.not_found': [404, 'There is no such import.'],
  'import.csv_unreadable': [422, 'The file is not a CSV with a heading row and at least one row below it.'],
  'import.csv_columns': [422, 'The file has more than 500 columns. Take out those that are not needed.'],
  'import.mapping_incomplete': [422, 'Family name, given name, birth date and sex each need a column.'],
  'import.not_open': [409, 'This import has already been started.'],
  'import.busy': [429, 'Two imports are running in this workspace. Wait until one has ended, then begin this one again.'],
  'import.reader_busy': [429, 'Other large spreadsheets are being read just now. Nothing is lost: try again in a moment.'],
  'audit.entry_not_found': [404, 'There is no such entry.'],
  'audit.not_covered': [409, 'No checkpoint holds this entry yet. Verify the log, then open the proof again.'],
  'audit.span_reversed': [400, 'This time ends before it begins.'],
  'audit.not_sound': [409, 'The log does not verify, so no sound bundle can be made of it. See the verification for the entry; CSV and JSON show the log as it stands.'],
  'workspace.not_found': [404, 'There is no such workspace.'],
  'workspace.not_suspended': [409, 'This workspace is not suspended.'],
  'workspace.terminated': [409, 'This workspace has been terminated.'],
  'workspace.slug_taken': [409, 'That short name is in use.'],
  'key.not_found': [404, 'There is no such key version.'],
  'key.active': [409, 'This key version is in use. Rotate first; only an older version can be retired.'],
  'key.rotation_recent': [409, 'The rotation is too recent: a program may still write under the older version. Try again in two minutes.'],
  'key.closed': [503, 'The key in use of this workspace does not open under the root keys given: one of them is missing, or the key was damaged. Nothing was done.'],
  'key.rotated': [503, 'The keys were changed while this was being done. Nothing was saved: try again now.'],
  'key.root_in_use': [409, 'This root key still wraps keys or secrets. Run `wardkeep keys rotate --root` first, then take it out.'],
  'key.values_left': [409, 'Values still stand under this key version. Run the rotation again, then retire it.'],
  'plugin.not_found': [404, 'There is no such plugin.'],
  'plugin.is_on': [409, 'This plugin is on already.'],
  'plugin.is_off': [409, 'This plugin is off.'],
  'plugin.not_entitled': [403, 'This workspace’s plan does not include this plugin.'],
  'plugin.lapsed': [403, 'The plan that included this ended. What is there can be read and exported; nothing new can be added.'],
  'plugin.no_agreement': [409, 'A business associate agreement in force with each subprocessor comes first.'],
  'plugin.suspended': [409, 'Suspended: the agreement with a subprocessor ran out. What was to be sent waits.'],
  'plugin.address_refused': [403, 'That address lies inside a private network, and the operator has not allowed it.'],
  'plugin.unreachable': [502, 'The other system did not answer as it should.'],
  'system.unavailable': [503, 'The service is not ready. Try again shortly.'],
  'system.fault': [500, 'Something went wrong on our side. It has been logged under the request id shown.'],
} as const satisfies Record<string, readonly [status: number, text: string]>;

/** `baa-tracker.agreement.not_found`: what a plugin declares begins with its name. */
export type PluginFaultCode = `${string}.${string}.${string}`;
export type FaultCode = keyof typeof REFUSALS | PluginFaultCode;
export type Refusal = readonly [status: number, text: string];

const declared = new Map<string, Readonly<Record<PluginFaultCode, Refusal>>>();

/** Adds a plugin's refusals to the table; said again, it replaces what that plugin said before. */
export function declareFaults(plugin: string, refusals: Readonly<Record<PluginFaultCode, Refusal>>): void {
  declared.set(plugin, refusals);
}

function refusalOf(code: FaultCode): Refusal {
  if (Object.hasOwn(REFUSALS, code)) return REFUSALS[code as keyof typeof REFUSALS];
  const refusals = declared.get(code.split('.', 1)[0] as string);
  if (refusals === undefined || !Object.hasOwn(refusals, code)) throw new TypeError(`Nobody declared the refusal ${code}.`);
  return refusals[code as PluginFaultCode] as Refusal;
}

/** One field's complaint: `path` as in the input (`emails.0.value`), `text` safe to show beside the field. */
export type FieldFault = { readonly path: string; readonly text: string };

/** What the audit is to say of a refusal; the door records it in a transaction of its own, as this one is rolled back. */
export type RefusedAct = { readonly action: string; readonly target: { readonly type: string; readonly id: string | null } | null; readonly detail: { readonly [key: string]: string | number | boolean | null } };
export type FaultOptions = { readonly fields?: readonly FieldFault[]; readonly cause?: unknown; readonly refused?: RefusedAct; /** Whole seconds after which trying again is worth it. */ readonly retryAfterS?: number; /** The methods an address does take. */ readonly allow?: readonly string[] };

/** A refusal with a stable code. Everything else that is thrown is a programmer error and becomes `system.fault`. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly status: number;
  readonly fields: readonly FieldFault[];
  readonly refused: RefusedAct | null;
  readonly retryAfterS: number | null;
  readonly allow: readonly string[] | null;

  constructor(code: FaultCode, options: FaultOptions = {}) {
    const [status, text] = refusalOf(code);
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.status = status;
    this.fields = options.fields ?? [];
    this.refused = options.refused ?? null;
    this.retryAfterS = options.retryAfterS ?? null;
    this.allow = options.allow ?? null;
  }
}

/** Makes a refusal: `throw fault('contact.not_found')`. */
export function fault(code: FaultCode, options: FaultOptions = {}): Fault {
  return new Fault(code, options);
}

/** All codes with status and text, for the API description and the documentation. */
export function faultCatalog(): readonly { code: FaultCode; status: number; text: string }[] {
  return [REFUSALS, ...declared.values()].flatMap((table) => Object.entries<Refusal>(table)).map(([code, [status, text]]) => ({ code: code as FaultCode, status, text }));
}
