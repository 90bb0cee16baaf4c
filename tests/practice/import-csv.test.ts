import pg from 'pg';
import t from 'tap';
import { generatePractice } from '../../core/demo/generate.ts';
import { renderPatientCsv } from '../support/patient-csv.ts';
import type { Patient } from '../../core/clinical/clinical-document.ts';
import { systemScope } from '../../core/db/scope.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { openCsvReader } from '../../core/practice/imports/csv-reader.ts';
import { guessMapping, patientOfRow } from '../../core/practice/imports/csv-rows.ts';
import { CsvTable } from '../../core/practice/imports/csv-table.ts';
import { readCsv as packed } from '../../core/practice/imports/read-csv.ts';
import { checkMapping, importCsv, refusedRowsCsv } from '../../core/practice/imports/import-csv.ts';
import type { Outcome } from '../../core/practice/imports/run-batch.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs } from '../support/people.ts';

const csv = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'), 'utf8');
const readCsv = (bytes: Uint8Array): CsvTable => new CsvTable(packed(bytes));
const HEAD = 'Last Name,First Name,DOB,Sex,Phone,E-mail,MRN';
const MAPPING = { 'Last Name': 'familyName', 'First Name': 'givenName', DOB: 'birthDate', Sex: 'sex', Phone: 'phone', 'E-mail': 'email', MRN: 'mrn' } as const;

t.test('a spreadsheet is read as spreadsheets are written', async (t) => {
  t.same(readCsv(csv(HEAD, '"O""Hara, Jr",Ada,1956-12-10,F,,,')).rows()[0]?.cells[0], 'O"Hara, Jr');
  t.same(readCsv(Buffer.from('\uFEFFA;B\n1;2\n')).headers, ['A', 'B'], 'byte order mark, semicolons');
  t.same(readCsv(Buffer.from([0x41, 0x0a, 0xe9, 0x0a])).rows()[0]?.cells, ['é'], 'windows-1252');
  t.same(readCsv(Buffer.from('A,B\r\n1,2\n3,4\r5,6\r\n')).rows().map(({ cells }) => cells), [['1', '2'], ['3', '4'], ['5', '6']], 'mixed line ends lose no row');
  t.same(readCsv(Buffer.from('A,B\n"1\r\n2",3\n')).rows()[0]?.cells, ['1\r\n2', '3'], 'line ends in quotes');
  t.same(readCsv(Buffer.from('"A; B; C",D\n1,2\n')).headers, ['A; B; C', 'D'], 'what parts the headings, not what stands in one');
  t.same(readCsv(Buffer.from('sep=|\r\nA|B\r\n1|2\r\n')).headers, ['A', 'B']);
  for (const swap of [false, true]) {
    const wide = Buffer.from('\uFEFFA\tB\r\né\t2\r\n', 'utf16le');
    t.same(readCsv(swap ? wide.swap16() : wide).rows()[0]?.cells, ['é', '2'], 'what spreadsheets call Unicode text');
  }
  t.throws(() => readCsv(csv('a,'.repeat(501), '1')), { code: 'import.csv_columns' });
  for (const [title, bytes] of [['empty', Buffer.alloc(0)], ['a heading alone', csv(HEAD)], ['binary', Buffer.from([0x50, 0x4b, 3, 4, 0, 0])], ['an open quote', csv(HEAD, '"a')]] as const) {
    t.throws(() => readCsv(bytes), { code: 'import.csv_unreadable' }, title);
  }
});

t.test('a cell as long as a book is refused, and keeps nobody waiting', async (t) => {
  const table = readCsv(csv('Family name,Given name,Birth date,Sex,E-mail,Notes', `Moss,${'Ada '.repeat(2_000)},1971-01-02,F,a@${'.'.repeat(300_000)}@,${'n'.repeat(9_999)}`));
  const began = performance.now();
  const [row] = table.rows();
  const mapping = { 'Family name': 'familyName', 'Given name': 'givenName', 'Birth date': 'birthDate', Sex: 'sex', 'E-mail': 'email', Notes: 'notes' } as const;
  t.same(patientOfRow(table, row as NonNullable<typeof row>, mapping, 'urn:x', '2026-11-22'), { line: 2, faults: ['Given name: longer than 254 characters.', 'E-mail: longer than 254 characters.'] });
  t.ok(performance.now() - began < 1_000, 'reading it takes no minutes');
});

t.test('a large spreadsheet is read off this thread, to the same values', async (t) => {
  const reader = openCsvReader();
  const bytes = csv(HEAD, ...Array.from({ length: 20_000 }, (_none, at) => `"Moss, ${at}",Ada,1971-01-02,F,303-555-0142,ada@example.org,${at}`));
  let turns = 0;
  const ticking = setInterval(() => void (turns += 1), 1);
  const table = await reader.read('willow', Buffer.concat([Buffer.from('before'), bytes]).subarray(6));
  clearInterval(ticking);
  t.ok(turns > 0, 'while it was read this thread did other work');
  t.equal(table.rowCount, 20_000);
  const here = readCsv(bytes);
  t.same([table.rows(19_990), table.rowOfLine(2), table.rowOfLine(20_002), table.rowOfLine(1)], [here.rows(19_990), here.rows(0, 1)[0], undefined, undefined]);
  t.same(table.rows(19_999), [{ line: 20_001, cells: ['Moss, 19999', 'Ada', '1971-01-02', 'F', '303-555-0142', 'ada@example.org', '19999'] }]);
  const afar = openCsvReader({ inPlaceBytes: 0 });
  await t.rejects(afar.read('willow', csv(HEAD)), { code: 'import.csv_unreadable', status: 422 }, 'a refusal crosses');
  await t.rejects(afar.read('willow', csv(HEAD, ...Array<string>(100_001).fill('a'))), { code: 'request.too_large' });
  await t.rejects(openCsvReader({ inPlaceBytes: 0, readMs: 1 }).read('willow', bytes), { code: 'request.too_large' }, 'so do bounds of time');
  t.equal((await afar.read('willow', csv(HEAD, 'a,b'))).rowCount, 1, 'and the next is read');
});

t.test('a workspace has few places before the thread that reads, and the queue an end', async (t) => {
  const reader = openCsvReader({ inPlaceBytes: 100, perWorkspace: 2, all: 3 });
  const large = csv(HEAD, ...Array<string>(50).fill('Moss,Ada,1971-01-02,F,,,'));
  const busy = { code: 'import.reader_busy', status: 429, message: /try again in a moment/, retryAfterS: 5 };
  const first = [reader.read('willow', large), reader.read('willow', large)];
  await t.rejects(reader.read('willow', large), busy, 'a third of one practice');
  const others = reader.read('harbor', large);
  await t.rejects(reader.read('alder', large), busy, 'a fourth of all');
  t.equal((await reader.read('willow', csv(HEAD, 'a,b'))).rowCount, 1, 'a small one needs no place');
  t.same((await Promise.all([...first, others])).map(({ rowCount }) => rowCount), [50, 50, 50]);
  await t.rejects(reader.read('willow', Buffer.alloc(200)), { code: 'import.csv_unreadable' });
  t.equal((await Promise.all([reader.read('willow', large), reader.read('willow', large)])).length, 2, 'a place is free once its file is read or refused');
});

t.test('columns of one name are told apart, and no cell of a refused row is lost', async (t) => {
  const table = readCsv(csv('Last Name,Phone,Phone,,Phone (2),Phone,', 'Moss,1,2,3,4,5,6,past,the headings'));
  t.same(table.headers, ['Last Name', 'Phone', 'Phone (3)', 'Column 4', 'Phone (2)', 'Phone (4)', 'Column 7']);
  t.same(guessMapping(['Phone', 'Phone (2)']), { Phone: 'phone' });
  for (const heading of ['Born', 'Born on', 'D.O.B.', 'Birth Date']) t.same(guessMapping([heading]), { [heading]: 'birthDate' });
  const { patient } = patientOfRow(readCsv(csv('Family name,Given name,Birth date,Sex,Phone,Phone', 'Moss,Ada,1971-01-02,F,303-555-0142,303-555-0143')), { line: 2, cells: ['Moss', 'Ada', '1971-01-02', 'F', '303-555-0142', '303-555-0143'] }, {
    'Family name': 'familyName', 'Given name': 'givenName', 'Birth date': 'birthDate', Sex: 'sex', Phone: 'phone', 'Phone (2)': 'workPhone',
  }, 'urn:x', '2026-11-22') as { patient: Patient };
  t.same(patient.telecoms.map(({ value, use }) => [value, use]), [['+13035550142', 'HP'], ['+13035550143', 'WP']]);
  const back = readCsv(Buffer.from(refusedRowsCsv(table, new Map([[2, 'x']]))));
  t.same(back.rows()[0]?.cells, ['Moss', '1', '2', '3', '4', '5', '6', 'past', 'the headings', 'x']);
  t.same([back.headers.slice(0, 7), back.headers.at(-1)], [table.headers, 'Why it was refused']);
});

t.test('columns are guessed, and a mapping that cannot work is refused', async (t) => {
  t.same(guessMapping(['Record No', 'Last Name', 'First Name', 'DOB', 'Sex', 'Mobile', 'E-mail', 'ZIP', 'Shoe size']), {
    'Record No': 'mrn', 'Last Name': 'familyName', 'First Name': 'givenName', DOB: 'birthDate', Sex: 'sex', Mobile: 'mobile', 'E-mail': 'email', ZIP: 'postalCode',
  });
  const table = readCsv(csv(HEAD, 'a,b,c,d,e,f,g'));
  t.throws(() => checkMapping(table, { DOB: 'birthDate' }), { code: 'import.mapping_incomplete' });
  t.throws(() => checkMapping(table, { ...MAPPING, Hat: 'notes' }), { code: 'request.invalid' });
  t.throws(() => checkMapping(table, { ...MAPPING, Phone: 'shoeSize' }), { code: 'request.invalid' });
  t.throws(() => checkMapping(table, { ...MAPPING, Phone: 'email' }), { code: 'request.invalid' }, 'two columns for one field');
});

t.test('good rows come in, each bad one says why, and the file can be brought again', async (t) => {
  const { app } = await openTestApp(t);
  const people = await createPeople(app);
  const scope = systemScope(people.workspaceId, 'test');
  const { text, faulty } = renderPatientCsv(generatePractice({ seed: 'csv', slug: 'willow', patients: 40, today: '2026-11-22', staff: [{ id: people.agent.id, role: 'AGENT' }] }).patients);
  const table = readCsv(Buffer.from(text, 'utf8'));
  const mapping = checkMapping(table, guessMapping(table.headers));
  const run = async (): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    await importCsv(app, scope, table, mapping, (outcome) => void outcomes.push(outcome));
    return outcomes;
  };
  const first = await run();
  t.equal(first.length, table.rowCount);
  const refused = first.filter(({ code }) => code === 'import.row_refused');
  t.same(refused.map(({ line }) => line).sort(), faulty.map(({ line }) => line).sort(), 'the faulty rows, and those alone, are refused as faulty');
  for (const { reason } of refused) t.notMatch(reason, /02\/30|call me|2091|\b555\b/, 'a reason never repeats the value');
  const created = first.filter(({ outcome }) => outcome === 'created').length;
  const contacts = await app.withWorkspace(scope, async (tx) => Contact.query(tx));
  t.equal(contacts.length, created);
  t.ok(contacts.every(({ birth_date }) => /^\d{4}-\d\d-\d\d$/.test(birth_date ?? '')));

  const again = await run();
  t.equal(again.filter(({ outcome }) => outcome === 'created').length, 0, 'nobody twice');
  t.equal(again.filter(({ outcome }) => outcome === 'unchanged').length, created);

  const mended = refusedRowsCsv(table, new Map(refused.map(({ line, reason }) => [line as number, reason ?? ''])));
  t.equal(readCsv(Buffer.from(mended, 'utf8')).rowCount, refused.length);
  t.match(mended, /Why it was refused/);
  const hostile = refusedRowsCsv(readCsv(csv('=1+2,Notes', '=1+1,- allergic')), new Map([[2, 'x']]));
  t.equal(refusedRowsCsv(readCsv(csv('A,B', '"1\n2",3')), new Map([[2, 'x']])), '\uFEFFA,B,Why it was refused\r\n"1\n2",3,x\r\n', 'a line end in a cell is in quotes');
  t.notMatch(hostile, /(^|[\uFEFF\r\n,"])[=-]/, 'no formula for a spreadsheet to run, in a heading or below');
  t.same(readCsv(Buffer.from(hostile)).rows()[0]?.cells.slice(0, 2), ['=1+1', '- allergic'], 'and the cells are as they were when the file comes back');
});

const { app, database } = await openTestApp(t);
const people = await createPeople(app);

t.test('only those who may', async (t) => {
  const table = readCsv(csv(HEAD, 'Lovell,Ada,12/10/1956,F,(303) 555-0142,ada@example.org,7'));
  await t.rejects(importCsv(app, scopeAs(people.agent), table, checkMapping(table, MAPPING), () => undefined), { code: 'access.denied' });
  t.equal((await app.withWorkspace(scopeAs(people.admin), async (tx) => Contact.query(tx))).length, 0);
});

t.test('a row that adds tags does not wait for those who only point to the contact', async (t) => {
  const scope = systemScope(people.workspaceId, 'test');
  const run = async (tags: string): Promise<Outcome[]> => {
    const table = readCsv(csv(`${HEAD},Tags`, `Lovell,Ada,12/10/1956,F,(303) 555-0142,ada@example.org,7,${tags}`));
    const outcomes: Outcome[] = [];
    await importCsv(app, scope, table, checkMapping(table, { ...MAPPING, Tags: 'tags' }), (outcome) => void outcomes.push(outcome));
    return outcomes;
  };
  const [created] = await run('asthma');
  const pointing = new pg.Client({ connectionString: database.superuserUrl });
  await pointing.connect();
  t.teardown(() => pointing.end());
  await pointing.query('begin');
  await pointing.query('select from app.contacts where id = $1 for key share', [created?.contact_id]); // what a foreign key holds
  t.match(await run('asthma; vip'), [{ outcome: 'matched', contact_id: created?.contact_id }]);
  await pointing.query('rollback');
});
