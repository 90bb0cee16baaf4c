import t from 'tap';
import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { declareFaults } from '../../../core/errors.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { checkTicket, issueTicket } from '../../../core/plugins/ticket.ts';
import { FAULTS } from '../../../plugins/baa-tracker/declared.ts';
import { checkPdf } from '../../../plugins/baa-tracker/documents/check-pdf.ts';
import { writePdf } from '../../../plugins/baa-tracker/register/write-pdf.ts';
import { recorded } from '../../api/open-server.ts';
import { scopeAs } from '../../support/people.ts';
import { agreement, concludeAgreement, HOME, idIn, openRegister, plainPdf, subprocessor, upload } from './register.ts';
import { createTestDatabase } from '../../support/database.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

const withStream = (dictionary: string, content: Buffer): Buffer => {
  const plain = plainPdf().toString('latin1');
  return Buffer.from(plain.replace('xref\n', () => `4 0 obj\n<< ${dictionary} /Length ${content.length} >>\nstream\n${content.toString('latin1')}\nendstream\nendobj\nxref\n`), 'latin1');
};
const flate = '/Filter /FlateDecode';

/** Zeros under zlib (RFC 1950). One mebibyte is packed and repeated, which a full flush allows for: packing half a gigabyte takes seconds. */
function packedZeros(mebibytes: number): Buffer {
  const one = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
  const adler = Buffer.alloc(4);
  adler.writeUInt32BE(((mebibytes * 2 ** 20) % 65_521) * 2 ** 16 + 1);
  return Buffer.concat([Buffer.from('789c', 'hex'), ...Array.from({ length: mebibytes }, () => one), Buffer.from('0300', 'hex'), adler]);
}

t.test('what is taken for a PDF', async (t) => {
  declareFaults('baa-tracker', FAULTS);
  const taken: [string, Buffer][] = [
    ['a plain one', plainPdf()],
    ['one by a library', await writePdf({ today: '2026-01-01', zone: 'UTC', subprocessors: [], agreements: [], attestations: [], openReminders: [], openNotices: [], plugins: [], names: new Map() }, { workspace: 'Willow', madeBy: 'Ada' })],
    ['one with packed objects', withStream(`/Type /ObjStm ${flate}`, deflateSync('<< /Type /Page >>'))],
    ['one whose text speaks of scripts', withStream(flate, deflateSync('(JavaScript and /JS) Tj'))],
    ['one with a picture that does not unpack', withStream(flate, Buffer.from('nonsense'))],
    ['a name that only begins like an action', plainPdf('/JSTOR 1 ')],
  ];
  for (const [what, bytes] of taken) await t.resolves(checkPdf(bytes), what);

  const refused: [string, Buffer, string][] = [
    ['nothing', Buffer.alloc(0), 'no_pdf'], ['a web page', Buffer.from('<html><script>alert(1)</script>'), 'no_pdf'], ['a program', Buffer.from('MZ\x90\0'), 'no_pdf'], ['a PDF after something else', Buffer.concat([Buffer.from('GIF89a'), plainPdf()]), 'no_pdf'],
    ['a future version', Buffer.from(plainPdf().toString('latin1').replace('1.4', '9.9')), 'no_pdf'],
    ['one cut short', plainPdf().subarray(0, 200), 'damaged'], ['a web page after its end', Buffer.concat([plainPdf(), Buffer.from('<html>')]), 'damaged'], ['a stream without an end', Buffer.from(plainPdf().toString('latin1').replace('xref\n', 'stream\nxref\n'), 'latin1'), 'damaged'],
    ['packed objects that do not unpack', withStream(`/Type /ObjStm ${flate}`, Buffer.from('nonsense')), 'damaged'],
    ['a script', plainPdf('/OpenAction << /S /JavaScript /JS (app.alert(1)) >> '), 'active'], ['a script spelt otherwise', plainPdf('/OpenAction << /S /Java#53cript >> '), 'active'], ['a program to start', plainPdf('/OpenAction << /S /Launch /F (cmd.exe) >> '), 'active'],
    ['an attachment', plainPdf('/Names << /EmbeddedFiles 5 0 R >> '), 'active'], ['a form with code', plainPdf('/AcroForm << /XFA 5 0 R >> '), 'active'], ['a form that is sent', plainPdf('/A << /S /SubmitForm /F (https://evil.example) >> '), 'active'],
    ['a script among packed objects', withStream(`/Type /ObjStm ${flate}`, deflateSync('<< /S /JavaScript /JS (x) >>')), 'active'],
    ['objects behind another filter', withStream('/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]', Buffer.from('78')), 'active'],
    ['one with a password', plainPdf('/Encrypt 5 0 R '), 'locked'],
    ['a bomb of packed objects', withStream(`/Type /ObjStm ${flate}`, packedZeros(17)), 'bomb'],
    ['a bomb', withStream(flate, packedZeros(513)), 'bomb'],
  ];
  for (const [what, bytes, code] of refused) await t.rejects(checkPdf(bytes), { code: `baa-tracker.document.${code}` }, what);
});

t.test('a document and the links to it', async (t) => {
  const { app, willow, harbor, visit } = await openRegister(t);
  const [officer, admin] = [await visit(willow.officer), await visit(willow.admin)];
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud')));
  const agreementId = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id));
  const page = `${HOME}/agreements/${agreementId}`;
  const documents = async () => (await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.knex('baa_tracker_documents').orderBy('number'))) as { id: string; number: number; file_name: string; sha256: Buffer }[];
  const [first] = await documents();
  const link = async (visitor: typeof officer) => { await visitor.get(page); return String((await visitor.post(`${HOME}/documents/${first?.id}/link`)).headers['location']); };

  t.test('it lies sealed and comes back byte for byte, as a file', async (t) => {
    const stored = JSON.stringify(await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => tx.knex('baa_tracker_contents')));
    t.match(stored, /"content":"v1\.d1\./);
    t.match(first?.file_name, /^v1\.d1\./);
    const opened = await officer.get(await link(officer));
    t.equal(opened.statusCode, 200);
    t.ok(opened.rawPayload.equals(plainPdf()));
    t.match(opened.headers, { 'content-type': 'application/pdf', 'content-disposition': /^attachment; filename="agreement-[0-9a-f]{8}-1\.pdf"$/, 'x-content-type-options': 'nosniff', 'cache-control': /no-store/ });
    t.match(await recorded(app, willow.workspaceId, 'baa-tracker.document.opened'), [{ actor: { id: willow.officer.id }, target: { type: 'document', id: first?.id }, detail: { sha256: first?.sha256.toString('hex') } }]);
    t.equal((await recorded(app, willow.workspaceId, 'baa-tracker.document.link_made')).length, 1);
  });

  t.test('a link is one person’s, for one document, for minutes, and unforgeable', async (t) => {
    const good = await link(officer);
    const [, expiry = '', mac = ''] = /\/(\d{13})\.([\w-]{43})$/.exec(good) ?? [];
    t.ok(Number(expiry) - Date.now() <= 5 * 60_000 && Number(expiry) > Date.now());
    const at = (ticket: string, document = first?.id) => `${HOME}/documents/${document}/${ticket}`;
    t.equal((await admin.get(good)).statusCode, 410, 'a colleague’s');
    t.equal((await (await visit(harbor.officer)).get(good)).statusCode, 404, 'a stranger does not hear that it is there');
    t.equal((await officer.get(at(`${Number(expiry) + 60_000}.${mac}`))).statusCode, 410, 'made to last longer');
    t.equal((await officer.get(at(`${expiry}.${mac.slice(0, 42)}${mac.endsWith('A') ? 'E' : 'A'}`))).statusCode, 410, 'a changed MAC');
    for (const ticket of ['x', `${expiry}.`, `${expiry}.${mac}x`, `0${expiry}.${mac}`, `-1.${mac}`, `${expiry}.${mac.slice(1)}`]) t.equal((await officer.get(at(encodeURIComponent(ticket)))).statusCode, 410, ticket);
    await upload(officer, `${page}/documents`, { kind: 'amendment' }, { name: 'b.pdf', bytes: plainPdf('/Lang (en) ') });
    const [, second] = await documents();
    t.match(second, { number: 2 }, 'beside the first, not in its place');
    t.equal((await officer.get(at(`${expiry}.${mac}`, second?.id))).statusCode, 410, 'another document');
    t.equal((await officer.get(good)).statusCode, 200, 'the good one still holds');
    t.ok((await recorded(app, willow.workspaceId, 'baa-tracker.document.link_refused')).length >= 4);
    t.equal((await admin.server.inject({ url: good, headers: { accept: 'application/json' } })).statusCode, 401, 'and it is no bearer token');

    const scope = scopeAs(willow.officer);
    const mint = { key: app.formKey, plugin: 'baa-tracker' };
    const old = issueTicket(mint, scope, 'document x', 1_700_000_000_000);
    t.equal(checkTicket(mint, scope, 'document x', old, 1_699_999_999_999), true);
    t.equal(checkTicket(mint, scope, 'document x', old, 1_700_000_000_000), false, 'over at its last moment');
    t.equal(checkTicket({ ...mint, plugin: 'other' }, scope, 'document x', old, 0), false, 'another plugin’s');
    t.equal(checkTicket(mint, { ...scope, workspaceId: harbor.workspaceId }, 'document x', old, 0), false, 'another workspace’s');
  });

  t.test('what is no plain PDF is refused and nothing of it stays', async (t) => {
    const before = (await documents()).length;
    for (const [what, bytes] of [['a web page', Buffer.from('<html>')], ['a script', plainPdf('/OpenAction << /JS (x) >> ')]] as const) {
      const answer = await upload(officer, `${page}/documents`, { kind: 'signed' }, { name: 'x.pdf', bytes });
      t.equal(answer.statusCode, 422, what);
      t.match(answer.payload, /href="#f-file"/);
    }
    t.equal((await upload(officer, `${page}/documents`, { kind: 'signed' }, { name: '', bytes: Buffer.alloc(0) })).statusCode, 422, 'nothing chosen');
    t.equal((await upload(officer, `${page}/documents`, { kind: 'painting' }, { name: 'x.pdf', bytes: plainPdf() })).statusCode, 400, 'a kind that is none');
    t.equal((await upload(officer, `${page}/documents`, { kind: 'signed' }, { name: 'x.pdf', bytes: Buffer.alloc(16 * 1024 * 1024) })).statusCode, 413, 'more than 15 MB');
    t.equal((await documents()).length, before);
    t.match(await recorded(app, willow.workspaceId, 'baa-tracker.document.refused'), [{ outcome: 'refused', detail: { code: 'baa-tracker.document.no_pdf' } }, { detail: { code: 'baa-tracker.document.active' } }]);
  });
});
