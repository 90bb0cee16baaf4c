import t from 'tap';
import { DOCUMENT_BYTES_MAX } from '../../core/clinical/document-refusal.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { parseXml } from '../../core/clinical/xml.ts';
import { documentXml, readText, refusalOf } from './build-document.ts';

const good = documentXml({});

t.test('entities and document types are refused, with their place', async (t) => {
  const laughs = good.replace('<ClinicalDocument', `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY lol${i + 1} "${`&lol${i || ''};`.repeat(10)}">`).join('')}]>\n<ClinicalDocument`).replace('Ada', '&lol9;');
  const external = good.replace('<ClinicalDocument', '<!DOCTYPE x [<!ENTITY xxe SYSTEM "file:///etc/passwd">]>\n<ClinicalDocument').replace('Ada', '&xxe;');
  const parameter = good.replace('<ClinicalDocument', '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd">\n<ClinicalDocument');
  for (const text of [laughs, external, parameter]) {
    const refusal = refusalOf(() => readText(text));
    t.equal(refusal.code, 'document.doctype');
    t.equal(refusal.line, 2);
    t.equal(refusal.column, 1);
  }
  t.equal(refusalOf(() => readText('<!DOCTYPE html><html><body>not a record</body></html>')).code, 'document.doctype');
});

t.test('an undeclared entity stays text and is reported', async (t) => {
  const document = readText(good.replace('Ada', '&xxe;'));
  t.equal(document.patient.name.given, '&xxe;');
  t.match(document.repairs, [{ code: 'ampersand.escaped', count: 1 }]);
});

t.test('a document cut anywhere is refused', async (t) => {
  for (let length = 200; length < good.length - 1; length += 37) {
    const { code, line } = refusalOf(() => readText(good.slice(0, length)));
    t.match(code, /^document\.(?:truncated|not_well_formed)$/, `cut at ${length}`);
    t.ok(line >= 1);
  }
});

t.test('broken XML is refused at its line and column, in the words of the house', async (t) => {
  const refusal = refusalOf(() => readText(good.replace('</given>', '</forename>')));
  t.equal(refusal.code, 'document.not_well_formed');
  t.equal(refusal.line, good.slice(0, good.indexOf('</given>')).split('\n').length);
  t.ok(refusal.column > good.split('\n')[3]!.indexOf('Ada'));
  t.notMatch(refusal.message, /forename|Ada|Lovell/, 'nothing of the document is repeated');
});

t.test('the place of a fault is that of the original, also after mending', async (t) => {
  const text = good.replace('Summary of care', 'A & B &nbsp; C').replace('</given>', '</forename>');
  const plain = refusalOf(() => readText(good.replace('Summary of care', 'A + B ++++++ C').replace('</given>', '</forename>')));
  const { code, line, column } = refusalOf(() => readText(text));
  t.strictSame({ code, line, column }, { code: plain.code, line: plain.line, column: plain.column });
});

t.test('deep nesting is refused early', async (t) => {
  const depth = `<ClinicalDocument>${'<a>'.repeat(100_000)}`;
  t.equal(refusalOf(() => readText(depth)).code, 'document.too_deep');
  t.equal(refusalOf(() => readText(good.replace('<title>Summary of care</title>', `<title>${'<b>'.repeat(300)}${'</b>'.repeat(300)}</title>`))).code, 'document.too_deep');
});

t.test('100 MB of nesting is refused without reading it', async (t) => {
  const bytes = Buffer.alloc(100 * 1024 * 1024, '<a>');
  const before = process.memoryUsage().rss;
  const worked = process.cpuUsage();
  t.equal(refusalOf(() => readDocument(bytes)).code, 'document.too_large');
  t.equal(refusalOf(() => readDocument(bytes.subarray(0, DOCUMENT_BYTES_MAX - DOCUMENT_BYTES_MAX % 3))).code, 'document.too_deep');
  t.ok(process.cpuUsage(worked).user < 3_000_000, 'within three seconds of work');
  t.ok(process.memoryUsage().rss - before < 400 * 1024 * 1024, 'without memory in proportion');
});

t.test('too many elements and attributes are refused', async (t) => {
  t.equal(refusalOf(() => parseXml(`<a>${'<b/>'.repeat(20)}</a>`, { limits: { depth: 5, elements: 20, attributes: 5 } })).code, 'document.too_many_elements');
  t.equal(refusalOf(() => readText(good.replace('<title>', `<title ${Array.from({ length: 200 }, (_, i) => `a${i}="1"`).join(' ')}>`))).code, 'document.too_many_elements');
});

t.test('hostile repetition is answered in linear time', async (t) => {
  const fillings = ['&'.repeat(2_000_000), `<td ${'a'.repeat(4_000_000)}`, '<!-- -- '.repeat(300_000), '<br>'.repeat(19_000), '<![CDATA[]]>'.repeat(400_000), '<a b="1"/>'.repeat(400_000), ']]>'.repeat(19_000), '<'.repeat(2_000_000), `<x a="${'<'.repeat(2_000_000)}"`];
  for (const filling of fillings) {
    const worked = process.cpuUsage(); // not the clock: a busy machine would fail an innocent reader
    refusalOf(() => readText(`<ClinicalDocument><a>${filling}</b></ClinicalDocument>`));
    t.ok(process.cpuUsage(worked).user < 4_000_000, `${filling.slice(0, 8)} × ${filling.length}`);
  }
});

t.test('hostile content of sound XML is answered in linear time', async (t) => {
  const spaces = ' '.repeat(500_000);
  const observation = '<entry><observation><text><reference value="#big"/></text><value nullFlavor="UNK"/></observation></entry>';
  const hostile: Record<string, string> = {
    'spaces in a code': good.replace('code="F"', `code="a${spaces}b"`).replace('codeSystem="2.16.840.1.113883.5.1"', ''),
    'parentheses in a display name': good.replace('code="F"', `displayName="${' ('.repeat(200_000)}"`),
    'a name of titles': good.replace(/<name.*<\/name>/, `<name>${'Mr '.repeat(300_000)}</name>`),
    'spaces in the narrative': documentXml({ body: `<component><section><text>${spaces.repeat(4)}x</text></section></component>` }),
    'many references to one long text': documentXml({ body: `<component><section><code code="11450-4"/><text><content ID="big">${'long '.repeat(200_000)}</content></text>${observation.repeat(20_000)}</section></component>` }),
    'many patients': good.replace('<recordTarget>', `${`<recordTarget><patientRole><id root="1.2.3" extension="7"/><patient><name><given>A</given></name></patient></patientRole></recordTarget>`.repeat(20_000)}<recordTarget>`),
    'many comments behind the end': `${good.replace('Summary', 'A & B')}${'<!-- -->'.repeat(500_000)}x`,
  };
  for (const [name, text] of Object.entries(hostile)) {
    const worked = process.cpuUsage();
    readText(text);
    t.ok(process.cpuUsage(worked).user < 4_000_000, `${name}: ${(process.cpuUsage(worked).user / 1000).toFixed(0)} ms`);
  }
});

t.test('what is no clinical document says so', async (t) => {
  t.equal(refusalOf(() => readText('<ContinuityOfCareRecord xmlns="urn:astm-org:CCR"/>')).code, 'document.not_cda');
  t.equal(refusalOf(() => readText('{"resourceType":"Bundle"}')).code, 'document.not_well_formed');
  t.equal(refusalOf(() => readText('')).code, 'document.empty');
  t.equal(refusalOf(() => readText('   \n ')).code, 'document.truncated');
});

t.test('elements are known by local name, with or without namespace', async (t) => {
  const prefixed = good.replace(/<(\/?)([A-Za-z])/g, '<$1n1:$2').replace('xmlns="urn', 'xmlns:n1="urn');
  t.equal(readText(prefixed).patient.name.family, 'Lovell');
  t.strictSame(readText(prefixed).repairs, []);
  const bare = readText(good.replace(/ xmlns(?::\w+)?="[^"]*"/g, ''));
  t.equal(bare.patient.name.family, 'Lovell');
  t.match(bare.repairs, [{ code: 'namespace.missing' }]);
  const undeclared = readText(good.replace(/ xmlns:\w+="[^"]*"/g, '').replace('<birthTime', '<birthTime xsi:type="TS"'));
  t.equal(undeclared.patient.birthDate, '1956-12-10');
  t.match(undeclared.repairs, [{ code: 'prefix.undeclared', line: 4 }]);
});

t.test('a wrapped document is found', async (t) => {
  const wrapped = readText(`<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>${good.replace(/<\?xml.*?\?>\n/, '')}</soap:Body></soap:Envelope>`);
  t.equal(wrapped.patient.name.given, 'Ada');
  t.match(wrapped.repairs, [{ code: 'wrapper.opened' }]);
});
