import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SaxesParser } from 'saxes';
import t from 'tap';
import { renderCcd } from '../../core/demo/ccda.ts';
import { generatePractice } from '../../core/demo/generate.ts';

const SCHEMA = new URL('../../../shared/data/ccda/xsd/infrastructure/cda/CDA_SDTC.xsd', import.meta.url).pathname;
const practice = generatePractice({ seed: 'ccda', slug: 'willow', patients: 80, today: '2026-03-04', staff: [{ id: 'agent', role: 'AGENT' }] });
const { patients, profile } = practice;
const render = (patient: (typeof patients)[number]): string =>
  renderCcd({ patient, profile, author: { id: 'agent', given: 'Ana', family: 'Fisher & Sons <x>' }, writtenAt: '2026-03-04T18:00:00.000Z' });

t.test('every document is well-formed, repeatable, and its references lead somewhere', async (t) => {
  for (const patient of patients) {
    const xml = render(patient);
    const ids = new Set<string>();
    const references: string[] = [];
    const parser = new SaxesParser({ xmlns: true });
    parser.on('opentag', ({ name, attributes }) => {
      const id = attributes['ID']?.value;
      if (id) { if (ids.has(id)) t.fail(`${patient.key}: ${id} twice`); ids.add(id); }
      if (name === 'reference') references.push(attributes['value']?.value.slice(1) ?? '');
    });
    parser.on('error', (error) => { throw error; });
    parser.write(xml).close();
    if (!references.every((reference) => ids.has(reference))) t.fail(`${patient.key}: a reference leads nowhere`);
  }
  const [patient] = patients;
  t.ok(patient);
  if (patient) t.equal(render(patient), render(patient));
});

t.test('a document holds the person and the history it was made from', async (t) => {
  const patient = patients.find((each) => each.history.allergies.length > 0 && each.history.medications.length > 1 && each.history.panels.length > 0);
  t.ok(patient);
  if (!patient) return;
  const xml = render(patient);
  t.match(xml, `<given>${patient.name.given}</given>`);
  t.match(xml, `<birthTime value="${patient.birthDate.replaceAll('-', '')}"/>`);
  t.match(xml, `extension="${patient.mrn}"`);
  t.match(xml, 'Fisher &amp; Sons &lt;x&gt;');
  for (const each of patient.history.conditions) t.match(xml, `code="${each.snomed}"`, each.name);
  for (const each of patient.history.medications) t.match(xml, `code="${each.rxnorm}"`, each.name);
  for (const each of patient.history.allergies) t.match(xml, `code="${each.substance.code}"`, each.substance.name);
  t.equal(xml.match(/<section[ >]/g)?.length, 9);
  const empty = patients.find((each) => each.status === 'new');
  if (empty) t.equal(render(empty).match(/<section nullFlavor="NI">/g)?.length, 9, 'a new patient has nine sections that say they are empty');
});

t.test('valid against CDA_SDTC.xsd', { skip: skipReason() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'wardkeep-ccd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const patient of patients) writeFileSync(join(folder, `${patient.key}.xml`), render(patient));
  const files = patients.map((patient) => join(folder, `${patient.key}.xml`));
  const check = (...documents: string[]) => spawnSync('xmllint', ['--noout', '--nonet', '--schema', SCHEMA, ...documents], { encoding: 'utf8' });
  const { status, stderr } = check(...files);
  t.equal(status, 0, stderr.split('\n').filter((line) => !line.endsWith(' validates')).slice(0, 5).join('\n'));
  const broken = join(folder, 'broken.xml');
  writeFileSync(broken, render(patients[0] as (typeof patients)[number]).replace('<recordTarget>', '<recordTarget><surprise/>'));
  t.not(check(broken).status, 0, 'and the check can fail');
});

/** In CI a missing schema or validator is a failure, not a reason to look away. */
function skipReason(): string | false {
  if (process.env['CI'] === 'true') return false;
  if (!existsSync(SCHEMA)) return 'no CDA schema under ../shared/data';
  return spawnSync('xmllint', ['--version']).error ? 'xmllint is not installed (Debian: libxml2-utils)' : false;
}
