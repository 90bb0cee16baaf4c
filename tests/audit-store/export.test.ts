import { execFile } from 'node:child_process';
import { chmod, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { INSTALLATION_WORKSPACE, systemScope, type Scope } from '../../core/db/scope.ts';
import { exportLog, type ExportFormat } from '../../core/security/audit/export-log.ts';
import type { Asked } from '../../core/audit/store/stored-range.ts';
import { openTestApp } from '../support/database.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createPeople, scopeAs } from '../support/people.ts';

t.setTimeout(120_000); // the command is started twenty times

const { app, database } = await openTestApp(t);
const people = await createPeople(app, 'willow');
const scope: Scope = { ...scopeAs(people.officer), userAgent: '=HYPERLINK("http://evil.example","x")' };
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, (client) => client.query(text, values));
const act = (times: number) => app.withWorkspace(scope, async (tx) => {
  for (let i = 0; i < times; i++) record(tx, { action: 'test.acted', target: { type: 'thing', id: String(i) }, detail: { i } });
});
const bytesOf = async (format: ExportFormat, asked: Asked = {}, as = scope) => {
  const { pieces, range } = await exportLog(app, as, format, asked);
  return { range, bytes: Buffer.concat(await Array.fromAsync(pieces)) };
};
const verdict = (bytes: Buffer, checkpoint?: string) => verifyBundle((async function* () { yield bytes; })(), checkpoint === undefined ? {} : { checkpoint });
await act(700);

t.test('a bundle verifies offline, whole and in part, also against an older checkpoint', async (t) => {
  const { checkpoint } = await verifyStored(app, scope);
  const whole = await bytesOf('bundle');
  t.match(await verdict(whole.bytes), { ok: true, entries: whole.range.toSeq, checkpointResult: 'none' });
  await act(20);
  const later = await bytesOf('bundle');
  t.match(await verdict(later.bytes, checkpoint as string), { ok: true, checkpointResult: 'confirmed' });
  for (const [fromSeq, toSeq] of [[1, 1], [256, 512], [257, 600], [700, 100_000], [900_000, 900_001]] as const) {
    const part = await bytesOf('bundle', { fromSeq, toSeq });
    t.match(await verdict(part.bytes), { ok: true, entries: part.range.toSeq - part.range.fromSeq + 1 }, `${fromSeq} to ${toSeq}`);
  }
});

t.test('the export itself is on the record, after what it holds', async (t) => {
  const { range } = await bytesOf('json');
  const { rows } = await sql('select seq, body from app.audit_entries where workspace_id = $1 order by seq desc limit 1', [people.workspaceId]);
  t.equal(Number(rows[0].seq), range.toSeq + 1);
  t.match(JSON.parse(rows[0].body), { action: 'audit.exported', actor: { id: people.officer.id }, detail: { format: 'json', fromSeq: 1, toSeq: range.toSeq } });
});

t.test('by date: whole days of the workspace’s time zone, or instants', async (t) => {
  const [first] = (await sql('select at from app.audit_entries where workspace_id = $1 order by seq limit 1', [people.workspaceId])).rows as { at: Date }[];
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(first?.at);
  const { range } = await bytesOf('bundle', { from: day, to: day });
  t.equal(range.fromSeq, 1);
  t.match(range.from, /T0[45]:00:00\.000Z$/, 'midnight in New York');
  t.equal(Date.parse(range.to as string) - Date.parse(range.from as string), 24 * 3600_000);
  const none = await bytesOf('bundle', { from: '2020-01-01', to: '2020-12-31' });
  t.match(await verdict(none.bytes), { ok: true, entries: 0 });
  const [middle] = (await sql('select at from app.audit_entries where workspace_id = $1 and seq = 300', [people.workspaceId])).rows as { at: Date }[];
  const since = await bytesOf('bundle', { from: middle?.at.toISOString() });
  t.ok(since.range.fromSeq <= 300 && since.range.fromSeq > 1);
  t.match(await verdict(since.bytes), { ok: true });
});

t.test('a time that ends before it begins is refused, before the log is verified', async (t) => {
  const seen = async () => (await sql('select count(*) from app.audit_entries where workspace_id = $1', [people.workspaceId])).rows[0].count;
  const before = await seen();
  for (const [from, to] of [['2026-02-02', '2026-02-01'], ['2026-02-02T06:00:00Z', '2026-02-01'], ['2026-02-02', '2026-02-02T00:00:00Z'], ['2026-02-02T08:00:00Z', '2026-02-02T08:00:00Z']]) {
    for (const format of ['bundle', 'csv'] as const) await t.rejects(bytesOf(format, { from, to }), { code: 'audit.span_reversed' }, `${from} to ${to}`);
  }
  t.equal(await seen(), before, 'nothing was done');
  t.match(await verdict((await bytesOf('bundle', { from: '2020-02-02', to: '2020-02-02' })).bytes), { ok: true, entries: 0 }, 'a day is a time');
});

t.test('CSV and JSON hold every entry; no cell is a formula', async (t) => {
  const { bytes, range } = await bytesOf('csv');
  const rows = parse(bytes, { columns: true }) as Record<string, string>[];
  t.equal(rows.length, range.toSeq);
  t.match(rows.find(({ action }) => action === 'test.acted'), { actor_name: people.officer.name, user_agent: `'=HYPERLINK("http://evil.example","x")`, outcome: 'ok' });
  t.notMatch(bytes.toString(), /(^|,|")[=+@-]/m);
  const json = await bytesOf('json');
  t.equal((JSON.parse(json.bytes.toString()) as unknown[]).length, json.range.toSeq);
  t.same(JSON.parse((await bytesOf('json', { from: '2020-01-01', to: '2020-01-02' })).bytes.toString()), []);
});

t.test('only with the capability, and a second factor confirmed just now', async (t) => {
  await t.rejects(bytesOf('csv', {}, scopeAs(people.manager)), { code: 'access.denied' });
  await t.rejects(bytesOf('csv', {}, scopeAs(people.officer, { assuredAt: Date.now() - 3600_000 })), { code: 'access.step_up_required' });
  const { rows } = await sql(`select outcome from app.audit_entries where workspace_id = $1 and action = 'access.refused'`, [people.workspaceId]);
  t.equal(rows.length, 2, 'both refusals are on the record');
});

t.test('the command: written whole, readable by its owner only, then verified by the other command', async (t) => {
  const folder = t.testdir();
  await chmod(folder, 0o711); // it is the data folder here, which nobody else may look into
  const file = join(folder, 'audit.ndjson');
  const rootKeys = TEST_ROOT_KEYS.map(({ id, bytes }) => `${id}:${bytes.toString('base64')}`).join(',');
  const wardkeep = (...words: string[]) => new Promise<{ code: number; out: string }>((resolve) => {
    const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], WARDKEEP_DATA_DIR: folder, WARDKEEP_ROOT_KEYS: rootKeys, WARDKEEP_DATABASE_OWNER_URL: database.ownerUrl, WARDKEEP_DATABASE_APP_URL: database.appUrl, WARDKEEP_DATABASE_JOBS_URL: database.jobsUrl };
    execFile(process.execPath, ['core/main.ts', ...words], { env }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr }));
  });
  t.match(await wardkeep('migrate'), { code: 0 }); // the plugins' tables, which this file's own program does without
  const exported = await wardkeep('audit', 'export', '--workspace', 'willow', '--out', file, '--json');
  t.equal(exported.code, 0, exported.out);
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const [entry] = (await sql(`select body from app.audit_entries where workspace_id = $1 and action = 'audit.exported' order by seq desc limit 1`, [people.workspaceId])).rows as { body: string }[];
  t.match(JSON.parse(entry?.body as string), { actor: { kind: 'system', name: 'wardkeep audit export' } });
  t.match(await wardkeep('audit', 'verify', file), { code: 0, out: /^Sound/ });
  await symlink(file, join(folder, 'link'));
  for (const other of [folder, join(folder, 'link')]) t.match(await wardkeep('audit', 'export', '--workspace', 'willow', '--out', other), { code: 64, out: /name a file/ });
  t.equal((await sql(`select from app.audit_entries where workspace_id = $1 and action = 'audit.exported' and body like '%wardkeep audit export%'`, [people.workspaceId])).rows.length, 1, 'refused before anything is on the record');
  const installation = join(folder, 'installation.ndjson');
  t.match(await wardkeep('audit', 'export', '--workspace', 'installation', '--out', installation), { code: 0 });
  t.match(JSON.parse((await readFile(installation, 'utf8')).split('\n')[0] as string), { workspace: INSTALLATION_WORKSPACE });
  t.match(await wardkeep('audit', 'verify', installation), { code: 0 });
  t.match(await wardkeep('audit', 'export', '--workspace', 'willow', '--out', file, '--from', '2026-02-30'), { code: 64 });
  t.match(await wardkeep('audit', 'export', '--workspace', 'willow', '--out', join(folder, 'none'), '--from', '2026-02-02', '--to', '2026-02-01'), { code: 64, out: /--from is not before --to/ });
  await writeFile(join(folder, 'kept.txt'), 'hello');
  t.match(await wardkeep('audit', 'verify', file, '--checkpoint', join(folder, 'kept.txt')), { code: 1, out: /^NOT CONFIRMED: .*\nWhat you gave as an older checkpoint is not one/ });
  t.match(await wardkeep('audit', 'verify', folder), { code: 64, out: /is a folder/ });
  for (const format of ['csv', 'json'] as const) {
    for (const asked of [{}, { from: '2020-01-01', to: '2020-01-02' }]) {
      await writeFile(join(folder, 'reading'), (await bytesOf(format, asked)).bytes);
      t.match(await wardkeep('audit', 'verify', join(folder, 'reading')), { code: 2, out: new RegExp(`^This is a ${format.toUpperCase()} export.*--format bundle`) });
    }
  }
  await writeFile(file, (await readFile(file, 'utf8')).replace('test.acted', 'test.faked'));
  t.match(await wardkeep('audit', 'verify', file), { code: 1, out: /NOT SOUND/ });
});

t.test('nor is there one with an entry that was changed behind the last checkpoint', async (t) => {
  const change = (from: string, to: string) => sql('update app.audit_entries set body = replace(body, $2, $3) where workspace_id = $1 and seq = 600', [people.workspaceId, from, to]);
  await verifyStored(app, scope);
  await change('test.acted', 'test.faked');
  t.match(await verifyStored(app, scope), { ok: true }, 'which the verification since then does not look at');
  await t.rejects(bytesOf('bundle', { fromSeq: 590, toSeq: 610 }), { code: 'audit.not_sound' });
  const { pieces } = await exportLog(app, scope, 'bundle', {});
  await t.rejects(Array.fromAsync(pieces), { code: 'audit.not_sound' }, 'far into the file it breaks off');
  const { rows } = await sql('select ok, fault, fault_seq from app.audit_verifications where workspace_id = $1 order by finished_at desc limit 1', [people.workspaceId]);
  t.match(rows, [{ ok: false, fault: 'hash', fault_seq: '600' }], 'and the verification says where');
  await t.resolves(bytesOf('bundle', { fromSeq: 1, toSeq: 100 }), 'of sound entries there is one');
  await change('test.faked', 'test.acted');
});

t.test('of a log that does not verify there is no bundle, but CSV and JSON show it as it stands', async (t) => {
  await sql(`delete from app.audit_entries where workspace_id = $1 and seq = 300`, [people.workspaceId]);
  await t.rejects(bytesOf('bundle'), { code: 'audit.not_sound' });
  const { bytes, range } = await bytesOf('json');
  t.equal((JSON.parse(bytes.toString()) as unknown[]).length, range.toSeq - 1);
  await sql(`update app.audit_entries set body = replace(body, 'test.acted', 'test.faked') where workspace_id = $1 and seq = (select max(seq) from app.audit_entries where workspace_id = $1 and action = 'test.acted')`, [people.workspaceId]);
  await t.resolves(bytesOf('csv', { fromSeq: 301, toSeq: 9999 }));
});

t.test('another workspace’s export holds nothing of this one', async (t) => {
  const other = await createPeople(app, 'harbor');
  const { bytes } = await bytesOf('json', {}, systemScope(other.workspaceId, 'test'));
  t.notMatch(bytes.toString(), people.workspaceId);
});
