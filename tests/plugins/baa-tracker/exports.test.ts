import t from 'tap';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { ZipFile } from 'yazl';
import { readZip } from '../../../core/clinical/zip.ts';
import { keyIdOf } from '../../../core/audit/key-id.ts';
import { verifyBundle } from '../../../core/audit/verify.ts';
import { asSuperuser } from '../../../core/db/embedded.ts';
import { systemScope } from '../../../core/db/scope.ts';
import { recorded } from '../../api/open-server.ts';
import { createTestDatabase } from '../../support/database.ts';
import { agreement, concludeAgreement, HOME, idIn, openRegister, plainPdf, subprocessor, upload } from './register.ts';

t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all the tests below when the file is run alone

async function openFilled(t: Parameters<typeof openRegister>[0]) {
  const opened = await openRegister(t);
  const officer = await opened.visit(opened.willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud', { purpose: '=HYPERLINK("https://evil.example";"x")', contactName: '+1 call me' })));
  const agreementId = await concludeAgreement(officer, subprocessorId, agreement(opened.willow.officer.id, { title: '../../etc/passwd', terms: 'Audit right\nonce a year' }));
  idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Bare & Co', { phiClass: 'none' })));
  await officer.get(HOME);
  return { ...opened, officer, subprocessorId, agreementId };
}

/** What docs/baa-tracker.md tells an auditor to do, with nothing of the plugin's. Returns what is wrong. */
async function verifyEvidence(bytes: Buffer, trustedKey?: Uint8Array): Promise<string[]> {
  const files = new Map<string, Buffer>();
  for await (const entry of readZip(bytes)) files.set(entry.name, Buffer.from(entry.bytes as Uint8Array));
  const [manifestBytes, signed] = [files.get('manifest.json') as Buffer, JSON.parse(String(files.get('manifest.signature.json'))) as { keyId: string; publicKey: string; signature: string }];
  const manifest = JSON.parse(String(manifestBytes)) as { files: { path: string; bytes: number; sha256: string }[] };
  const wrong: string[] = [];
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signed.publicKey, 'base64').toString('base64url') } });
  if (!verify(null, Buffer.concat([Buffer.from('wardkeep-plugin-statement-v1\nbaa-tracker\n'), manifestBytes]), key, Buffer.from(signed.signature, 'base64'))) wrong.push('signature');
  if (keyIdOf(Buffer.from(signed.publicKey, 'base64')) !== signed.keyId) wrong.push('key id');
  for (const { path, bytes: length, sha256 } of manifest.files) {
    const file = files.get(path);
    if (file?.length !== length || createHash('sha256').update(file).digest('hex') !== sha256) wrong.push(path);
  }
  for (const path of files.keys()) if (!['manifest.json', 'manifest.signature.json', 'SHA256SUMS'].includes(path) && !manifest.files.some((file) => file.path === path)) wrong.push(`${path} is not listed`);
  const audit = files.get('audit.ndjson') as Buffer;
  const verdict = await verifyBundle((async function* () { yield audit; })(), trustedKey === undefined ? {} : { trustedKeys: [trustedKey] });
  if (!verdict.ok) wrong.push('audit');
  // The manifest is signed by a key of the log itself, so whoever trusts the log trusts it.
  if (!(JSON.parse(audit.toString('utf8').split('\n', 1)[0] as string) as { keys: { keyId: string; publicKey: string }[] }).keys.some((each) => each.keyId === signed.keyId && each.publicKey === signed.publicKey)) wrong.push('key not of the log');
  return wrong;
}

t.test('evidence that an auditor verifies without us', async (t) => {
  const { app, willow, officer, agreementId } = await openFilled(t);
  const answer = await officer.post(`${HOME}/evidence.zip`);
  t.equal(answer.statusCode, 200);
  t.match(answer.headers, { 'content-type': 'application/zip', 'content-disposition': /^attachment; filename="agreement-evidence-\d{4}-\d{2}-\d{2}\.zip"$/ });
  const zip = answer.rawPayload;
  const names: string[] = [];
  const files = new Map<string, Buffer>();
  for await (const { name, bytes } of readZip(zip)) { names.push(name); files.set(name, Buffer.from(bytes as Uint8Array)); }
  t.same(names, ['register.csv', 'register.pdf', 'history.json', `documents/Acme-Cloud-${agreementId.slice(0, 8)}/1-signed.pdf`, 'audit.ndjson', 'manifest.json', 'manifest.signature.json', 'SHA256SUMS']);
  t.same(await verifyEvidence(zip, app.signer.publicKey), []);
  t.ok(files.get(`documents/Acme-Cloud-${agreementId.slice(0, 8)}/1-signed.pdf`)?.equals(plainPdf()));
  const log = String(files.get('audit.ndjson'));
  for (const action of ['agreement.drafted', 'document.added', 'agreement.moved', 'register.exported']) t.match(log, `baa-tracker.${action}`);
  t.match(String(files.get('history.json')), /"to_status": "in_force"/);
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.register.exported'), [{ actor: { id: willow.officer.id }, detail: { format: 'evidence', documents: 1 } }]);
  t.match(await recorded(app, willow.workspaceId, 'audit.exported'), [{ detail: { format: 'bundle' } }]);

  // One byte of any file, and a file more.
  const packed = async (change: (name: string, bytes: Buffer) => Buffer, more = false): Promise<Buffer> => {
    const made = new ZipFile();
    for (const [name, bytes] of files) made.addBuffer(change(name, Buffer.from(bytes)), name);
    if (more) made.addBuffer(Buffer.from('x'), 'documents/more.pdf');
    made.end();
    const pieces: Buffer[] = [];
    for await (const piece of made.outputStream as AsyncIterable<Buffer>) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  t.same(await verifyEvidence(await packed((_, bytes) => bytes)), [], 'packed again it is the same');
  for (const altered of ['register.csv', 'register.pdf', 'history.json', `documents/Acme-Cloud-${agreementId.slice(0, 8)}/1-signed.pdf`, 'audit.ndjson']) {
    t.ok((await verifyEvidence(await packed((name, bytes) => { if (name === altered) bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1; return bytes; }))).includes(altered), altered);
  }
  t.same(await verifyEvidence(await packed((name, bytes) => (name === 'manifest.json' ? Buffer.from(String(bytes).replace('Officer', 'Another')) : bytes))), ['signature'], 'the manifest');
  t.same(await verifyEvidence(await packed((_, bytes) => bytes, true)), ['documents/more.pdf is not listed']);
});

t.test('whose log is broken gets no evidence', async (t) => {
  const { willow, officer, database } = await openFilled(t);
  await asSuperuser(database.superuserUrl, (client) => client.query(`update app.audit_entries set body = replace(body, '"ok"', '"no"') where workspace_id = $1 and action = 'baa-tracker.agreement.drafted'`, [willow.workspaceId]));
  t.equal((await officer.post(`${HOME}/evidence.zip`)).statusCode, 409);
});

t.test('the register as CSV and PDF', async (t) => {
  const { officer } = await openFilled(t);
  const csv = await officer.post(`${HOME}/register.csv`);
  t.match(csv.headers['content-type'], /text\/csv/);
  const [acme, bare] = parse(csv.payload, { columns: true, bom: true }) as Record<string, string>[];
  t.match(acme, { subprocessor: 'Acme Cloud', agreement_kind: 'baa', status: 'in_force', breach_notice_hours: '72', terms: 'Audit right\nonce a year', owner: 'Officer Person' });
  t.match(bare, { subprocessor: 'Bare & Co', agreement_kind: '' });
  t.equal(acme?.['purpose']?.startsWith("'="), true, 'what a spreadsheet would calculate is text');
  t.equal(acme?.['contact_name']?.startsWith("'+"), true);
  const pdf = await officer.post(`${HOME}/register.pdf`);
  t.match(pdf.headers['content-type'], 'application/pdf');
  t.match(pdf.rawPayload.subarray(0, 8).toString(), '%PDF-1.');
});

t.test('a register kept elsewhere comes in', async (t) => {
  const { app, willow, harbor, visit, officer } = await openFilled(t);
  const exported = (await officer.post(`${HOME}/register.csv`)).rawPayload;
  const again = await upload(officer, `${HOME}/import`, {}, { name: 'register.csv', bytes: exported, type: 'text/csv' });
  t.match(again.payload, /Nothing new<\/dt><dd>2/, 'one’s own export is nothing new');
  const elsewhere = await visit(harbor.officer);
  t.match((await upload(elsewhere, `${HOME}/import`, {}, { name: 'register.csv', bytes: exported, type: 'text/csv' })).payload, /New subprocessors<\/dt><dd class="good">2[^]*New drafts<\/dt><dd class="good">1/, 'elsewhere it is all new; officers are called alike');
  const rows = (await app.withWorkspace(systemScope(harbor.workspaceId, 'test'), (tx) => tx.knex('baa_tracker_agreements').select('status', 'breach_notice_hours'))) as object[];
  t.same(rows, [{ status: 'draft', breach_notice_hours: 72 }], 'as a draft: a line in a file signs nothing');
  t.match((await elsewhere.get(HOME)).payload, /=HYPERLINK|no agreement/);

  const heading = 'subprocessor,service,purpose,phi_class,location,agreement_kind,agreement_title,our_party,their_party,effective_on,expires_on,renewal_months,owner';
  const lines = [
    'Good Co,Mail,Sends letters,transit,US,baa,BAA,Us,Them,2026-01-01,2027-01-01,,', 'No Class,Mail,Sends letters,sometimes,US,,,,,,,,', ',Mail,x,none,US,,,,,,,,', 'Bad Day,Mail,x,none,US,baa,BAA,Us,Them,2026-02-30,,,', 'Ends First,Mail,x,none,US,baa,BAA,Us,Them,2026-02-01,2026-01-01,,',
    'No Owner,Mail,x,none,US,baa,BAA,Us,Them,2026-02-01,,,Manager Person', 'Half,Mail,x,none,US,baa,,,,,,,', '=cmd|x,Mail,x,none,US,dpa,,,,,,,',
  ];
  const mixed = await upload(officer, `${HOME}/import`, {}, { name: 'mixed.csv', bytes: Buffer.from([heading, ...lines].join('\r\n')), type: 'text/csv' });
  t.match(mixed.payload, /New subprocessors<\/dt><dd class="good">1[^]*Refused<\/dt><dd class="bad">7/);
  for (const reason of ['phi_class: choose one of the list', 'effective_on', 'subprocessor', 'it ends before it begins', 'no administrator or security officer']) t.match(mixed.payload, reason);
  t.match(mixed.payload, /&#x27;&#x3D;cmd|'=cmd/, 'a refused line comes back without a formula');
  t.match(await recorded(app, willow.workspaceId, 'baa-tracker.register.imported'), [{}, { detail: { lines: 8, subprocessors: 1, agreements: 1, refused: 7 } }]);

  for (const [what, bytes] of [['nothing', Buffer.alloc(0)], ['no heading', Buffer.from('a,b\n1,2\n')], ['a PDF', plainPdf()], ['bytes', Buffer.from([0, 1, 2, 255])], ['a heading twice', Buffer.from('subprocessor,subprocessor\na,b\n')], ['2,001 lines', Buffer.from(`subprocessor\n${'x\n'.repeat(2001)}`)], ['an open quote', Buffer.from('subprocessor\n"x\n')]] as const) {
    t.equal((await upload(officer, `${HOME}/import`, {}, { name: 'x.csv', bytes, type: 'text/csv' })).statusCode, 422, what);
  }
  t.equal((await upload(officer, `${HOME}/import`, {}, { name: 'x.csv', bytes: Buffer.alloc(1024 * 1024 + 1, 97), type: 'text/csv' })).statusCode, 413);
});
