// Entries as the standard allows them and products write them, one habit a test.

import t from 'tap';
import { documentXml, readEntries, readText, sectionXml } from './build-document.ts';

const PROBLEMS = '11450-4';
const MEDICATIONS = '10160-0';
const ALLERGIES = '48765-2';
const RESULTS = '30954-2';

const problem = (inner: string, concern = '<statusCode code="active"/>'): string =>
  `<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/>${concern}<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><code code="55607006" codeSystem="2.16.840.1.113883.6.96"/>${inner}</observation></entryRelationship></act></entry>`;
const SNOMED_ASTHMA = '<value xsi:type="CD" code="195967001" codeSystem="2.16.840.1.113883.6.96" displayName="Asthma"/>';
const statusObservation = (code: string, display: string): string => `<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.6"/><code code="33999-4"/><value xsi:type="CD" code="${code}" displayName="${display}"/></observation></entryRelationship>`;

t.test('problem: where the name comes from', async (t) => {
  const display = (value: string, text = '', narrative = ''): string | undefined => readEntries(PROBLEMS, problem(`${text}${value}`), narrative)[0]?.display;
  t.equal(display(SNOMED_ASTHMA), 'Asthma');
  t.equal(display('<value xsi:type="CD" code="1"><originalText>Wheezing</originalText></value>'), 'Wheezing');
  t.equal(display('<value xsi:type="CD" code="1"><originalText><reference value="#p1"/></originalText></value>', '', '<list><item ID="p1">Hay fever</item></list>'), 'Hay fever');
  t.equal(display('<value xsi:type="CD" code="1"><originalText><reference value="p1"/></originalText></value>', '', '<list><item ID="p1">no hash</item></list>'), 'no hash');
  t.equal(display('<value xsi:type="CD" nullFlavor="UNK"><translation code="J45" codeSystem="2.16.840.1.113883.6.90" displayName="Asthma, ICD"/></value>'), 'Asthma, ICD');
  t.equal(display('<value xsi:type="CD" nullFlavor="UNK"/>', '<text><reference value="#r1"/></text>', '<table><tbody><tr ID="r1"><td/><td>Gout</td><td>2011</td></tr></tbody></table>'), 'Gout', 'the first filled cell of the row');
  t.equal(display('<value xsi:type="CD" code="195967001"/>'), '195967001', 'the code when nothing else');
  t.equal(display('<value code="195967001" displayName="Asthma"/>'), 'Asthma', 'without xsi:type');
});

t.test('problem: code and translations', async (t) => {
  const [item] = readEntries(PROBLEMS, problem('<value xsi:type="CD" nullFlavor="OTH"><translation code="J45.909" codeSystem="2.16.840.1.113883.6.90" displayName="Asthma"/><translation code="493.90" codeSystem="2.16.840.1.113883.6.103"/></value>'));
  t.match(item, { code: 'J45.909', systemName: 'ICD-10-CM', translations: [{ code: '493.90', systemName: 'ICD-9-CM' }] });
});

t.test('problem: what is active', async (t) => {
  const state = (inner: string, concern?: string) => {
    const [item] = readEntries(PROBLEMS, problem(inner, concern));
    return [item?.status, item?.isActive, item?.start, item?.end];
  };
  const from = (low: string, high = ''): string => `<effectiveTime><low value="${low}"/>${high}</effectiveTime>`;
  t.strictSame(state(from('2011') + SNOMED_ASTHMA), ['active', true, '2011', null]);
  t.strictSame(state(from('2011', '<high value="20120304"/>') + SNOMED_ASTHMA), ['resolved', false, '2011', '2012-03-04']);
  t.strictSame(state(from('2011', '<high nullFlavor="UNK"/>') + SNOMED_ASTHMA), ['active', true, '2011', null]);
  t.strictSame(state(SNOMED_ASTHMA, '<statusCode code="completed"/><effectiveTime><low value="2010"/></effectiveTime>'), ['completed', false, '2010', null]);
  t.strictSame(state(from('2011') + SNOMED_ASTHMA + statusObservation('73425007', 'Inactive')), ['inactive', false, '2011', null]);
  t.strictSame(state(from('2011', '<high value="2012"/>') + SNOMED_ASTHMA + statusObservation('55561003', 'Active')), ['active', true, '2011', '2012'], 'a stated status outranks the dates');
});

t.test('problem: shapes of the entry', async (t) => {
  t.equal(readEntries(PROBLEMS, `<entry><observation classCode="OBS" moodCode="EVN"><code code="ASSERTION"/>${SNOMED_ASTHMA}</observation></entry>`).length, 1, 'observation without concern');
  const two = problem(SNOMED_ASTHMA).replace('</act>', `<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><code code="x"/><value code="2" displayName="Gout"/></observation></entryRelationship></act>`);
  t.strictSame(readEntries(PROBLEMS, two).map((item) => item.display), ['Asthma', 'Gout'], 'two observations in one concern');
  t.strictSame(readEntries(PROBLEMS, '<entry><act classCode="ACT" moodCode="EVN"><code nullFlavor="NA"/><text>Migraine</text></act></entry>').map((item) => item.display), ['Migraine'], 'act with words only');
});

t.test('problem: none known', async (t) => {
  t.match(readEntries(PROBLEMS, problem('<value xsi:type="CD" code="160245001" codeSystem="2.16.840.1.113883.6.96" displayName="No current problems or disability"/>')), [{ isAbsence: true, isActive: false }]);
  t.match(readEntries(PROBLEMS, problem(SNOMED_ASTHMA).replace('<observation classCode', '<observation negationInd="true" classCode')), [{ isAbsence: true, isActive: false }]);
  t.match(readEntries(PROBLEMS, problem('<value xsi:type="CD" nullFlavor="NI"><originalText>No known problems</originalText></value>')), [{ isAbsence: true }]);
  t.match(readEntries(PROBLEMS, problem('<value xsi:type="CD" nullFlavor="OTH"><originalText>Nose bleeds</originalText></value>')), [{ isAbsence: false, isActive: true }]);
});

t.test('an entry without words is counted, not dropped in silence', async (t) => {
  const document = readText(documentXml({ body: sectionXml(PROBLEMS, problem('<value xsi:type="CD" nullFlavor="UNK"/>')) }));
  t.match(document.warnings, [{ code: 'entry.unread', count: 1, line: 5 }]);
});

const allergy = (inner: string, attributes = ''): string => `<entry><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.30"/><statusCode code="active"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN" ${attributes}><templateId root="2.16.840.1.113883.10.20.22.4.7"/><code code="ASSERTION"/>${inner}</observation></entryRelationship></act></entry>`;
const TYPE = '<value xsi:type="CD" code="416098002" codeSystem="2.16.840.1.113883.6.96" displayName="Drug allergy"/>';
const substance = (inner: string): string => `<participant typeCode="CSM"><participantRole classCode="MANU"><playingEntity classCode="MMAT">${inner}</playingEntity></participantRole></participant>`;

t.test('allergy: the substance, wherever it is', async (t) => {
  const read = (inner: string, narrative = '') => readEntries(ALLERGIES, allergy(inner), narrative)[0];
  t.match(read(TYPE + substance('<code code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>')), { display: 'Penicillin', systemName: 'RxNorm', isActive: true, details: { allergyType: 'Drug allergy' } });
  t.match(read(TYPE + substance('<code nullFlavor="OTH"><originalText>Bee venom</originalText></code>')), { display: 'Bee venom', code: null });
  t.match(read(TYPE + substance('<code nullFlavor="NI"/><name>Latex</name>')), { display: 'Latex' });
  t.match(read('<value xsi:type="CD" code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>'), { display: 'Penicillin' });
  t.match(read('<text><reference value="#a1"/></text>' + TYPE, '<table><tbody><tr ID="a1"><td>Shellfish</td><td>Hives</td></tr></tbody></table>'), { display: 'Shellfish' });
});

t.test('allergy: reactions and severity', async (t) => {
  const observation = (template: string, code: string, display: string, inner = ''): string => `<observation classCode="OBS" moodCode="EVN"><templateId root="${template}"/><code code="${code}"/><value xsi:type="CD" code="1" displayName="${display}"/>${inner}</observation>`;
  const severity = `<entryRelationship typeCode="SUBJ">${observation('2.16.840.1.113883.10.20.22.4.8', 'SEV', 'Severe')}</entryRelationship>`;
  const reaction = (typeCode: string): string => `<entryRelationship typeCode="${typeCode}">${observation('2.16.840.1.113883.10.20.22.4.9', 'ASSERTION', 'Hives', severity)}</entryRelationship>`;
  for (const typeCode of ['MFST', 'SUBJ']) {
    t.match(readEntries(ALLERGIES, allergy(TYPE + substance('<code code="1" displayName="X"/>') + reaction(typeCode)))[0]?.details, { reactions: [{ display: 'Hives', severity: 'Severe' }] }, typeCode);
  }
  const whole = readEntries(ALLERGIES, allergy(TYPE + substance('<code code="1" displayName="X"/>') + severity.replace('SUBJ', 'MFST')))[0];
  t.equal(whole?.details.severity, 'Severe');
  t.equal(whole?.details.reactions, undefined, 'a severity sent as manifestation is no reaction');
});

t.test('allergy: none known', async (t) => {
  const [general] = readEntries(ALLERGIES, allergy('<value xsi:type="CD" code="419199007" displayName="Allergy to substance"/>' + substance('<code nullFlavor="NA"/>'), 'negationInd="true"'));
  t.match(general, { display: 'No known allergies', isAbsence: true, isActive: false });
  const [drug] = readEntries(ALLERGIES, allergy(TYPE + substance('<code code="410942007" displayName="Drug or medicament"/>'), 'negationInd="true"'));
  t.match(drug, { display: 'No known allergy: Drug or medicament', isAbsence: true });
  const [coded] = readEntries(ALLERGIES, allergy('<value xsi:type="CD" code="716186003" codeSystem="2.16.840.1.113883.6.96" displayName="No known allergy"/>'));
  t.match(coded, { display: 'No known allergy', isAbsence: true });
});

const medication = (inner: string, template = '<templateId root="2.16.840.1.113883.10.20.22.4.16"/>', product = '<code code="197380" codeSystem="2.16.840.1.113883.6.88" displayName="atenolol 25 MG Oral Tablet"/>'): string =>
  `<entry><substanceAdministration classCode="SBADM" moodCode="EVN">${template}${inner}<consumable><manufacturedProduct><manufacturedMaterial>${product}</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>`;

const TIMINGS: [xml: string, frequency: string | undefined][] = [
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="12" unit="h"/></effectiveTime>', 'every 12 hours'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="1" unit="d"/></effectiveTime>', 'every day'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period><low value="4" unit="h"/><high value="6" unit="h"/></period></effectiveTime>', 'every 4–6 hours'],
  ['<effectiveTime operator="A"><period value="2" unit="wk"/></effectiveTime>', 'every 2 weeks'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="12" unit="Hours"/></effectiveTime>', 'every 12 hours'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="12" unit="HR"/></effectiveTime>', 'every 12 hours'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="1.2000000e+001" unit="h"/></effectiveTime>', 'every 12 hours'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="1" unit="daily"/></effectiveTime>', 'every day'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="1" unit="BID"/></effectiveTime>', 'BID'],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="2" unit="BID"/></effectiveTime>', undefined],
  ['<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="2982616" unit="m"/></effectiveTime>', undefined],
  ['<effectiveTime xsi:type="EIVL_TS" operator="A"><event code="HS"/></effectiveTime>', 'at bedtime'],
  ['<effectiveTime xsi:type="EIVL_TS"><event code="ACM"/></effectiveTime>', 'before breakfast'],
  ['<effectiveTime xsi:type="SXPR_TS"><comp xsi:type="IVL_TS"><low value="20200101"/></comp><comp xsi:type="PIVL_TS" operator="A"><period value="8" unit="h"/></comp></effectiveTime>', 'every 8 hours'],
];
t.test('a rhythm that is not shown is warned of', async (t) => {
  const warnings = (xml: string) => readText(documentXml({ body: sectionXml(MEDICATIONS, medication(xml)) })).warnings.map(({ code }) => code);
  t.strictSame(warnings('<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="2982616" unit="m"/></effectiveTime>'), ['time.unreadable']);
  t.strictSame(warnings('<effectiveTime xsi:type="PIVL_TS" operator="A"><period nullFlavor="UNK"/></effectiveTime>'), []);
});
for (const [xml, frequency] of TIMINGS) t.test(`medication: ${frequency ?? 'no rhythm'}`, async (t) => t.equal(readEntries(MEDICATIONS, medication(xml))[0]?.details.frequency, frequency));

t.test('medication: course, dose, route, sig, reason', async (t) => {
  const [item] = readEntries(MEDICATIONS, medication(`<text><reference value="#m1"/></text><statusCode code="active"/><effectiveTime xsi:type="IVL_TS"><low value="20200101"/><high nullFlavor="UNK"/></effectiveTime><effectiveTime xsi:type="PIVL_TS" operator="A"><period value="12" unit="h"/></effectiveTime>
    <routeCode code="C38288" displayName="Oral"/><doseQuantity value="25" unit="mg"/><entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.19"/><value xsi:type="CD" code="38341003" displayName="Hypertension"/></observation></entryRelationship>`),
  '<list><item ID="m1">Take one tablet twice a day</item></list>');
  t.match(item, { display: 'atenolol 25 MG Oral Tablet', start: '2020-01-01', end: null, isActive: true, details: { dose: '25 mg', route: 'Oral', frequency: 'every 12 hours', instructions: 'Take one tablet twice a day', reason: 'Hypertension' } });
});

t.test('medication: a row is not its instructions', async (t) => {
  const [item] = readEntries(MEDICATIONS, medication('<text><reference value="#m1"/></text>'), '<table><tbody><tr ID="m1"><td>Tenormin</td><td>BID</td></tr></tbody></table>');
  t.equal(item?.details.instructions, undefined);
});

t.test('medication: taken only when something is so', async (t) => {
  const precondition = (criterion: string) => readEntries(MEDICATIONS, medication('').replace('</consumable>', `</consumable><precondition typeCode="PRCN"><criterion><code code="ASSERTION" codeSystem="2.16.840.1.113883.5.4"/>${criterion}</criterion></precondition>`))[0]?.details.precondition;
  t.equal(precondition('<value xsi:type="CD" code="56018004" codeSystem="2.16.840.1.113883.6.96" displayName="Wheezing"/>'), 'Wheezing');
  t.equal(precondition('<text>pain above 4</text>'), 'pain above 4');
  t.equal(precondition('<value xsi:type="CD" nullFlavor="UNK"/>'), undefined);
});

t.test('medication: what is active', async (t) => {
  const isActive = (inner: string, template?: string) => readEntries(MEDICATIONS, medication(inner, template))[0]?.isActive;
  const ends = (high: string): string => `<statusCode code="completed"/><effectiveTime xsi:type="IVL_TS"><low value="2019"/><high value="${high}"/></effectiveTime>`;
  t.equal(isActive(ends('20200531')), false, 'over before the document');
  t.equal(isActive(ends('20200601')), true, 'ends that day');
  t.equal(isActive(ends('2021')), true, 'ends later');
  t.equal(isActive('<statusCode code="completed"/>'), true, 'R1.1 fixed the code');
  t.equal(isActive('<statusCode code="completed"/>', '<templateId root="2.16.840.1.113883.10.20.22.4.16" extension="2014-06-09"/>'), false, 'R2.1 means it');
  for (const code of ['aborted', 'suspended', 'nullified', 'cancelled']) t.equal(isActive(`<statusCode code="${code}"/>`), false, code);
  t.equal(isActive(`<statusCode code="active"/>${statusObservation('421139008', 'No longer active')}`), false, 'stated');
});

t.test('medication: products of every shape', async (t) => {
  const display = (entry: string) => readEntries(MEDICATIONS, entry)[0]?.display;
  t.equal(display(medication('', '', '<code nullFlavor="UNK"><originalText>Home remedy</originalText></code>')), 'Home remedy');
  t.equal(display(medication('', '', '<code nullFlavor="UNK"/><name>Aspirin EC</name>')), 'Aspirin EC');
  t.equal(display(medication('', '', '<code displayName="null" nullFlavor="UNK"><translation code="00093" codeSystem="2.16.840.1.113883.6.69" displayName="Teva aspirin"/></code>')), 'Teva aspirin');
  t.equal(display('<entry><substanceAdministration classCode="SBADM" moodCode="EVN"><consumable><manufacturedProduct><manufacturedLabeledDrug><code code="1" displayName="Labeled"/></manufacturedLabeledDrug></manufacturedProduct></consumable></substanceAdministration></entry>'), 'Labeled');
  t.equal(display('<entry><supply classCode="SPLY" moodCode="INT"><product><manufacturedProduct><manufacturedMaterial><code code="1" displayName="Supplied"/></manufacturedMaterial></manufacturedProduct></product></supply></entry>'), 'Supplied');
});

const result = (inner: string): string => `<observation classCode="OBS" moodCode="EVN"><code code="718-7" codeSystem="2.16.840.1.113883.6.1" displayName="Hemoglobin"/>${inner}</observation>`;
const VALUES: [xml: string, value: string | undefined, unit?: string][] = [
  ['<value xsi:type="PQ" value="13.2" unit="g/dL"/>', '13.2', 'g/dL'],
  ['<value xsi:type="PQ" value="5" unit="1"/>', '5'],
  ['<value xsi:type="PQ" value="1.2500000e+001" unit="mg"/>', '12.5', 'mg'],
  ['<value xsi:type="ST" value="2E5"/>', '2E5'],
  ['<value xsi:type="PQ" value="1.0e-40" unit="mol/L"/>', '1.0e-40', 'mol/L'],
  ['<value xsi:type="PQ" value="1.0e-400"/>', '1.0e-400'],
  ['<value xsi:type="PQ" value="1.0e+400"/>', '1.0e+400'],
  ['<value xsi:type="PQ" value="0.0000000e+000"/>', '0'],
  ['<value xsi:type="IVL_PQ"><low value="5.0e+000" unit="mg"/><high value="2.0e+001" unit="mg"/></value>', '5 - 20', 'mg'],
  ['<value xsi:type="PQ" value="3" unit="{beats}"/>', '3', 'beats'],
  ['<value value="7"/>', '7'],
  ['<value xsi:type="ST">positive</value>', 'positive'],
  ['<value xsi:type="ED"><reference value="#v1"/></value>', 'seen in text'],
  ['<value xsi:type="CD" code="260385009" codeSystem="2.16.840.1.113883.6.96" displayName="Negative"/>', 'Negative'],
  ['<value xsi:type="CO" nullFlavor="OTH"><originalText>trace</originalText></value>', 'trace'],
  ['<value xsi:type="IVL_PQ"><low value="3" unit="mg/dL"/><high value="5" unit="mg/dL"/></value>', '3 - 5', 'mg/dL'],
  ['<value xsi:type="IVL_PQ"><high value="0.5" unit="mg/L" inclusive="false"/></value>', '< 0.5', 'mg/L'],
  ['<value xsi:type="IVL_PQ"><low value="90"/></value>', '>= 90'],
  ['<value xsi:type="RTO_INT_INT"><numerator value="1"/><denominator value="40"/></value>', '1:40'],
  ['<value xsi:type="INT" value="0"/>', '0'],
  ['<value xsi:type="REAL" value="1.5"/>', '1.5'],
  ['<value xsi:type="BL" value="true"/>', 'true'],
  ['<value xsi:type="TS" value="202001021530"/>', '2020-01-02T15:30'],
  ['<value xsi:type="PQ" nullFlavor="NI"/>', undefined],
  ['<value xsi:type="ED" representation="B64">AAAA</value>', undefined],
];
for (const [xml, value, unit] of VALUES) {
  t.test(`value ${xml}`, async (t) => {
    const [item] = readEntries(RESULTS, `<entry><organizer classCode="BATTERY" moodCode="EVN"><component>${result(xml)}</component></organizer></entry>`, '<content ID="v1">seen in text</content>');
    t.equal(item?.display, 'Hemoglobin');
    t.equal(item?.details.value, value);
    t.equal(item?.details.unit, unit);
  });
}

t.test('result: panels, times, ranges', async (t) => {
  const organizer = (inner: string): string => `<entry><organizer classCode="BATTERY" moodCode="EVN"><code code="58410-2" displayName="CBC"/><effectiveTime value="20200102"/>${inner}</organizer></entry>`;
  const full = result('<effectiveTime value="202001030800-0500"/><value xsi:type="PQ" value="9" unit="g/dL"/><interpretationCode code="L" codeSystem="2.16.840.1.113883.5.83"/><interpretationCode code="A"/><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="12" unit="g/dL"/><high value="16" unit="g/dL"/></value></observationRange></referenceRange><referenceRange><observationRange><text>adults</text></observationRange></referenceRange>');
  t.match(readEntries(RESULTS, organizer(`<component>${full}</component>`)), [{ start: '2020-01-03T08:00-05:00', details: { panel: 'CBC', interpretation: 'low, abnormal', referenceRange: '12 - 16 g/dL; adults' } }]);
  t.match(readEntries(RESULTS, organizer(`<component>${result('<value xsi:type="ST">x</value>')}</component>`)), [{ start: '2020-01-02' }], 'the panel’s time');
  t.equal(readEntries(RESULTS, `<entry>${full}</entry>`).length, 1, 'without organizer');
  const nested = organizer(`<component><organizer classCode="BATTERY" moodCode="EVN"><code code="2" displayName="Differential"/><component>${result('<value xsi:type="ST">x</value>')}</component></organizer></component>`);
  t.match(readEntries(RESULTS, nested), [{ start: '2020-01-02', details: { panel: 'Differential' } }], 'nested organizers');
  const pressure = `<entry><observation classCode="OBS" moodCode="EVN"><code code="85354-9" displayName="Blood pressure"/><entryRelationship typeCode="COMP">${result('<value xsi:type="PQ" value="120" unit="mm[Hg]"/>')}</entryRelationship></observation></entry>`;
  t.strictSame(readEntries('8716-3', pressure).map((item) => [item.kind, item.display, item.details.value]), [['vital_signs', 'Blood pressure', undefined], ['vital_signs', 'Hemoglobin', '120']]);
});

t.test('immunization: given, refused', async (t) => {
  const read = (attributes: string, inner = '') => readEntries('11369-6', `<entry><substanceAdministration classCode="SBADM" moodCode="EVN" ${attributes}><statusCode code="completed"/><effectiveTime value="20191001"/><consumable><manufacturedProduct><manufacturedMaterial><code code="140" codeSystem="2.16.840.1.113883.12.292" displayName="Influenza"/><lotNumberText>L7</lotNumberText></manufacturedMaterial><manufacturerOrganization><name>Acme</name></manufacturerOrganization></manufacturedProduct></consumable>${inner}</substanceAdministration></entry>`)[0];
  t.match(read('negationInd="false"'), { display: 'Influenza', systemName: 'CVX', start: '2019-10-01', status: 'completed', isAbsence: false, details: { lotNumber: 'L7', manufacturer: 'Acme' } });
  const refused = read('negationInd="true"', '<entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.53"/><code code="PATOBJ" displayName="patient objection"/></observation></entryRelationship>');
  t.match(refused, { status: 'not given', isAbsence: true, isActive: false, details: { reason: 'patient objection' } });
});

t.test('procedure and encounter', async (t) => {
  const [procedure] = readEntries('47519-4', '<entry><procedure classCode="PROC" moodCode="EVN"><code code="73761001" codeSystem="2.16.840.1.113883.6.96" displayName="Colonoscopy"/><statusCode code="completed"/><effectiveTime value="2012"/><targetSiteCode displayName="Colon" code="1"/><performer><assignedEntity><assignedPerson><name><prefix>Dr.</prefix><given>Ann</given><family>Lee</family></name></assignedPerson></assignedEntity></performer></procedure></entry>');
  t.match(procedure, { kind: 'procedures', display: 'Colonoscopy', start: '2012', details: { bodySite: 'Colon', performer: 'Dr. Ann Lee' } });
  const encounters = readEntries('46240-8', `<entry><encounter classCode="ENC" moodCode="EVN"><code code="99213" codeSystem="2.16.840.1.113883.6.12" displayName="Office visit"/><effectiveTime><low value="20200101"/><high value="20200101"/></effectiveTime><participant typeCode="LOC"><participantRole><playingEntity><name>Main Street Clinic</name></playingEntity></participantRole></participant>${problem(SNOMED_ASTHMA).replace(/^<entry>|<\/entry>$/g, '').replace(/^/, '<entryRelationship typeCode="COMP">')}</entryRelationship></encounter></entry>`);
  t.match(encounters, [{ kind: 'encounters', display: 'Office visit', details: { location: 'Main Street Clinic', diagnoses: ['Asthma'] } }]);
});

t.test('social history: assertion and question', async (t) => {
  const read = (inner: string) => readEntries('29762-2', `<entry><observation classCode="OBS" moodCode="EVN">${inner}</observation></entry>`)[0];
  t.match(read('<code code="ASSERTION"/><value xsi:type="CD" code="8517006" codeSystem="2.16.840.1.113883.6.96" displayName="Former smoker"/>'), { display: 'Former smoker', code: '8517006' });
  t.match(read('<code code="72166-2" displayName="Tobacco smoking status"/><value xsi:type="CD" code="8517006" displayName="Former smoker"/>'), { display: 'Tobacco smoking status', code: '72166-2', details: { value: 'Former smoker' } });
});

t.test('a code without a name: the narrative, then the names of the value sets C-CDA binds', async (t) => {
  const SNOMED = 'codeSystem="2.16.840.1.113883.6.96"';
  const social = (inner: string, narrative = '') => readEntries('29762-2', `<entry><observation classCode="OBS" moodCode="EVN">${inner}</observation></entry>`, narrative)[0];
  t.match(social(`<code code="72166-2" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="CD" code="449868002" ${SNOMED}/>`), { display: 'Tobacco smoking status', details: { value: 'Smokes every day' } });
  t.match(social(`<code code="ASSERTION"/><text><reference value="#s1"/></text><value xsi:type="CD" code="365967005" ${SNOMED}/>`, '<paragraph ID="s1">Wine with meals</paragraph>'), { display: 'Wine with meals', code: '365967005' });
  t.match(social(`<code code="ASSERTION"/><text>Smokes, it is said</text><value xsi:type="CD" code="77176002" ${SNOMED}/>`), { display: 'Smokes, it is said', details: { value: 'Smoker, current status unknown' } });
  t.match(social('<code code="ASSERTION"/><value xsi:type="CD" code="365967005"/>'), { display: '365967005' }, 'what nobody names');
  t.match(social('<code code="1" codeSystem="null" codeSystemName="null"/><value xsi:type="ST">x</value>'), { system: null, systemName: null });
  t.match(social('<code code="1" codeSystem="1.2.3"/><value xsi:type="CD" code="24484000" codeSystem="1.2.3"/>'), { details: { value: '24484000' } }, 'the same digits in another system');
  t.equal(social('<code nullFlavor="NA"/><text>-</text>'), undefined, 'a dash is nothing to show');
  t.match(readEntries('8716-3', '<entry><observation classCode="OBS" moodCode="EVN"><code code="8480-6" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="PQ" value="120" unit="mm[Hg]"/></observation></entry>'), [{ display: 'Systolic blood pressure' }]);
});

t.test('sections are known by code, then template, then title', async (t) => {
  const kind = (inner: string) => readText(documentXml({ body: `<component><section>${inner}<text>x</text></section></component>` })).sections[0]?.kind;
  t.equal(kind('<code code="10160-0" codeSystem="2.16.840.1.113883.6.1"/><title>Meds</title>'), 'medications');
  t.equal(kind('<code code="local"><translation code="48765-2" codeSystem="2.16.840.1.113883.6.1"/></code>'), 'allergies');
  t.equal(kind('<templateId root="2.16.840.1.113883.10.20.22.2.2.1" extension="2015-08-01"/><title>Shots</title>'), 'immunizations');
  t.equal(kind('<templateId root="2.16.840.1.113883.3.88.11.83.103"/>'), 'problems', 'HITSP C83');
  t.equal(kind('<templateId root="1.3.6.1.4.1.19376.1.5.3.1.3.28"/>'), 'results', 'IHE PCC');
  t.equal(kind('<title>Vital Signs</title>'), 'vital_signs');
  t.equal(kind('<code nullFlavor="UNK" displayName="Past Surgical History"/>'), 'procedures');
  t.equal(kind('<code code="69730-0" codeSystem="2.16.840.1.113883.6.1"/><title>Medication instructions</title>'), 'other', 'a code of another sort outranks the title');
});

t.test('words that JavaScript knows are only words', async (t) => {
  for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const person = `<name><given>${word}</given><family>${word}</family></name><administrativeGenderCode code="${word}"/><birthTime value="19561210"/>`;
    const body = sectionXml(RESULTS, `<entry>${result(`<value xsi:type="ST">x</value><interpretationCode code="${word}"/>`)}</entry>`, `<content ID="${word}">x</content>`)
      + sectionXml(PROBLEMS, problem(`<value xsi:type="CD" code="${word}" codeSystem="${word}"/>${statusObservation(word, word)}`))
      + sectionXml(MEDICATIONS, medication(`<effectiveTime xsi:type="EIVL_TS"><event code="${word}"/></effectiveTime><effectiveTime xsi:type="PIVL_TS"><period value="2" unit="${word}"/></effectiveTime>`));
    const document = readText(documentXml({ person, body }));
    t.equal(document.patient.sex, null);
    const [measured, condition, drug] = document.sections.flatMap((section) => section.items);
    t.match(measured, { details: { interpretation: word } });
    t.match(condition, { code: word, system: word, systemName: null, status: word.toLowerCase() });
    t.equal(drug?.details.frequency, undefined);
    t.doesNotThrow(() => structuredClone(document));
  }
});

t.test('an ID used in two sections means that of its own', async (t) => {
  const entry = problem('<value xsi:type="CD" nullFlavor="UNK"><originalText><reference value="#n1"/></originalText></value>');
  const drug = medication('', '', '<code nullFlavor="UNK"><originalText><reference value="#n1"/></originalText></code>');
  const document = readText(documentXml({ body: sectionXml(PROBLEMS, entry, '<content ID="n1">Gout</content>') + sectionXml(MEDICATIONS, drug, '<content ID="n1">Allopurinol</content>') }));
  t.strictSame(document.sections.map((section) => section.items[0]?.display), ['Gout', 'Allopurinol']);
});

t.test('nested sections, and bodies without their wrappers', async (t) => {
  const inner = sectionXml(PROBLEMS, problem(SNOMED_ASTHMA), 'x');
  const nested = readText(documentXml({ body: `<component><section><title>History</title><text>y</text>${inner}</section></component>` }));
  t.strictSame(nested.sections.map((section) => [section.kind, section.items.length]), [['other', 0], ['problems', 1]]);
  const bare = readText(documentXml({ body: inner }).replace(/<\/?structuredBody>/g, '').replace('<component><component>', '<component>').replace('</component></component>', '</component>'));
  t.equal(bare.sections.flatMap((section) => section.items).length, 1);
});

t.test('unstructured bodies', async (t) => {
  const read = (text: string) => readText(documentXml({}).replace(/<structuredBody>.*<\/structuredBody>/, `<nonXMLBody>${text}</nonXMLBody>`));
  const pdf = Buffer.from('%PDF-1.4 not really\n');
  const embedded = read(`<text mediaType="application/PDF" representation="B64">${pdf.toString('base64').replace(/(.{10})/g, '$1\r\n  ')}</text>`);
  t.equal(embedded.patient.name.given, 'Ada');
  t.match(embedded.attachments, [{ mediaType: 'application/pdf', sizeBytes: pdf.length }]);
  t.ok(pdf.equals(embedded.attachments[0]?.bytes ?? new Uint8Array()));
  const plain = read('<text mediaType="text/plain">BP &lt; 120\nstable</text>');
  t.equal(plain.sections[0]?.narrativeHtml, '<pre>BP &lt; 120\nstable</pre>');
  t.match(read('<text mediaType="application/pdf"><reference value="report.pdf"/></text>').attachments, [{ reference: 'report.pdf', bytes: null }]);
  t.match(read('<text mediaType="application/pdf" representation="B64">!!!</text>').warnings, [{ code: 'attachment.unreadable' }]);
});
