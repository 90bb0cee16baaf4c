import t from 'tap';
import { readDocument } from '../../core/clinical/read-document.ts';
import { bytesOf, documentXml, refusalOf } from './build-document.ts';

const named = documentXml({}).replace('Ada', 'Zoë').replace('Lovell', 'Łukasz–Müller’s');
const declared = (text: string, encoding: string): string => text.replace('UTF-8', encoding);
const western = named.replace('Łukasz', 'Lukasz');
const windows1252 = (text: string): Uint8Array => Uint8Array.from([...text].map((character) => ({ '–': 0x96, '’': 0x92 })[character] ?? character.charCodeAt(0)));
const utf16 = (text: string, order: 'le' | 'be', mark = true): Uint8Array => {
  const bytes = Buffer.from(mark ? `\ufeff${text}` : text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};

const READ: { name: string; bytes: Uint8Array; family?: string; repairs?: string[] }[] = [
  { name: 'UTF-8', bytes: bytesOf(named) },
  { name: 'UTF-8 with byte order mark', bytes: bytesOf(`\ufeff${named}`) },
  { name: 'UTF-8 without declaration', bytes: bytesOf(named.replace(/<\?xml.*?\?>\n/, '')) },
  { name: 'UTF-16 little endian', bytes: utf16(declared(named, 'UTF-16'), 'le') },
  { name: 'UTF-16 big endian', bytes: utf16(declared(named, 'utf-16'), 'be') },
  { name: 'UTF-16 without mark', bytes: utf16(declared(named, 'UTF-16'), 'le', false), repairs: ['encoding.no_bom'] },
  { name: 'UTF-16 that declares UTF-8', bytes: utf16(named, 'le'), repairs: ['encoding.declaration'] },
  { name: 'UTF-8 that declares UTF-16, as a .NET string writer does', bytes: bytesOf(declared(named, 'utf-16')), repairs: ['encoding.declaration'] },
  { name: 'windows-1252', bytes: windows1252(declared(western, 'windows-1252')), family: 'Lukasz–Müller’s' },
  { name: 'ISO-8859-1 with windows-1252 punctuation', bytes: windows1252(declared(western, 'ISO-8859-1')), family: 'Lukasz–Müller’s', repairs: ['encoding.windows_1252'] },
  { name: 'windows-1252 as Java calls it', bytes: windows1252(declared(western, 'Cp1252')), family: 'Lukasz–Müller’s' },
  { name: 'ISO-8859-9', bytes: Buffer.from(declared(western.replace(/[–’]/g, '-'), 'iso-8859-9'), 'latin1'), family: 'Lukasz-Müller-s' },
  { name: 'ISO-8859-1', bytes: Buffer.from(declared(western.replace(/[–’]/g, '-'), 'iso-8859-1'), 'latin1'), family: 'Lukasz-Müller-s' },
  { name: 'NULs after the end', bytes: bytesOf(`${named}\0\0\0`), repairs: ['padding.removed'] },
];

for (const { name, bytes, family = 'Łukasz–Müller’s', repairs = [] } of READ) {
  t.test(name, async (t) => {
    const document = readDocument(bytes);
    t.equal(document.patient.name.given, 'Zoë');
    t.equal(document.patient.name.family, family);
    t.strictSame(document.repairs.map((repair) => repair.code), repairs);
  });
}

t.test('bytes that the declared encoding does not know are refused where they stand', async (t) => {
  const bytes = Buffer.from(named.replace(/[Ł–’]/g, '-'), 'latin1');
  const { code, line, column } = refusalOf(() => readDocument(bytes));
  t.equal(code, 'document.encoding');
  t.equal(line, 4);
  t.equal(column, named.split('\n')[3]!.indexOf('Zo') + 3);
});

t.test('refused', async (t) => {
  const refused = (bytes: Uint8Array): string => refusalOf(() => readDocument(bytes)).code;
  t.equal(refused(bytesOf(declared(named, 'klingon'))), 'document.encoding', 'unknown encoding');
  t.equal(refused(bytesOf(declared(named, 'UTF-7'))), 'document.encoding', 'UTF-7');
  t.equal(refused(Buffer.from(declared(named, 'us-ascii'), 'latin1')), 'document.encoding', 'not ASCII');
  t.equal(refused(Uint8Array.from([...bytesOf(declared(documentXml({}), 'windows-1252')), 0x81])), 'document.encoding', 'undefined in windows-1252');
  t.equal(refused(utf16(named, 'le').subarray(0, 501)), 'document.encoding', 'half a character');
  t.equal(refused(Uint8Array.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0])), 'document.encoding', 'UTF-32');
  t.equal(refused(bytesOf(named.replace('Zoë', 'Z\0e'))), 'document.binary', 'NUL in the text');
  t.equal(refused(Buffer.from('%PDF-1.7\n')), 'document.binary', 'PDF');
  t.equal(refused(Buffer.from('PK\x03\x04')), 'document.binary', 'ZIP');
  t.equal(refused(Buffer.alloc(64)), 'document.binary', 'zeros');
  const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 193 + (i >> 3) * 71) % 251 + 1);
  t.match(refused(noise), /^document\.(?:encoding|not_well_formed)$/, 'noise');
});
