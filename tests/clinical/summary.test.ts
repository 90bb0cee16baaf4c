import t from 'tap';
import { clinicalSummary as summaryOn } from '../../core/clinical/summary.ts';
import { documentXml, readText, sectionXml } from './build-document.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { needsSamples, sampleBytes } from './sample-documents.ts';
import type { ClinicalDocument } from '../../core/clinical/clinical-document.ts';

const clinicalSummary = (documents: readonly ClinicalDocument[]) => summaryOn(documents, '2020-12-31');
const at = (time: string, body: string): ClinicalDocument => readText(documentXml({ body }).replace('20200601120000-0500', time));
const problem = (code: string, display: string, extra = '', status = 'active'): string => `<entry><act classCode="ACT" moodCode="EVN"><statusCode code="${status}"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN">${extra}<value xsi:type="CD" code="${code}" codeSystem="2.16.840.1.113883.6.96" displayName="${display}"/></observation></entryRelationship></act></entry>`;
const result = (day: string, value: string): string => `<entry><observation classCode="OBS" moodCode="EVN"><code code="4548-4" codeSystem="2.16.840.1.113883.6.1" displayName="HbA1c"/><effectiveTime value="${day}"/><value xsi:type="PQ" value="${value}" unit="%"/></observation></entry>`;
const shown = (items: readonly { display: string; sources: number[] }[]): [string, number[]][] => items.map((item) => [item.display, item.sources]);

t.test('the same problem in two documents is one, with both as source', async (t) => {
  const summary = clinicalSummary([at('20190101', sectionXml('11450-4', problem('195967001', 'Asthma') + problem('90560007', 'Gout'))), at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma, persistent')))]);
  t.strictSame(shown(summary.problems), [['Asthma, persistent', [1, 0]], ['Gout', [0]]]);
});

t.test('the later document decides what is active', async (t) => {
  const earlier = at('20190101', sectionXml('11450-4', problem('195967001', 'Asthma')));
  const later = at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma', '<effectiveTime><low value="2010"/><high value="2019"/></effectiveTime>')));
  for (const documents of [[earlier, later], [later, earlier]]) {
    const summary = clinicalSummary(documents);
    t.strictSame(summary.problems, []);
    t.equal(summary.pastProblems.length, 1);
  }
});

t.test('equal by translation and by words', async (t) => {
  const translated = at('20190101', sectionXml('11450-4', '<entry><observation classCode="OBS" moodCode="EVN"><value xsi:type="CD" code="493.90" codeSystem="2.16.840.1.113883.6.103" displayName="Asthma NOS"><translation code="195967001" codeSystem="2.16.840.1.113883.6.96"/></value></observation></entry>'));
  const coded = at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma')));
  const worded = at('20180101', sectionXml('11450-4', '<entry><observation classCode="OBS" moodCode="EVN"><value xsi:type="CD" nullFlavor="OTH"><originalText>ASTHMA.</originalText></value></observation></entry>'));
  t.strictSame(shown(clinicalSummary([translated, coded, worded]).problems), [['Asthma', [1, 0, 2]]]);
});

t.test('results: the newest value; the same value twice is one', async (t) => {
  const summary = clinicalSummary([at('20190101', sectionXml('30954-2', result('20180101', '7.1') + result('20181201', '6.5'))), at('20200101', sectionXml('30954-2', result('20181201', '6.5')))]);
  t.strictSame(summary.latestResults.map((item) => [item.start, item.details.value, item.sources]), [['2018-12-01', '6.5', [1, 0]]]);
});

t.test('"none known" counts only where nothing is known', async (t) => {
  const none = sectionXml('11450-4', problem('160245001', 'No current problems or disability'));
  t.strictSame(clinicalSummary([at('20190101', none)]).absences.map((item) => item.display), ['No current problems or disability']);
  t.strictSame(clinicalSummary([at('20190101', none), at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma')))]).absences, []);
});

t.test('sections of words alone are pointed to', async (t) => {
  const summary = clinicalSummary([at('2019', sectionXml('10160-0', '', '<list><item>Aspirin</item></list>'))]);
  t.strictSame(summary.narrativeOnly, [{ document: 0, section: 0, kind: 'medications', title: 'Section' }]);
});

t.test('nothing in, nothing out', async (t) => t.ok(Object.values(clinicalSummary([])).every((list) => list.length === 0)));

t.test('a real document and itself again are the same summary, twice sourced', needsSamples, async (t) => {
  const document = readDocument(sampleBytes('emerge/Patient-75.xml'));
  const once = clinicalSummary([document]);
  const twice = clinicalSummary([document, document]);
  t.ok(once.medications.length + once.pastMedications.length > 3);
  for (const key of ['problems', 'medications', 'allergies', 'immunizations', 'latestResults', 'latestVitalSigns', 'encounters', 'procedures'] as const) {
    t.strictSame(twice[key].map((item) => item.display), once[key].map((item) => item.display), key);
    t.ok(twice[key].every((item) => item.sources.length === 2), key);
  }
});

const version = (document: ClinicalDocument, header: Partial<ClinicalDocument['header']>): ClinicalDocument => ({ ...document, header: { ...document.header, ...header } });

t.test('a newer version of a document says all that there is to say: what it leaves out is not so any more', async (t) => {
  const [both, one] = [at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma') + problem('90560007', 'Gout'))), at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma')))];
  const set = { setId: '1.3.6.1.4.1.99999.2^s-1' };
  for (const documents of [
    [version(both, { ...set, versionNumber: 1 }), version(one, { ...set, versionNumber: 2 })],
    [version(both, { id: '1.3.6.1.4.1.99999.1^d-1' }), version(one, { id: '1.3.6.1.4.1.99999.1^d-2', replaces: ['1.3.6.1.4.1.99999.1^d-1'] })],
  ]) {
    t.strictSame(shown(clinicalSummary(documents).problems), [['Asthma', [1]]]);
    t.strictSame(shown(clinicalSummary(documents.toReversed()).problems), [['Asthma', [0]]]);
  }
  t.equal(clinicalSummary([version(both, { ...set, versionNumber: 1 }), version(one, { ...set, versionNumber: 1 })]).problems.length, 2, 'products write the same set and version on everything');
  t.equal(clinicalSummary([version(both, { setId: null, versionNumber: 1 }), version(one, { setId: null, versionNumber: 2 })]).problems.length, 2);
});

t.test('what was entered in error is nowhere, and takes back what earlier documents said', async (t) => {
  const active = '<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.6"/><code code="33999-4"/><value xsi:type="CD" code="55561003"/></observation></entryRelationship>';
  const earlier = at('20190101', sectionXml('11450-4', problem('195967001', 'Asthma')));
  for (const wrong of [problem('195967001', 'Asthma', '', 'nullified'), problem('195967001', 'Asthma', active, 'nullified'), problem('195967001', 'Asthma', `<statusCode code="nullified"/>${active}`)]) {
    const later = at('20200101', sectionXml('11450-4', wrong));
    for (const list of Object.values(clinicalSummary([earlier, later]))) t.strictSame(list, []);
    t.strictSame(later.sections[0]?.items.map(({ status, isActive }) => [status, isActive]), [['nullified', false]], 'the document itself still shows it');
  }
  const corrected = at('20200101', sectionXml('11450-4', problem('195967001', 'Asthma', '', 'nullified') + problem('195967001', 'Asthma', '<effectiveTime><low value="2010"/><high value="2012"/></effectiveTime>')));
  t.strictSame(clinicalSummary([corrected]).pastProblems.map(({ status }) => status), ['resolved']);
});

t.test('a test that was broken off is not the latest result', async (t) => {
  const broken = result('20200601', '99').replace('<effectiveTime', '<statusCode code="aborted"/><effectiveTime');
  t.strictSame(clinicalSummary([at('20200701', sectionXml('30954-2', result('20180101', '7.1') + broken))]).latestResults.map(({ details }) => details.value), ['7.1']);
});

t.test('one drug taken in two ways at once is two lines, said twice alike one', async (t) => {
  const insulin = (dose: string, day: string) => `<entry><substanceAdministration classCode="SBADM" moodCode="INT"><statusCode code="active"/><effectiveTime xsi:type="IVL_TS"><low value="${day}"/></effectiveTime><doseQuantity value="${dose}" unit="[iU]"/><consumable><manufacturedProduct><manufacturedMaterial><code code="865098" codeSystem="2.16.840.1.113883.6.88" displayName="insulin lispro"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>`;
  const list = at('20200101', sectionXml('10160-0', insulin('10', '2019') + insulin('15', '2018') + insulin('15', '2017') + insulin('10', '2016')));
  t.strictSame(clinicalSummary([list]).medications.map(({ details }) => details.dose), ['10 [iU]', '15 [iU]']);
  t.strictSame(clinicalSummary([list, at('20210101', sectionXml('10160-0', insulin('20', '2021')))]).medications.map(({ details }) => details.dose), ['20 [iU]'], 'a later list counts');
});

t.test('a course that was to end is over once its end has passed', async (t) => {
  const course = at('20200101', sectionXml('10160-0', '<entry><substanceAdministration classCode="SBADM" moodCode="INT"><statusCode code="active"/><effectiveTime xsi:type="IVL_TS"><low value="20200101"/><high value="20200110"/></effectiveTime><consumable><manufacturedProduct><manufacturedMaterial><code code="308460" codeSystem="2.16.840.1.113883.6.88" displayName="azithromycin 250 MG"/></manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>'));
  t.equal(summaryOn([course], '2020-01-10').medications.length, 1, 'the last day counts');
  t.match(summaryOn([course], '2020-01-11'), { medications: [], pastMedications: [{ display: 'azithromycin 250 MG' }] });
});
