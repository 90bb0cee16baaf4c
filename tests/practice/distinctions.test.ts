import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { distinctionsAmong } from '../../core/practice/contacts/distinctions.ts';
import { listDuplicates } from '../../core/practice/contacts/list-duplicates.ts';
import { mergeContacts, undoMerge } from '../../core/practice/contacts/merge-contacts.ts';
import { importDocument } from '../../core/practice/documents/import-document.ts';
import { MatchReview } from '../../core/practice/documents/model.ts';
import { keepApart, listWaiting } from '../../core/practice/documents/reviews.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { openPractice, recorded } from '../api/open-server.ts';
import { documentXml } from '../clinical/build-document.ts';
import { scopeAs } from '../support/people.ts';

const { app, people, other, as, browser } = await openPractice(t);
const manager = await as(people.manager);
const scope = scopeAs(people.manager);
const AUTHORITY = '1.2.840.114350.1.13.99998.8735';

const make = async (body: object): Promise<string> => (await manager('POST', '/contacts', body)).body.id;
const apart = (a: string, b: string) => manager('POST', `/contacts/${a}/apart`, { otherId: b });
const offered = async () => (await app.withWorkspace(scope, listDuplicates)).map(({ first, second }) => [first.id, second.id].sort().join(' '));
const isKnown = (a: string, b: string) => app.withWorkspace(scope, async (tx) => (await distinctionsAmong(tx, [a, b]))(a, b));
const both = (a: string, b: string) => [a, b].sort().join(' ');
const reviewsOf = async (contactId: string) => (await app.withWorkspace(scope, async (tx) => MatchReview.query(tx).where({ contact_id: contactId }).orWhere({ candidate_id: contactId }).orderBy('id'))).map(({ contact_id, candidate_id, status }) => ({ pair: both(contact_id, candidate_id), status }));
async function file(family: string, given: string, birth: string, number: string): Promise<{ contactId: string; contact: string }> {
  const role = `<id root="${AUTHORITY}" extension="${number}"/>`;
  const xml = documentXml({ role, person: `<name><given>${given}</given><family>${family}</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="${birth.replaceAll('-', '')}"/>` });
  const bytes = Buffer.from(xml);
  return (await app.withWorkspace(scopeAs(people.admin), (tx) => importDocument(tx, { fileName: 'a.xml', bytes, document: readDocument(bytes) }))) as { contactId: string; contact: string };
}

t.test('two people told apart are not proposed again, until it is taken back', async (t) => {
  const [a, b] = [await make({ givenName: 'Ada', familyName: 'Moss', birthDate: '1971-01-02' }), await make({ givenName: 'Ada', familyName: 'Moss', birthDate: '1971-01-02' })];
  t.ok((await offered()).includes(both(a, b)));
  t.equal((await apart(b, a)).status, 204);
  t.equal((await apart(a, b)).status, 204, 'said again, either way round');
  t.notOk((await offered()).includes(both(a, b)));
  t.match((await recorded(app, people.workspaceId, 'contact.told_apart')).at(0), { target: { id: b }, detail: { otherId: a } });
  t.equal((await manager('POST', `/contacts/${a}/apart/undo`, { otherId: b })).status, 204);
  t.ok((await offered()).includes(both(a, b)));
  t.match(await manager('POST', `/contacts/${a}/apart/undo`, { otherId: b }), { status: 404 });
  t.match(await apart(a, a), { status: 409, body: { code: 'contact.merge_refused' } });
  t.match(await (await as(people.agent))('POST', `/contacts/${a}/apart`, { otherId: b }), { status: 403 });
  t.match(await (await as(other.manager))('POST', `/contacts/${a}/apart`, { otherId: b }), { status: 404, body: { code: 'contact.not_found' } });
});

t.test('the page', async (t) => {
  const [a, b] = [await make({ givenName: 'Ida', familyName: 'Fern', birthDate: '1972-01-02' }), await make({ givenName: 'Ida', familyName: 'Fern', birthDate: '1972-01-02' })];
  const page = await browser(people.manager);
  t.match((await page.get('/contacts/duplicates')).text, `with=${a < b ? b : a}`);
  t.equal((await page.post('/contacts/duplicates/apart', { firstId: a, secondId: b })).status, 303);
  const told = (await page.get('/contacts/duplicates')).text;
  t.notMatch(told, `/contacts/${a < b ? a : b}/merge?with=`);
  t.match(told, /Told apart[\s\S]*Ida Fern[\s\S]*Ask again/);
  t.equal((await page.post('/contacts/duplicates/again', { firstId: a, secondId: b })).status, 303);
  t.match((await page.get('/contacts/duplicates')).text, `with=${a < b ? b : a}`);
});

t.test('an import does not ask what was answered', async (t) => {
  const first = await file('Better', 'Eve', '1975-05-01', '90019');
  const second = await file('Better', 'Eve', '1975-05-01', '90010');
  t.equal(second.contact, 'pending', 'another number of the same authority: a question');
  const { pairs } = await app.withWorkspace(scope, listWaiting);
  await app.withWorkspace(scope, (tx) => keepApart(tx, pairs.find(({ contact }) => contact.id === second.contactId)?.id as string));
  t.notOk((await offered()).includes(both(first.contactId, second.contactId)), 'nor does the list of duplicates');

  const numbered = await make({ givenName: 'Eve', familyName: 'Better', birthDate: '1945-05-01', sex: 'female', identifiers: [{ system: AUTHORITY, value: '70001' }] });
  const [namesake, younger] = [await make({ givenName: 'Eve', familyName: 'Better', birthDate: '1945-05-01', sex: 'female' }), await make({ givenName: 'Eve', familyName: 'Better', birthDate: '1955-05-01', sex: 'female' })];
  t.equal((await apart(numbered, namesake)).status, 204);
  t.match(await file('Better', 'Eve', '1945-05-01', '70002'), { contact: 'matched', contactId: namesake }, 'of two namesakes the one whose number is another is ruled out');
  t.equal((await apart(numbered, younger)).status, 204);
  t.match(await file('Better', 'Eve', '1955-05-01', '70001'), { contact: 'matched', contactId: younger }, 'a number that is shared by mistake');
});

t.test('a merge takes the questions along, and its undo asks them again', async (t) => {
  const candidate = await make({ givenName: 'Rosa', familyName: 'Quill', birthDate: '1980-03-04', sex: 'female', identifiers: [{ system: AUTHORITY, value: '555' }] });
  const { contactId: asked } = await file('Quill', 'Rosa', '1980-03-04', '556');
  const survivor = await make({ givenName: 'Rosalind', familyName: 'Quill', birthDate: '1980-03-04' });
  t.same(await reviewsOf(asked), [{ pair: both(asked, candidate), status: 'open' }]);

  const merge = (survivorId: string, mergedId: string) => app.withWorkspace(scope, (tx) => mergeContacts(tx, { survivorId, mergedId, take: [] }));
  const undo = (mergeId: string) => app.withWorkspace(scope, (tx) => undoMerge(tx, mergeId));
  const stranger = await make({ givenName: 'Rosa', familyName: 'Other', birthDate: '1980-03-04' });
  await apart(asked, stranger);
  const along = await merge(survivor, asked);
  t.same(await reviewsOf(survivor), [{ pair: both(survivor, candidate), status: 'open' }], 'it is about the survivor now');
  t.ok(await isKnown(survivor, stranger), 'and so is what was known');
  t.match((await app.withWorkspace(scope, listWaiting)).pairs, [{ contact: { id: survivor }, candidate: { id: candidate } }]);
  await undo(along.mergeId);
  t.same(await reviewsOf(asked), [{ pair: both(asked, candidate), status: 'open' }]);
  t.same([await isKnown(survivor, stranger), await isKnown(asked, stranger)], [false, true]);

  const answer = await merge(candidate, asked);
  t.match(await reviewsOf(candidate), [{ status: 'same' }], 'merging the two is the answer');
  await undo(answer.mergeId);
  t.match(await reviewsOf(candidate), [{ status: 'open' }]);

  await apart(survivor, candidate);
  const settled = await merge(survivor, asked);
  t.match(await reviewsOf(candidate), [{ status: 'different' }], 'the survivor had been told apart from that one');
  await undo(settled.mergeId);
  t.same(await reviewsOf(asked), [{ pair: both(asked, candidate), status: 'open' }]);

  await apart(asked, candidate);
  t.match(await reviewsOf(asked), [{ status: 'different' }]);
  const changedMind = await merge(candidate, asked);
  t.notOk(await isKnown(candidate, asked), 'who merges two takes back that they are two');
  await undo(changedMind.mergeId);
  t.ok(await isKnown(candidate, asked));
});

t.test('an undo leaves standing what somebody decided after the merge', async (t) => {
  const [survivor, merged, third] = [await make({ familyName: 'Sorrel' }), await make({ familyName: 'Sorrel' }), await make({ familyName: 'Sorrel' })];
  await apart(merged, third);
  const { mergeId } = await app.withWorkspace(scope, (tx) => mergeContacts(tx, { survivorId: survivor, mergedId: merged, take: [] }));
  t.equal((await apart(survivor, third)).status, 204, 'the merge had said so already; now a person does');
  await app.withWorkspace(scope, (tx) => undoMerge(tx, mergeId));
  t.same([await isKnown(survivor, third), await isKnown(merged, third)], [true, true]);
});

t.test('two who are told apart while they are merged: one comes after the other', async (t) => {
  const [a, b] = [await make({ familyName: 'Crosswise' }), await make({ familyName: 'Crosswise' })];
  let telling: ReturnType<typeof apart> | undefined;
  await app.withWorkspace(scope, async (tx) => {
    await mergeContacts(tx, { survivorId: a, mergedId: b, take: [] });
    telling = apart(a, b);
    await sleep(400);
  });
  t.match(await telling, { status: 409, body: { code: 'contact.merged' } });
  t.notOk(await isKnown(a, b));
});
