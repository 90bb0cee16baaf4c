import t from 'tap';
import { record } from '../../core/audit/record.ts';
import { verifyInclusion, leafHash } from '../../core/audit/merkle.ts';
import { parseCheckpoint } from '../../core/audit/checkpoint.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { asSuperuser } from '../../core/db/embedded.ts';
import { auditRoutes } from '../../core/security/audit/routes.ts';
import { stepUpRoutes } from '../../core/auth/step-up/routes.ts';
import { composeServer } from '../../core/server.ts';
import { hashEntry } from '../support/audit-log.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, scopeAs, sessionCookie, totpCode, type Person } from '../support/people.ts';
import { Visitor } from '../support/visitor.ts';

const { app, database } = await openTestApp(t);
const willow = await createPeople(app, 'willow');
const harbor = await createPeople(app, 'harbor');
const server = await composeServer(app, { tls: null, host: 'localhost', port: 0, features: [auditRoutes, stepUpRoutes] });
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => {
  await client.query('set session_replication_role = replica'); // what changes here is no act
  return client.query(text, values);
});
const scope = scopeAs(willow.officer);
const signedIn = async (person: Person) => {
  const visitor = new Visitor(server);
  const [name = '', value = ''] = (await sessionCookie(app, person)).split('=');
  visitor.cookies.set(name, value);
  return visitor;
};
await app.withWorkspace(scopeAs(willow.agent), async (tx) => {
  for (let i = 0; i < 60; i++) record(tx, { action: 'contact.read', target: { type: 'contact', id: `c-${i}` } });
  record(tx, { action: 'contact.read_refused', outcome: 'refused', target: { type: 'contact', id: 'c-60' } });
  record(tx, { action: 'document.read', target: { type: 'document', id: '<script>alert(1)</script>' } });
});
const lastEntry = async () => JSON.parse(((await sql('select body from app.audit_entries where workspace_id = $1 order by seq desc limit 1', [willow.workspaceId])).rows[0] as { body: string }).body) as { action: string; seq: number; detail: object };

t.test('the list: sentences, filters, both directions, nothing of another workspace', async (t) => {
  const officer = await signedIn(willow.officer);
  const page = await officer.get('/audit');
  t.equal(page.statusCode, 200);
  t.match(page.payload, /<strong>Agent Person<\/strong> opened a contact/);
  t.notMatch(page.payload, '<script>alert(1)');
  t.notMatch(page.payload, harbor.workspaceId);
  const link = (html: string, way: string) => `/audit?${way}=${new RegExp(`href="/audit\\?${way}&#x3D;(\\d+)"`).exec(html)?.[1]}`;
  const second = await officer.get(link(page.payload, 'before'));
  t.match(second.payload, /added a person/);
  t.match((await officer.get(link(second.payload, 'after'))).payload, /was refused a contact/, 'and back');
  const filtered = await officer.get(`/audit?actor=${willow.agent.id}&outcome=not-ok&from=2020-01-01&to=2099-12-31`);
  t.equal(filtered.payload.match(/<tr class="refused">/g)?.length, 1);
  t.equal((await officer.get('/audit?target=c-7')).payload.match(/data-label="When"/g)?.length, 1);
  t.match((await officer.get('/audit?from=2020-01-01&to=2020-02-01')).payload, /No entries match/);
  t.match(await lastEntry(), { action: 'audit.listed', detail: { count: 0, filters: ['from', 'to'] } });
  for (const wrong of ['from=2026-02-30', 'actor=1', 'action=x y', 'before=0', 'before=1&after=2', 'who=x', 'target=%27%3Bdrop']) t.equal((await officer.get(`/audit?${wrong}`)).statusCode, 400, wrong);
});

t.test('who may not', async (t) => {
  for (const person of [willow.manager, willow.agent, willow.readonly]) {
    const visitor = await signedIn(person);
    for (const url of ['/audit', '/audit/1', '/audit/1/proof.json', '/audit/export', '/audit/verify', '/audit/checkpoints', '/audit/checkpoints/1']) t.equal((await visitor.get(url)).statusCode, 403, `${person.role} ${url}`);
    t.equal((await visitor.post('/audit/export', { format: 'csv' })).statusCode, 403);
    t.equal((await visitor.post('/audit/verify')).statusCode, 403);
  }
  t.equal((await new Visitor(server).get('/audit')).statusCode, 302, 'to sign-in');
  const stranger = await signedIn(harbor.officer);
  const { rows } = await sql('select max(seq) as seq from app.audit_entries where workspace_id = $1', [willow.workspaceId]);
  t.equal((await stranger.get(`/audit/${rows[0].seq}`)).statusCode, 404, 'an entry that only the other workspace has');
});

t.test('an entry in full, its proof checked on the way and taken away', async (t) => {
  const officer = await signedIn(willow.officer);
  const { rows: [{ seq }] } = await sql(`select seq from app.audit_entries where workspace_id = $1 and target_id = 'c-7'`, [willow.workspaceId]);
  t.match((await officer.get(`/audit/${seq}`)).payload, /newer than the newest checkpoint/);
  t.equal((await officer.get(`/audit/${seq}/proof.json`)).statusCode, 409);
  await verifyStored(app, scope);
  const page = await officer.get(`/audit/${seq}`);
  t.match(page.payload, /This entry is what was written/);
  t.match(page.payload, /Inclusion proof \(RFC 6962\), [1-9]\d* steps/);
  const proof = JSON.parse((await officer.get(`/audit/${seq}/proof.json`)).payload);
  const head = parseCheckpoint(proof.checkpoint);
  t.ok(verifyInclusion(proof.leafIndex, head.size, leafHash(hashEntry(proof.entry)), proof.path.map((hash: string) => Buffer.from(hash, 'hex')), head.root), 'it proves without us');
  t.equal((await officer.get('/audit/999999')).statusCode, 404);

  for (const [what, change, says] of [
    ['a body', `body = replace(body, 'contact.read', 'contact.list')`, /does not verify: The entry was changed/],
    ['a column', `actor_id = gen_random_uuid()`, /searchable column/],
  ] as const) {
    await sql('create table public.kept as select * from app.audit_entries where workspace_id = $1 and seq = $2', [willow.workspaceId, seq]);
    await sql(`update app.audit_entries set ${change} where workspace_id = $1 and seq = $2`, [willow.workspaceId, seq]);
    t.match((await officer.get(`/audit/${seq}`)).payload, says, what);
    await sql('update app.audit_entries e set body = k.body, actor_id = k.actor_id from public.kept k where e.workspace_id = k.workspace_id and e.seq = k.seq');
    await sql('drop table public.kept');
  }
  t.match((await officer.get(`/audit/${seq}`)).payload, /This entry is what was written/);
});

t.test('verify now, and against a checkpoint that was kept', async (t) => {
  const officer = await signedIn(willow.officer);
  await officer.get('/audit/verify');
  t.match(await officer.post('/audit/verify', { extent: 'whole' }), { statusCode: 303, headers: { location: '/audit/verify' } });
  t.match((await officer.get('/audit/verify')).payload, /The record is whole[\s\S]*Entries 1 to/);
  const list = await officer.get('/audit/checkpoints');
  const size = /href="\/audit\/checkpoints\/(\d+)"/.exec(list.payload)?.[1] as string;
  const kept = await officer.get(`/audit/checkpoints/${size}`);
  t.match(kept.headers['content-disposition'], /attachment; filename="willow-checkpoint-/);
  t.match(await lastEntry(), { action: 'audit.checkpoint_kept', detail: { size: Number(size) } });

  await officer.get('/audit/verify');
  t.equal((await officer.post('/audit/verify/kept', { checkpoint: kept.payload.trim().replaceAll('\n', '\r\n') })).statusCode, 303);
  t.match((await officer.get('/audit/verify')).payload, /The record is whole/);
  t.match(await officer.post('/audit/verify/kept', { checkpoint: 'hello' }), { statusCode: 422, payload: /This is not a checkpoint/ });
  const harborNote = (await verifyStored(app, scopeAs(harbor.officer))).checkpoint as string;
  t.match(await officer.post('/audit/verify/kept', { checkpoint: harborNote }), { statusCode: 422, payload: /of another log/ });
  t.match(await officer.post('/audit/verify/kept', { checkpoint: kept.payload.replace(`\n${size}\n`, `\n${Number(size) + 1}\n`) }), { statusCode: 422, payload: /signature on this checkpoint does not hold/ });
});

t.test('a checkpoint nobody signed is told by its size, which need be no entry', async (t) => {
  await sql(`insert into app.audit_checkpoints (workspace_id, size, root, note) values ($1, 4711, sha256('junk'), 'junk')`, [willow.workspaceId]);
  await verifyStored(app, scope, 'whole');
  const { payload } = await (await signedIn(willow.officer)).get('/audit/verify');
  t.match(payload, /does not verify.*not as this installation signed it.*Its row says 4711 entries/s);
  t.notMatch(payload, '/audit/4711');
  await sql('delete from app.audit_checkpoints where size = 4711');
  t.match(await verifyStored(app, scope), { ok: true });
});

t.test('export: a second factor confirmed just now, carried through, then a bundle that verifies', async (t) => {
  const officer = await signedIn(willow.officer);
  t.match((await officer.get('/audit/export')).payload, /Signed bundle/);
  await sql(`update app.sessions set assured_at = now() - interval '1 hour' where workspace_id = $1`, [willow.workspaceId]);
  const asked = await officer.post('/audit/export', { format: 'bundle' });
  t.match(asked, { statusCode: 403, payload: /name="code"/ });
  const held = /name="held" value="([^"]*)"/.exec(asked.payload)?.[1]?.replaceAll('&quot;', '"') ?? '';
  t.match(held, '/audit/export');
  const confirmed = await officer.post('/step-up', { code: totpCode(willow.officer.totpSecret), held });
  t.equal(confirmed.statusCode, 200);
  const bundle = await officer.post('/audit/export', { format: 'bundle', from: '', to: '' });
  t.match(bundle, { statusCode: 200, headers: { 'content-type': /ndjson/, 'content-disposition': 'attachment; filename="willow-audit.ndjson"' } });
  t.match(await verifyBundle((async function* () { yield bundle.rawPayload; })()), { ok: true });
  t.match(await officer.post('/audit/export', { format: 'csv', from: '2026-02-02', to: '2026-02-01' }), { statusCode: 400, payload: /href="#f-to"[\s\S]*This time ends before it begins/ });
  t.match(await officer.post('/audit/export', { format: 'csv', from: '2026-13-01' }), { statusCode: 400, payload: /Enter a day that exists/ });
});

t.test('the verifier page is a file to take away', async (t) => {
  const officer = await signedIn(willow.officer);
  t.match(await officer.get('/audit/verifier.html'), { statusCode: 200, headers: { 'content-disposition': /^attachment/ }, payload: /<!doctype html>/i });
});
