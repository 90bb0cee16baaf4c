import { parse } from 'csv-parse/sync';
import t from 'tap';
import { renderPatientCsv } from './patient-csv.ts';
import { generatePractice } from '../../core/demo/generate.ts';

const { patients } = generatePractice({ seed: 'csv', slug: 'harbor', patients: 60, today: '2026-03-04', staff: [{ id: 'agent', role: 'AGENT' }] });

t.test('a CSV reader reads back every patient, faulty rows excepted', async (t) => {
  const { text, faulty } = renderPatientCsv(patients);
  const rows = parse(text, { columns: true, bom: true }) as Record<string, string>[];
  t.equal(rows.length, patients.length);
  t.equal(faulty.length, 6);
  for (const [index, row] of rows.entries()) {
    const patient = patients[index];
    const fault = faulty.find((each) => each.line === index + 2);
    if (!fault && row['Last Name'] !== patient?.name.family) t.fail(`row ${index + 2}: ${row['Last Name']}`);
    if (!fault && row['DOB'] !== patient?.birthDate.replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1')) t.fail(`row ${index + 2}: ${row['DOB']}`);
    if (row['Record No'] !== patient?.mrn) t.fail(`row ${index + 2}: record number`);
  }
  t.same(faulty.map(({ line, column }) => rows[line - 2]?.[column]), ['02/30/1984', '', '2091-04-12', 'call me maybe', '555', 'yes']);
  t.equal(text.charCodeAt(0), 0xfeff, 'with a byte order mark');
  t.equal(renderPatientCsv([]).faulty.length, 0);
});
