// What CDA allows and products do with a patient's name, birth date, sex, numbers and addresses.

import t from 'tap';
import { PERSON, documentXml, readPerson, readText } from './build-document.ts';

const NAME = '<name><given>Ada</given><family>Lovell</family></name>';
const SEX = '<administrativeGenderCode code="F"/>';
const BIRTH = '<birthTime value="19561210"/>';

const NAMES: [what: string, xml: string, expected: object][] = [
  ['parts', '<name use="L"><prefix>Dr.</prefix><given>Ada</given><given>Mary</given><given qualifier="CL">Addy</given><family>Lovell</family><suffix>III</suffix></name>', { prefix: 'Dr.', given: 'Ada', middle: 'Mary', nickname: 'Addy', family: 'Lovell', suffix: 'III' }],
  ['legal before others, whatever the order', '<name use="P"><given>Countess</given><family>X</family></name><name use="OLD"><given>Ada</given><family>Byron</family></name><name use="L"><given>Ada</given><family>Lovell</family></name>', { given: 'Ada', family: 'Lovell', use: 'L' }],
  ['legal among several uses', '<name use="ASGN"><given>Z</given><family>Z</family></name><name use="C L"><given>Ada</given><family>Lovell</family></name>', { family: 'Lovell' }],
  ['a legal name that ended, before the present one', '<name use="L"><given>Ada</given><family>Byron</family><validTime><low value="1956"/><high value="1980"/></validTime></name><name use="L"><given>Ada</given><family>Lovell</family><validTime><low value="1980"/></validTime></name>', { family: 'Lovell' }],
  ['a birth name of its own, before the present one', '<name use="L"><given>Ada</given><family qualifier="BR">Byron</family></name><name><given>Ada</given><family>Lovell</family></name>', { family: 'Lovell' }],
  ['a birth name alone', '<name use="L"><given>Ada</given><family qualifier="BR">Byron</family></name>', { family: 'Byron' }],
  ['unmarked before a pseudonym', '<name use="P"><given>Q</given><family>Q</family></name><name><given>Ada</given><family>Lovell</family></name>', { family: 'Lovell' }],
  ['null-flavored name first', '<name nullFlavor="UNK"/><name><given>Ada</given><family>Lovell</family></name>', { given: 'Ada' }],
  ['empty and null-flavored parts', '<name><given/><given nullFlavor="NI"/><given>Ada</given><family> Lovell </family><suffix nullFlavor="UNK"/></name>', { given: 'Ada', middle: '', family: 'Lovell', suffix: '' }],
  ['placeholder parts', '<name><given>JOEY</given><given>null</given><family>MILLER</family></name>', { given: 'JOEY', middle: '', family: 'MILLER' }],
  ['a family called Null', '<name><given>Jennifer</given><family>Null</family></name>', { family: 'Null' }],
  ['two family names', '<name><given>María</given><family>García</family><family>Márquez</family></name>', { family: 'García Márquez' }],
  ['birth name beside the present one', '<name><given>Ada</given><family qualifier="BR">Byron</family><family qualifier="SP">Lovell</family></name>', { family: 'Lovell' }],
  ['one text, family first', '<name>LOVELL, ADA MARY JR</name>', { family: 'LOVELL', given: 'ADA', middle: 'MARY', suffix: 'JR' }],
  ['one text, given first', '<name>Ms. Ada Mary Lovell</name>', { prefix: 'Ms.', family: 'Lovell', given: 'Ada', middle: 'Mary' }],
  ['one text with a particle', '<name>Ludwig van Beethoven</name>', { family: 'van Beethoven', given: 'Ludwig', middle: '' }],
  ['one text with a title behind', '<name>Ada Lovell, MD</name>', { family: 'Lovell', given: 'Ada', suffix: 'MD' }],
  ['mixed content', '<name>Ada <family>Lovell</family></name>', { family: 'Lovell', given: 'Ada' }],
  ['mixed content around parts', '<name>\n <given>Ada</given>,\n <family>Lovell</family>\n</name>', { family: 'Lovell', given: 'Ada' }],
  ['delimiters', '<name><family>Lovell</family><delimiter>, </delimiter><given>Ada</given></name>', { family: 'Lovell', given: 'Ada' }],
  ['only a call name', '<name><given qualifier="CL">Addy</given><family>Lovell</family></name>', { given: 'Addy', nickname: 'Addy' }],
  ['first name marked as call name', '<name><family>Lovell</family><given qualifier="CL">Ada</given><given>Mary</given></name>', { given: 'Ada', middle: 'Mary', nickname: 'Ada' }],
  ['one name only', '<name><family>Sukarno</family></name>', { given: '', family: 'Sukarno' }],
];

/** The values under the expected keys: tap's match would take a part of a string for the whole. */
const pick = (value: object, expected: object): object => Object.fromEntries(Object.keys(expected).map((key) => [key, (value as Record<string, unknown>)[key]]));

for (const [what, xml, expected] of NAMES) t.test(`name: ${what}`, async (t) => t.strictSame(pick(readPerson(xml + SEX + BIRTH).name, expected), expected));

t.test('a name split from text is reported', async (t) => t.match(readText(documentXml({ person: `<name>Ada Lovell</name>${SEX}${BIRTH}` })).repairs, [{ code: 'name.split' }]));
t.test('where somebody lived and could be called before comes behind', async (t) => {
  const period = (high: string) => `<useablePeriod xsi:type="IVL_TS"><low value="2010"/>${high}</useablePeriod>`;
  const address = (city: string, high: string) => `<addr use="HP"><city>${city}</city>${period(high)}</addr>`;
  const { addresses, telecoms } = readPerson(NAME + SEX + BIRTH, address('Troy', '<high value="2015"/>') + address('Albany', '') + address('Utica', '<high nullFlavor="UNK"/>') + `<telecom value="tel:1">${period('<high value="2015"/>')}</telecom><telecom value="tel:2"/>`);
  t.strictSame([addresses.map(({ city }) => city), telecoms.map(({ value }) => value)], [['Albany', 'Utica', 'Troy'], ['2', '1']]);
});
t.test('other names are kept', async (t) => t.match(readPerson(`${NAME}<name use="SRCH"><given>Ada</given><family>Byron</family></name>${SEX}${BIRTH}`).otherNames, [{ family: 'Byron', use: 'SRCH' }]));

const BIRTHS: [what: string, xml: string, date: string | null, missing: boolean, repaired?: boolean][] = [
  ['day', '<birthTime value="19561210"/>', '1956-12-10', false],
  ['with time', '<birthTime value="19561210235959"/>', '1956-12-10', false],
  ['with a zone that would move it', '<birthTime value="19561210233000-0800"/>', '1956-12-10', false],
  ['with fraction and zone', '<birthTime value="19561210000000.000+1300"/>', '1956-12-10', false],
  ['leap day', '<birthTime value="20000229"/>', '2000-02-29', false],
  ['inside low', '<birthTime><low value="19561210"/></birthTime>', '1956-12-10', false],
  ['year', '<birthTime value="1956"/>', '1956', true],
  ['month', '<birthTime value="195612"/>', '1956-12', true],
  ['day zero', '<birthTime value="19561200"/>', '1956-12', true],
  ['ISO', '<birthTime value="1956-12-10"/>', '1956-12-10', false, true],
  ['ISO with time', '<birthTime value="1956-12-10T00:00:00Z"/>', '1956-12-10', false, true],
  ['as text', '<birthTime>19561210</birthTime>', '1956-12-10', false, true],
  ['American, beyond doubt', '<birthTime value="12/30/1956"/>', '1956-12-30', false, true],
  ['American or not', '<birthTime value="03/04/1956"/>', null, true],
  ['impossible', '<birthTime value="19560231"/>', null, true],
  ['no leap day', '<birthTime value="19000229"/>', null, true],
  ['zeros', '<birthTime value="00000000"/>', null, true],
  ['null flavor', '<birthTime nullFlavor="UNK"/>', null, true],
  ['absent', '', null, true],
];

for (const [what, xml, date, isMissing, isRepaired = false] of BIRTHS) {
  t.test(`birth date: ${what}`, async (t) => {
    const document = readText(documentXml({ person: NAME + SEX + xml }));
    t.equal(document.patient.birthDate, date);
    t.strictSame(document.missing.map((each) => each.field), isMissing ? ['birthDate'] : []);
    t.equal(document.repairs.some((repair) => repair.code === 'birth_date.format'), isRepaired);
  });
}

const SEXES: [what: string, xml: string, sex: string | null][] = [
  ['F', '<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>', 'female'],
  ['M', '<administrativeGenderCode code="M"/>', 'male'],
  ['UN', '<administrativeGenderCode code="UN"/>', 'other'],
  ['lower case', '<administrativeGenderCode code="m"/>', 'male'],
  ['SNOMED CT', '<administrativeGenderCode code="248152002" codeSystem="2.16.840.1.113883.6.96"/>', 'female'],
  ['NHS', '<administrativeGenderCode code="1" codeSystem="2.16.840.1.113883.2.1.3.2.4.16.25" displayName="Male"/>', 'male'],
  ['words as code', '<administrativeGenderCode code="Female"/>', 'female'],
  ['display name only', '<administrativeGenderCode displayName="Male"/>', 'male'],
  ['original text', '<administrativeGenderCode nullFlavor="OTH"><originalText>female</originalText></administrativeGenderCode>', 'female'],
  ['translation', '<administrativeGenderCode nullFlavor="OTH"><translation code="M" codeSystem="2.16.840.1.113883.5.1"/></administrativeGenderCode>', 'male'],
  ['Spanish', '<administrativeGenderCode displayName="Femenino"/>', 'female'],
  ['v2 unknown', '<administrativeGenderCode code="U"/>', null],
  ['null flavor', '<administrativeGenderCode nullFlavor="UNK"/>', null],
  ['NHS not known', '<administrativeGenderCode code="0" codeSystem="2.16.840.1.113883.2.1.3.2.4.16.25"/>', null],
  ['absent', '', null],
];

for (const [what, xml, sex] of SEXES) {
  t.test(`sex: ${what}`, async (t) => {
    const document = readText(documentXml({ person: NAME + BIRTH + xml }));
    t.equal(document.patient.sex, sex);
    t.strictSame(document.missing.map((each) => each.field), sex === null ? ['sex'] : []);
  });
}

t.test('sex from the observation where the header leaves it open, never over it', async (t) => {
  const observed = (code: string, value: string): string => `<component><section><code code="29762-2"/><text>x</text><entry><observation classCode="OBS" moodCode="EVN"><code code="${code}" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="CD" code="${value}" codeSystem="2.16.840.1.113883.5.1"/></observation></entry></section></component>`;
  const open = readText(documentXml({ person: NAME + BIRTH, body: observed('76689-9', 'M') }));
  t.equal(open.patient.sex, 'male');
  t.equal(open.patient.birthSex?.code, 'M');
  t.match(open.repairs, [{ code: 'sex.inferred' }]);
  const stated = readText(documentXml({ body: observed('76689-9', 'M') }));
  t.equal(stated.patient.sex, 'female');
  t.equal(stated.patient.birthSex?.code, 'M');
  const identity = readText(documentXml({ person: NAME + BIRTH, body: observed('76691-5', '446151000124109') }));
  t.equal(identity.patient.sex, null, 'gender identity is not sex');
  t.equal(identity.patient.genderIdentity?.code, '446151000124109');
});

const IDENTIFIERS: [xml: string, expected: object][] = [
  ['<id root="1.2.840.114350.1.13.6289.1" extension="E1234" assigningAuthorityName="EPI"/>', { kind: 'local', authority: 'EPI', isMatchable: true }],
  ['<id root="2.16.840.1.113883.4.1" extension="219-45-6780"/>', { kind: 'ssn', isMatchable: true }],
  ['<id root="2.16.840.1.113883.4.1" extension="111-00-2330"/>', { kind: 'ssn', isMatchable: false }],
  ['<id root="2.16.840.1.113883.4.1" extension="999-99-9999"/>', { kind: 'ssn', isMatchable: false }],
  ['<id root="2.16.840.1.113883.4.1" extension="123-101-5230"/>', { kind: 'ssn', isMatchable: false }],
  ['<id root="2.16.840.1.113883.4.6" extension="1234567893"/>', { kind: 'npi', isMatchable: false }],
  ['<id root="2.16.840.1.113883.2.1.4.1" extension="9434765919"/>', { kind: 'national', isMatchable: true }],
  ['<id root="1.2.36.1.2001.1003.0.8003608166690503"/>', { kind: 'national', extension: null, isMatchable: true }],
  ['<id root="2.16.840.1.113883.4.3.25" extension="S12345678"/>', { kind: 'driver_license', isMatchable: true }],
  ['<id root="2.16.840.1.113883.19.5.99999.2" extension="998991"/>', { kind: 'local', isMatchable: false }],
  ['<id root="1.3.6.1.4.1.5.1" extension="UNK"/>', { isMatchable: false }],
  ['<id root="1.3.6.1.4.1.5.1" extension="000000"/>', { isMatchable: false }],
  ['<id root="1.3.6.1.4.1.5.1"/>', { extension: null, isMatchable: false }],
  ['<id root="4a0d8938-a64b-41c9-8396-cf1869ea71c1"/>', { isMatchable: true }],
  ['<id root="ProviderID" extension="28366080"/>', { root: 'ProviderID', isMatchable: false }],
  ['<id extension="28366080"/>', { root: null, isMatchable: false }],
];

for (const [xml, expected] of IDENTIFIERS) t.test(`identifier: ${xml}`, async (t) => t.strictSame(readPerson(PERSON, xml).identifiers.map((each) => pick(each, expected)), [expected]));
t.test('a null-flavored id is none', async (t) => t.strictSame(readPerson(PERSON, '<id nullFlavor="UNK"/>').identifiers, []));

const TELECOMS: [xml: string, expected: object[]][] = [
  ['<telecom use="HP" value="tel:+1(555)555-2003"/>', [{ system: 'phone', value: '+1(555)555-2003', use: 'HP' }]],
  ['<telecom value="(555) 555-2003"/>', [{ system: 'phone', value: '(555) 555-2003', use: null }]],
  ['<telecom value="mailto:ada@example.org"/>', [{ system: 'email', value: 'ada@example.org' }]],
  ['<telecom value="ada@example.org"/>', [{ system: 'email', value: 'ada@example.org' }]],
  ['<telecom value="tel:ada@example.org"/>', [{ system: 'email', value: 'ada@example.org' }]],
  ['<telecom value="mailto:555-2003"/>', [{ system: 'phone', value: '555-2003' }]],
  ['<telecom value="fax:+1-555-2004"/>', [{ system: 'fax', value: '+1-555-2004' }]],
  ['<telecom value="tel:%28555%29%20555-2003"/>', [{ system: 'phone', value: '(555) 555-2003' }]],
  ['<telecom value="tel:100%"/>', [{ system: 'phone', value: '100%' }]],
  ['<telecom value="https://example.org/x"/>', [{ system: 'url', value: 'https://example.org/x' }]],
  ['<telecom value="tel:"/><telecom/><telecom nullFlavor="UNK"/><telecom value="null"/>', []],
  ['<telecom value="tel:1"/><telecom value="tel:1"/>', [{ value: '1' }]],
];

for (const [xml, expected] of TELECOMS) {
  t.test(`telecom: ${xml}`, async (t) => {
    const { telecoms } = readPerson(PERSON, xml);
    t.strictSame(telecoms.map((each, i) => pick(each, expected[i] ?? {})), expected);
  });
}

t.test('addresses', async (t) => {
  const read = (xml: string) => readPerson(PERSON, xml).addresses;
  t.match(read('<addr use="HP"><streetAddressLine>1 Elm St</streetAddressLine><streetAddressLine nullFlavor="UNK"/><city>Salem</city><state>MA</state><postalCode>01970</postalCode><country>US</country></addr>'), [{ use: 'HP', lines: ['1 Elm St'], city: 'Salem', state: 'MA', postalCode: '01970', country: 'US' }]);
  t.match(read('<addr><houseNumber>1</houseNumber><streetName>Elm</streetName><streetNameType>St</streetNameType><unitID>4B</unitID><city>Salem</city></addr>'), [{ lines: ['1 Elm St', '4B'] }]);
  t.match(read('<addr>1 Elm St, Salem MA</addr>'), [{ lines: ['1 Elm St, Salem MA'] }]);
  t.strictSame(read('<addr nullFlavor="UNK"/><addr/><addr><country>US</country></addr>'), []);
});

t.test('the rest of the person', async (t) => {
  const patient = readPerson(`${PERSON}
    <sdtc:deceasedInd value="true"/><sdtc:deceasedTime value="20200101"/><maritalStatusCode code="M" displayName="Married"/><religiousAffiliationCode code="1013" displayName="Christian"/>
    <raceCode code="2106-3" displayName="White"/><sdtc:raceCode code="2114-7" displayName="Italian"/><raceCode nullFlavor="UNK"/><ethnicGroupCode code="2186-5" displayName="Not Hispanic or Latino"/>
    <guardian><code code="MTH" displayName="mother"/><telecom value="tel:5550100"/><guardianPerson><name><given>Anne</given><family>Byron</family></name></guardianPerson></guardian>
    <languageCommunication><languageCode code="fr"/></languageCommunication><languageCommunication><languageCode code="en"/><preferenceInd value="true"/></languageCommunication>`);
  t.match(patient, { name: { given: 'Ada', family: 'Lovell' }, isDeceased: true, deceasedDate: '2020-01-01', maritalStatus: { display: 'Married' }, religion: { display: 'Christian' }, languages: ['en', 'fr'] });
  t.strictSame(patient.races.map((race) => race.display), ['White', 'Italian']);
  t.strictSame(patient.ethnicities.map((each) => each.display), ['Not Hispanic or Latino']);
  t.match(patient.guardians, [{ relation: 'mother', name: { given: 'Anne', family: 'Byron' }, telecoms: [{ value: '5550100' }] }]);
  t.equal(readPerson(`${PERSON}<sdtc:deceasedInd value="false"/>`).isDeceased, false);
});

const target = (person: string, id: string): string => `<recordTarget><patientRole><id root="1.3.6.1.4.1.5.1" extension="${id}"/><patient>${person}</patient></patientRole></recordTarget>`;
const twoTargets = (first: string, second: string): string => documentXml({ header: target(first, 'A1') }).replace(/<recordTarget><patientRole><patient>[^]*?<\/recordTarget>/, target(second, 'B2'));

t.test('one patient under two numbers is one', async (t) => {
  const document = readText(twoTargets(PERSON, PERSON));
  t.strictSame(document.patient.identifiers.map((each) => each.extension), ['A1', 'B2']);
  t.strictSame(document.missing, []);
});

t.test('an empty record target does not hide the full one', async (t) => {
  t.equal(readText(twoTargets('<name nullFlavor="UNK"/>', PERSON)).patient.name.given, 'Ada');
});

t.test('two patients wait for a person', async (t) => {
  const document = readText(twoTargets(PERSON, PERSON.replace('Ada', 'Medora')));
  t.strictSame(document.missing.map((each) => each.field), ['singlePatient']);
  t.match(document.warnings, [{ code: 'patient.several' }]);
  t.strictSame(document.patient.identifiers.length, 1, 'numbers are not mixed');
});

t.test('a document without patient waits, with every reason', async (t) => {
  const document = readText(documentXml({}).replace(/<recordTarget>[^]*<\/recordTarget>/, ''));
  t.strictSame(document.missing.map((each) => each.field), ['name', 'birthDate', 'sex']);
  for (const { reason } of document.missing) t.match(reason, /^The document/);
});
