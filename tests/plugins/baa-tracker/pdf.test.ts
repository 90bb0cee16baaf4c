import { inflateSync } from 'node:zlib';
import PdfDocument from 'pdfkit';
import t from 'tap';
import { printable, readFont } from '../../../plugins/baa-tracker/register/printable.ts';
import type { Register } from '../../../plugins/baa-tracker/register/read-register.ts';
import { writePdf } from '../../../plugins/baa-tracker/register/write-pdf.ts';

/** A register of one subprocessor called `name`; no database is needed to print it. */
const registerOf = (name: string): Register => ({
  today: '2026-11-22', zone: 'UTC', attestations: [], openReminders: [], openNotices: [], plugins: [], agreements: [], names: new Map(),
  subprocessors: [{ id: 'a', name, is_operator: false, in_use: true, service: 'Storage', purpose: 'Keeps documents', location: 'US', phi_class: 'none', data_elements: [], next_review_on: '2027-01-01' }],
} as unknown as Register);

/** The letters that a reader of the file finds in its fonts' ToUnicode maps (ISO 32000-2, 9.10.3). */
function lettersIn(pdf: Buffer): string {
  const text = pdf.toString('latin1');
  const streams = [...text.matchAll(/stream\r?\n/g)].filter(({ index }) => text.slice(index - 3, index) !== 'end').map(({ index, 0: mark }) => {
    try { return inflateSync(pdf.subarray(index + mark.length, text.indexOf('endstream', index))).toString('latin1'); } catch { return ''; }
  });
  return streams.filter((stream) => stream.includes('beginbfrange')).flatMap((stream) => [...stream.matchAll(/<([0-9a-fA-F]{4})>(?= |\])/g)].map(([, hex]) => String.fromCharCode(Number.parseInt(hex as string, 16)))).join('');
}

t.test('names print as they are written', async (t) => {
  const written = 'Łukasz Żółć, Ђорђе Петровић, Σοφία, Nguyễn Thị Ánh, Müller & Søn';
  const pdf = await writePdf(registerOf(written), { workspace: 'Łódź', madeBy: 'Žofie' });
  const letters = new Set(lettersIn(pdf));
  for (const letter of new Set(`${written}Łódź Žofie`.normalize('NFC'))) t.ok(letters.has(letter), letter);
  t.match(pdf.toString('latin1'), /\/FontFile2/, 'the font travels in the file');
  t.equal(printable(written), written.normalize('NFC'));
});

t.test('what the font lacks is said, never drawn as something else', async (t) => {
  t.equal(printable('李, שלום, مرحبا, \u{1F600}'), '[U+674E], [U+05E9][U+05DC][U+05D5][U+05DD], [U+0645][U+0631][U+062D][U+0628][U+0627], [U+1F600]');
  t.equal(printable('Zo\u0308e'), 'Zöe');
  const [plain, replaced] = [await writePdf(registerOf('Plain'), { workspace: 'W', madeBy: 'M' }), await writePdf(registerOf('李'), { workspace: 'W', madeBy: 'M' })];
  t.notMatch(lettersIn(plain), '[');
  t.match(lettersIn(replaced), '[');
});

t.test('every letter that counts as printable is in both fonts', async (t) => {
  for (const name of ['Regular', 'Bold'] as const) {
    const pdf = new PdfDocument().font(readFont(name)) as unknown as { _font: { font: { characterSet: number[] } } };
    const held = new Set(pdf._font.font.characterSet);
    const missing = Array.from({ length: 0xfffe }, (_, code) => code).filter((code) => code !== 0x0a && (code < 0xd800 || code > 0xdfff) && !held.has(code) && printable(String.fromCodePoint(code)) === String.fromCodePoint(code));
    t.same(missing.map((code) => code.toString(16)), [], name);
  }
});
