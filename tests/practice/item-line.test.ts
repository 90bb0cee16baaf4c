import t from 'tap';
import type { Item } from '../../core/clinical/clinical-document.ts';
import { alertsOf } from '../../core/practice/documents/contact-tabs.ts';
import { dayText, itemOf } from '../../core/practice/documents/item-line.ts';
import { readEntries } from '../clinical/build-document.ts';

t.test('a vital sign is read as people write it: its day, its unit', (t) => {
  const [item] = readEntries('8716-3', `<entry><organizer classCode="CLUSTER" moodCode="EVN"><component><observation classCode="OBS" moodCode="EVN"><code code="8480-6" codeSystem="2.16.840.1.113883.6.1" displayName="BP Systolic"/><statusCode code="completed"/><effectiveTime value="20101027"/><value xsi:type="PQ" value="130" unit="mm[Hg]"/></observation></component></organizer></entry>`);
  t.match(itemOf(item as NonNullable<typeof item>), { name: 'BP Systolic', when: 'Oct 27, 2010', detail: /^130 mmHg/ });
  t.end();
});

t.test('a time that knows less than a day is left as it is', (t) => {
  t.same(['2010', '2010-10', '2010-10-27', '2010-10-27T12:00:00-05:00'].map(dayText), ['2010', '2010-10', 'Oct 27, 2010', 'Oct 27, 2010']);
  t.end();
});

t.test('of a result it is said whether it is normal, of an encounter where and why', (t) => {
  const [result] = readEntries('30954-2', '<entry><observation classCode="OBS" moodCode="EVN"><code code="777-3" codeSystem="2.16.840.1.113883.6.1" displayName="Platelets"/><statusCode code="completed"/><value xsi:type="PQ" value="23" unit="10*9/L"/><interpretationCode code="LL" codeSystem="2.16.840.1.113883.5.83"/><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="150" unit="10*9/L"/><high value="350" unit="10*9/L"/></value></observationRange></referenceRange></observation></entry>');
  t.equal(itemOf(result as Item).detail, '23 10*9/L · critically low · reference 150 - 350 10*9/L');
  t.equal(itemOf({ ...(result as Item), kind: 'encounters', details: { location: 'Good Health Clinic', diagnoses: ['Asthma', 'Gout'], performer: 'Ada Lee' } }).detail, 'Asthma, Gout · Good Health Clinic · by Ada Lee');
  t.end();
});

t.test('an allergy is severe by its severity, that of a reaction, or a high criticality; a low one is not', (t) => {
  const allergy = (details: Item['details']): Item => ({ ...(readEntries('48765-2', '<entry><observation classCode="OBS" moodCode="EVN"><value xsi:type="CD" code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/></observation></entry>')[0] as Item), details });
  t.match(itemOf(allergy({ severity: 'Severe' })), { severe: true, detail: 'severity Severe' });
  t.match(itemOf(allergy({ reactions: [{ display: 'Anaphylaxis', severity: 'Severe' }] })), { severe: true, detail: 'Anaphylaxis (Severe)' });
  t.match(itemOf(allergy({ criticality: 'high criticality' })), { severe: true, detail: 'high criticality' });
  t.equal(itemOf(allergy({ criticality: 'low criticality' })).severe, false);
  t.equal(itemOf(allergy({ severity: 'Mild' })).severe, false);
  const many = alertsOf([...Array.from({ length: 7 }, () => allergy({})), allergy({ severity: 'Fatal' })]);
  t.same([many.length, many[0]?.tone, many.at(-1)?.label], [7, 'bad', 'and 2 more'], 'the one that matters most is among the alerts, however long the list');
  t.end();
});
