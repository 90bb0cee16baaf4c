import type { Role } from '../../../core/db/scope.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { readDocument } from '../../../core/clinical/read-document.ts';
import { GATEABLE_FIELDS } from '../../../core/practice/contacts/field-gate.ts';
import { addActivity } from '../../../core/practice/activities/actions.ts';
import { bookAppointment } from '../../../core/practice/appointments/actions.ts';
import { importDocument } from '../../../core/practice/documents/import-document.ts';
import type { ContactChanges } from '../../../core/practice/contacts/contact-schema.ts';
import { createContact } from '../../../core/practice/contacts/write-contact.ts';
import { Property } from '../../../plugins/field-gates/models.ts';
import { bytesOf, documentXml, sectionXml } from '../../clinical/build-document.ts';
import { scopeAs, type Person } from '../../support/people.ts';
import type { Gates } from './open-gates.ts';

/** What is planted in every field, and the words that give it away wherever they stand: in JSON, HTML, a header. */
export const FIELDS = [...Object.keys(GATEABLE_FIELDS), 'custom.zqplumage'] as const;

export const NEEDLES: Readonly<Record<string, RegExp>> = {
  givenName: /zqgiven/i, middleName: /zqmiddle/i, familyName: /zqfamily/i, namePrefix: /zqprefix/i, nameSuffix: /zqsuffix/i, preferredName: /zqcalled/i, birthDate: /1907-03-29|Mar(ch)? 29, 1907|19070329/, sex: /\bfemale\b|code="F"/i,
  genderIdentity: /zqgender/i, pronouns: /zqpronouns/i, language: /\btlh\b/, maritalStatus: /zqmarital/i, race: /zqrace/i, ethnicity: /zqethnicity/i, deceasedOn: /2003-08-14|Aug(ust)? 14, 2003|20030814/, notes: /zqnotes/i,
  preferredChannel: /"portal"|>portal<|value="portal"/, tags: /zqtag/i, phones: /555-?0171|5550171/, emails: /zqmail/i, addresses: /zqstreet|zqcity/i, identifiers: /zqnumber/i, 'custom.zqplumage': /zqcrimson/i,
};

/** Signs of the name of a field, where a name alone would say that there is such a field. */
export const NAMES: Readonly<Record<string, RegExp>> = Object.fromEntries(FIELDS.map((field) => [field, field.startsWith('custom.') ? /zqplumage/i : new RegExp(`name="${field}[."]|^${field}$`, 'm')]));

const PERSON = {
  givenName: 'Zqgiven', middleName: 'Zqmiddle', familyName: 'Zqfamily', namePrefix: 'Zqprefix', nameSuffix: 'Zqsuffix', preferredName: 'Zqcalled', birthDate: '1907-03-29', sex: 'female', genderIdentity: 'zqgender', pronouns: 'zqpronouns',
  language: 'tlh', maritalStatus: 'zqmarital', race: 'zqrace', ethnicity: 'zqethnicity', deceasedOn: '2003-08-14', status: 'deceased', notes: 'zqnotes', preferredChannel: 'portal', tags: ['zqtag'],
  phones: [{ use: 'home', value: '+13035550171' }], emails: [{ use: 'home', value: 'zqmail@example.org' }], addresses: [{ use: 'home', lines: ['1 Zqstreet'], city: 'Zqcity' }], identifiers: [{ system: '1.2.840.114350.1.13.99998.8735', value: 'ZQNUMBER7' }],
} as const;

/** As somebody would type it in, who sees all. */
export function plantedFields(): ContactChanges {
  return { ...PERSON, tags: [...PERSON.tags], phones: [...PERSON.phones], emails: [...PERSON.emails], addresses: PERSON.addresses.map((one) => ({ ...one, lines: [...one.lines] })), identifiers: [...PERSON.identifiers], custom: { zqplumage: 'Zqcrimson' } };
}

export type Planted = { contactId: string; otherId: string; activityId: string; appointmentId: string; documentId: string; waitingId: string };

/** A person with something in every field, owned by the agent, with an activity, an appointment, a clinical document and a double. */
export async function plant({ app, willow }: Gates): Promise<Planted> {
  const as = (person: Person) => scopeAs(person);
  await app.withWorkspace(systemScope(willow.workspaceId, 'test'), async (tx) => {
    await Property.query(tx).insert({ name: 'zqplumage', label: 'Zqplumage', type: 'text', choices: [], is_indexed: true, is_listed: true, is_retired: false, created_at: new Date(tx.now) });
    tx.pending.push({ action: 'test.planted', outcome: 'ok', target: null, detail: {} });
  });
  const { id: contactId } = await app.withWorkspace(as(willow.agent), (tx) => createContact(tx, plantedFields()));
  const { id: otherId } = await app.withWorkspace(as(willow.admin), (tx) => createContact(tx, { givenName: 'Zqgiven', familyName: 'Zqfamily', birthDate: '1907-03-29' }));
  const activity = await app.withWorkspace(as(willow.agent), (tx) => addActivity(tx, contactId, { kind: 'task', subject: 'Call' }));
  const { appointment } = await app.withWorkspace(as(willow.agent), (tx) => bookAppointment(tx, { contactId, practitionerId: willow.agent.id, localStart: '2031-03-05T10:00', durationMinutes: 30, timeZone: 'America/New_York' }));
  const bytes = bytesOf(documentXml({
    role: '<id root="1.2.840.114350.1.13.99998.8735" extension="ZQNUMBER7"/><addr use="HP"><streetAddressLine>1 Zqstreet</streetAddressLine><city>Zqcity</city></addr><telecom value="tel:(303) 555-0171" use="HP"/><telecom value="mailto:zqmail@example.org"/>',
    person: '<name use="L"><prefix>Zqprefix</prefix><given>Zqgiven</given><given>Zqmiddle</given><family>Zqfamily</family><suffix>Zqsuffix</suffix></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19070329"/><maritalStatusCode code="M" codeSystem="2.16.840.1.113883.5.2" displayName="zqmarital"/><raceCode code="2106-3" codeSystem="2.16.840.1.113883.6.238" displayName="zqrace"/><ethnicGroupCode code="2186-5" codeSystem="2.16.840.1.113883.6.238" displayName="zqethnicity"/><languageCommunication><languageCode code="tlh"/></languageCommunication>',
    body: sectionXml('29762-2', '', 'Nothing of note'),
  }));
  const filed = await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) }));
  if (filed.contactId !== contactId) throw new Error('The document was not filed with the person it names.');
  const undated = bytesOf(documentXml({ person: '<name use="L"><given>Zqgiven</given><family>Zqfamily</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>' }));
  const waiting = await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => importDocument(tx, { fileName: 'b.xml', bytes: undated, document: readDocument(undated) }));
  return { contactId, otherId, activityId: activity.id, appointmentId: appointment.id, documentId: filed.documentId, waitingId: waiting.documentId };
}

/** mulberry32: the same triples for the same seed. */
export function seeded(seed: number): <T>(choices: readonly T[]) => T {
  let state = seed >>> 0;
  return (choices) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return choices[((mixed ^ (mixed >>> 14)) >>> 0) % choices.length] as (typeof choices)[number];
  };
}

export const PEOPLE: Readonly<Record<Role, 'admin' | 'manager' | 'agent' | 'readonly'>> = { ADMIN: 'admin', MANAGER: 'manager', AGENT: 'agent', READONLY: 'readonly' };
