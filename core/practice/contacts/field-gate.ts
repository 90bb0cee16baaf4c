import { ask, type ContactProperty } from '../../hooks.ts';
import type { Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';

/**
 * What of a contact the transaction's actor may see and change (design invariant 7): asked once per transaction, applied where rows are opened
 * (gated-model.ts), so that what is hidden is not even decrypted, and by the schemas that say what may be sent.
 *
 * A hidden field does not exist: it is no key of an answer, no key that may be sent, no filter, no reason for a match, no word of a page.
 */
export type ContactGate = {
  readonly hidden: ReadonlySet<string>;
  readonly readOnly: ReadonlySet<string>;
  readonly shielded: ReadonlySet<string>;
  /** Custom properties that this actor sees. */
  readonly properties: readonly ContactProperty[];
  /** The same for actors who see and may change the same: what was made for one fits the other. */
  readonly signature: string;
};

/** Fields that can be gated, by their names in the API, and what pages call them. Id, version, status, owner and access are what the rules of access themselves stand on. */
export const GATEABLE_FIELDS = {
  givenName: 'Given name', middleName: 'Middle name', familyName: 'Family name', namePrefix: 'Prefix', nameSuffix: 'Suffix', preferredName: 'Called', birthDate: 'Date of birth', sex: 'Sex',
  genderIdentity: 'Gender', pronouns: 'Pronouns', language: 'Language', maritalStatus: 'Marital status', race: 'Race', ethnicity: 'Ethnicity', deceasedOn: 'Date of death', notes: 'Notes',
  preferredChannel: 'Preferred channel', tags: 'Tags', phones: 'Phones', emails: 'E-mails', addresses: 'Addresses', identifiers: 'Numbers',
} as const;
export type GateableField = keyof typeof GATEABLE_FIELDS;

const OPEN: ContactGate = { hidden: new Set(), readOnly: new Set(), shielded: new Set(), properties: [], signature: '' };

const asked = new WeakMap<Tx, Promise<ContactGate>>();
const known = new WeakMap<Tx, ContactGate>();

/** Asks whoever answers `contactFields`. What any of them hides is hidden. The system acts for everybody and sees all. */
export function contactGate(tx: Tx): Promise<ContactGate> {
  let gate = asked.get(tx);
  if (gate === undefined) asked.set(tx, (gate = readGate(tx).then((found) => { known.set(tx, found); return found; })));
  return gate;
}

/** The same once it was asked. @throws Error where nobody did: a row of a contact is not opened before its gate is known */
export function gateOf(tx: Tx): ContactGate {
  const gate = known.get(tx);
  if (gate === undefined) throw new Error('A contact was opened before contactGate(tx) was asked what this actor may see of it.');
  return gate;
}

async function readGate(tx: Tx): Promise<ContactGate> {
  const answers = await ask(tx, 'contactFields', {});
  if (answers.length === 0) return OPEN;
  const union = (of: 'hidden' | 'readOnly' | 'shielded') => new Set(answers.flatMap((answer) => [...answer[of]]));
  const isSystem = tx.scope.actor.kind === 'system';
  const [hidden, readOnly] = isSystem ? [OPEN.hidden, OPEN.readOnly] : [union('hidden'), union('readOnly')];
  const properties = answers.flatMap((answer) => answer.properties).filter(({ name }) => !hidden.has(name));
  const signature = JSON.stringify([[...hidden].sort(), [...readOnly].sort(), properties]);
  return { hidden, readOnly, shielded: union('shielded'), properties, signature };
}

/** True when the actor may send this field. */
export function isWritable({ hidden, readOnly }: ContactGate, field: string): boolean {
  return !hidden.has(field) && !readOnly.has(field);
}

/** Fields by which records are found to be one person's. */
const MATCHING_FIELDS: readonly GateableField[] = ['givenName', 'familyName', 'birthDate', 'sex', 'identifiers'];

/**
 * Whoever does not see all that records are matched by is shown no match, and whoever may not write it makes none by importing: that two
 * records were found alike says what stands in them.
 * @throws Fault access.denied
 */
export async function requireMatchingFields(tx: Tx, to: 'read' | 'write' = 'read'): Promise<ContactGate> {
  const gate = await contactGate(tx);
  if (MATCHING_FIELDS.some((field) => (to === 'write' ? !isWritable(gate, field) : gate.hidden.has(field)))) throw fault('access.denied', { refused: { action: 'access.refused', target: null, detail: { capability: 'contact.match' } } });
  return gate;
}

/** Filters of lists, and the field each asks about. */
const FILTERS = { tag: 'tags' } as const;

/**
 * A filter by a hidden field is refused as an unknown key is.
 * @throws Fault request.invalid
 */
export function refuseFilters({ hidden }: ContactGate, input: { readonly [F in keyof typeof FILTERS]?: unknown }): void {
  refuseUnknown((Object.keys(FILTERS) as (keyof typeof FILTERS)[]).filter((filter) => hidden.has(FILTERS[filter]) && input[filter] !== undefined && input[filter] !== null));
}

/** What the schemas say to a key that is none: the same words for one that is hidden. @throws Fault request.invalid */
export function refuseUnknown(keys: readonly string[]): void {
  if (keys.length > 0) throw fault('request.invalid', { fields: keys.map((path) => ({ path, text: `${path.split('.').at(-1)} is not allowed` })) });
}

const MARK = 'gated:';

/**
 * A field's name as the audit keeps it: where somebody does not see the field, a keyed mark in its place, since entries are signed and read
 * by everybody who may read the log. `fieldOfMark` turns it back for those who do see it.
 */
export function nameOnRecord(tx: Tx, { shielded }: ContactGate, field: string): string {
  return shielded.has(field) ? markOf(tx, field) : field;
}

/** The field a mark stands for; the mark itself where the actor does not see it. */
export async function namesOfMarks(tx: Tx): Promise<(text: string) => string> {
  const gate = await contactGate(tx);
  const seen = [...Object.keys(GATEABLE_FIELDS), ...gate.properties.map(({ name }) => name)].filter((field) => !gate.hidden.has(field));
  const names = new Map(seen.map((field) => [markOf(tx, field), field]));
  return (text) => text.replaceAll(/gated:[0-9a-f]{16}/g, (mark) => names.get(mark) ?? mark);
}

function markOf(tx: Tx, field: string): string {
  return MARK + BigInt.asUintN(64, BigInt(tx.keys.tag('field name', field))).toString(16).padStart(16, '0');
}

/** @throws Fault request.invalid for a field that is hidden, in the words for an unknown one, or that is read-only */
export function refuseGated(gate: ContactGate, input: object): void {
  const { hidden, readOnly } = gate;
  const { custom, ...own } = input as { readonly custom?: object };
  const names = (of: object) => Object.entries(of).filter(([, value]) => value !== undefined).map(([field]) => field);
  const known = new Set(gate.properties.map(({ name }) => name as string));
  const sent = names(custom ?? {}).map((key) => `custom.${key}`);
  const given = [...names(own), ...sent];
  refuseUnknown([...given.filter((field) => hidden.has(field)), ...sent.filter((name) => !hidden.has(name) && !known.has(name))]);
  const fields = given.filter((field) => readOnly.has(field)).map((path) => ({ path, text: `${path} may be read by your role, not changed` }));
  if (fields.length > 0) throw fault('request.invalid', { fields });
}
