import t from 'tap';
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
