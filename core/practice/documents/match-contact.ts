import type { Patient } from '../../clinical/clinical-document.ts';
import { nameTokens } from '../../crypto/normalize.ts';
import type { Tx } from '../../db/scope.ts';
import { distinctionsAmong } from '../contacts/distinctions.ts';
import { UNGATED } from '../contacts/gated-model.ts';
import { Contact, ContactIdentifier } from '../contacts/model.ts';
import type { MatchDoubt } from './model.ts';

/**
 * Which contact a document's patient is: deterministic, and never a guess. A shared identifier or the same name, birth date and sex is a
 * match when nothing speaks against it; when something does, the document gets a contact of its own and the pair waits for a person. What a person
 * said of a pair before is not asked again.
 * Merging two records of one person can be made good later, mixing two people's records cannot.
 */
export type Match =
  | { readonly kind: 'none' }
  | { readonly kind: 'match'; readonly contact: Contact; readonly by: 'identifier' | 'demographics' }
  | { readonly kind: 'doubt'; readonly candidates: readonly { readonly contact: Contact; readonly reason: MatchDoubt }[] };

const CANDIDATES_MAX = 20;
/** A number that more people than these carry, as test numbers and fillers are, names none of them. */
const HOLDERS_MAX = 5;

export async function matchContact(tx: Tx, patient: Patient): Promise<Match> {
  const identifiers = matchableIdentifiers(patient);
  const [byIdentifier, byDemographics] = await Promise.all([contactsWithIdentifier(tx, identifiers), contactsWithNameAndBirth(tx, patient)]);

  const sure = byIdentifier.filter((contact) => agrees(contact, patient));
  if (sure.length === 1) return { kind: 'match', contact: sure[0] as Contact, by: 'identifier' };
  if (sure.length > 1) return { kind: 'doubt', candidates: sure.map((contact) => ({ contact, reason: 'several_candidates' as const })) };

  const namesakes = byDemographics.filter((contact) => contact.sex === patient.sex);
  const areTwo = await toldApart(tx, byIdentifier, namesakes);
  const sharing = byIdentifier.filter((contact) => !namesakes.some((other) => areTwo(contact.id, other.id)));
  if (sharing.length > 0) return { kind: 'doubt', candidates: sharing.map((contact) => ({ contact, reason: 'identifier_shared' as const })) };

  const alike = await withoutRuledOut(tx, namesakes, identifiers, areTwo);
  if (alike.length > 1) return { kind: 'doubt', candidates: alike.map((contact) => ({ contact, reason: 'several_candidates' as const })) };
  const [only] = alike;
  if (only !== undefined) {
    const clash = await hasOtherNumberOfSameAuthority(tx, only.id, identifiers);
    return clash ? { kind: 'doubt', candidates: [{ contact: only, reason: 'identifiers_differ' }] } : { kind: 'match', contact: only, by: 'demographics' };
  }
  if (byDemographics.length > 0) return { kind: 'doubt', candidates: byDemographics.map((contact) => ({ contact, reason: 'demographics_differ' as const })) };
  return { kind: 'none' };
}

/** What somebody already answered about these contacts; asked only where the answer can decide between several. */
async function toldApart(tx: Tx, byIdentifier: readonly Contact[], namesakes: readonly Contact[]): Promise<(a: string, b: string) => boolean> {
  const ids = [...byIdentifier, ...namesakes].map(({ id }) => id);
  return namesakes.length === 0 || ids.length < 2 ? () => false : distinctionsAmong(tx, ids);
}

/** Of several namesakes, those whose numbers speak against them go, where somebody told them apart from one whose numbers do not. */
async function withoutRuledOut(tx: Tx, namesakes: readonly Contact[], identifiers: readonly { system: string; value: string }[], areTwo: (a: string, b: string) => boolean): Promise<readonly Contact[]> {
  if (!namesakes.some((a) => namesakes.some((b) => areTwo(a.id, b.id)))) return namesakes;
  const clashing = new Set<string>();
  for (const { id } of namesakes) if (await hasOtherNumberOfSameAuthority(tx, id, identifiers)) clashing.add(id);
  return namesakes.filter(({ id }) => !clashing.has(id) || !namesakes.some((other) => !clashing.has(other.id) && areTwo(id, other.id)));
}

/** Identifiers that name one person: `system` is the assigning authority's OID. Placeholders and HL7's example arcs are left out. */
export function matchableIdentifiers(patient: Patient): { system: string; value: string }[] {
  return patient.identifiers
    .filter((id) => id.isMatchable && id.root !== null && id.extension !== null)
    .map((id) => ({ system: id.root as string, value: id.kind === 'ssn' ? (id.extension as string).replace(/\D/g, '') : (id.extension as string) }));
}

async function contactsWithIdentifier(tx: Tx, identifiers: readonly { system: string; value: string }[]): Promise<Contact[]> {
  if (identifiers.length === 0) return [];
  const terms = [...new Set(identifiers.map(({ system, value }) => `${system}|${value.trim().toLowerCase()}`))];
  const holders = await Promise.all(terms.map((term) => holdersOf(tx, term)));
  return [...new Map(holders.flatMap((contacts) => (contacts.length > HOLDERS_MAX ? [] : contacts.map((contact) => [contact.id, contact])))).values()];
}

async function holdersOf(tx: Tx, term: string): Promise<Contact[]> {
  const rows = await ContactIdentifier.query(tx).context(UNGATED).whereIn('value_tag', tx.keys.tags('identifier', term)).limit(CANDIDATES_MAX);
  const ids = rows.filter((row) => `${row.system}|${row.value.trim().toLowerCase()}` === term).map((row) => row.contact_id);
  return ids.length === 0 ? [] : current(tx, await Contact.query(tx).context(UNGATED).whereIn('id', [...new Set(ids)]));
}

async function contactsWithNameAndBirth(tx: Tx, patient: Patient): Promise<Contact[]> {
  if (patient.birthDate === null) return [];
  const query = Contact.query(tx).context(UNGATED).whereIn('birth_date_tag', tx.keys.tags('date', patient.birthDate)).limit(CANDIDATES_MAX * 10);
  // Hundreds may share the date that stands for an unknown one: PostgreSQL looks at the words of the name before anything is opened.
  for (const word of nameTokens(`${patient.name.given} ${patient.name.family}`)) query.whereRaw('name_tags && ?::bigint[]', [`{${tx.keys.tags('name', `=${word}`).join(',')}}`]);
  const rows = await query;
  return current(tx, rows.filter((contact) => contact.birth_date === patient.birthDate && sameName(contact, patient)));
}

/** A merged record stands for its survivor, which may have been merged itself since. */
async function current(tx: Tx, rows: readonly Contact[]): Promise<Contact[]> {
  const seen = new Map<string, Contact>();
  for (let found = rows; found.length > 0; ) {
    for (const row of found) seen.set(row.id, row);
    const survivors = found.flatMap(({ merged_into_id }) => (merged_into_id === null || seen.has(merged_into_id) ? [] : [merged_into_id]));
    found = survivors.length === 0 ? [] : await Contact.query(tx).context(UNGATED).whereIn('id', survivors);
  }
  return [...seen.values()].filter(({ merged_into_id }) => merged_into_id === null);
}

/** Birth date, sex and given name agree: who marries keeps those. Twins share all but the last, and may be written down under one number, a parent's or the family's. */
function agrees(contact: Contact, patient: Patient): boolean {
  return contact.birth_date === patient.birthDate && contact.sex === patient.sex && sharesGivenName(contact, patient);
}

/** One's first name is among all of the other's (people are called by a second name); where one of them has none, the family name has to do. */
function sharesGivenName(contact: Contact, { name, otherNames }: Patient): boolean {
  const [first, all] = [contact.given_name ?? '', [contact.given_name, contact.middle_name, contact.preferred_name].join(' ')];
  const theirs = [name, ...otherNames].map(({ given, middle, nickname }) => [given, middle, nickname].join(' ')).join(' ');
  if (nameTokens(first).length === 0 || nameTokens(name.given).length === 0) return overlaps(contact.family_name, name.family);
  return overlaps(first, theirs) || overlaps(all, name.given);
}

function sameName(contact: Contact, patient: Patient): boolean {
  const same = (a: string | null, b: string) => nameTokens(a ?? '').sort().join(' ') === nameTokens(b).sort().join(' ');
  return same(contact.family_name, patient.name.family) && same(contact.given_name, patient.name.given);
}

function overlaps(a: string | null, b: string): boolean {
  const tokens = new Set(nameTokens(a ?? ''));
  return nameTokens(b).some((token) => tokens.has(token));
}

/** The same authority gave this person another number: two records there, or two people. */
async function hasOtherNumberOfSameAuthority(tx: Tx, contactId: string, identifiers: readonly { system: string; value: string }[]): Promise<boolean> {
  const known = await ContactIdentifier.query(tx).context(UNGATED).where({ contact_id: contactId });
  return identifiers.some(({ system, value }) => {
    const theirs = known.filter((row) => row.system === system);
    return theirs.length > 0 && !theirs.some((row) => row.value.trim().toLowerCase() === value.trim().toLowerCase());
  });
}
