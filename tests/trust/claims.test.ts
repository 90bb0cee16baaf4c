import t from 'tap';
import type { Lifecycle, Request, ResponseToolkit } from '@hapi/hapi';
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { asSuperuser } from '../../core/db/embedded.ts';
import { systemScope } from '../../core/db/scope.ts';
import { record } from '../../core/audit/record.ts';
import { verifyStored } from '../../core/audit/verify-stored.ts';
import { createTls } from '../../core/http/tls.ts';
import { pack, unpack } from '../../core/packed/archive.ts';
import { Contact } from '../../core/practice/contacts/model.ts';
import { Document, DocumentContent } from '../../core/practice/documents/model.ts';
import { CLAIMS } from '../../core/trust/claims.ts';
import { proveClaims, type ProvenClaim } from '../../core/trust/prove-claims.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { openTestApp } from '../support/database.ts';
import { bearer, createPeople, sessionCookie } from '../support/people.ts';
import { serverOf } from '../support/site.ts';

// One installation, sound to begin with. Each breach is made, seen by its claim, and mended, so that the next starts from a sound one.

const dataDir = t.testdir();
const certificate = await createTls(dataDir, []);
const listen = async (options: { minVersion: 'TLSv1.2' | 'TLSv1.3' }, port = 0) => {
  const server = createServer({ key: certificate.key, cert: certificate.cert, ...options }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => server.close(resolve)) };
};
let listener = await listen({ minVersion: 'TLSv1.3' });
t.teardown(() => listener.close());

const { app, database } = await openTestApp(t, { dataDir, host: '127.0.0.1', port: listener.port, rootKeys: [...TEST_ROOT_KEYS], rateLimits: { signedIn: 60, anonymous: 6_000 } });

// As if the program had been unpacked: a few files of its own.
const archive = pack(new URL('../../', import.meta.url).pathname, ['package.json', 'bin/wardkeep.js', 'core/errors.ts'], '1.2.3');
const programDir = `${dataDir}/program`;
unpack(archive, programDir);
const errorsFile = readFileSync(`${programDir}/core/errors.ts`);
Object.assign(app, { packed: { index: archive.index, folder: programDir } });

const server = await serverOf(app);
const sql = (text: string, values: unknown[] = []) => asSuperuser(database.superuserUrl, async (client) => (await client.query(text, values)).rows as Record<string, unknown>[]);
const people = await createPeople(app, 'willow');
const others = await createPeople(app, 'harbor');
const { workspaceId } = people;
const scope = systemScope(workspaceId, 'test');
await sessionCookie(app, people.admin);
await bearer(app, workspaceId, ['contact.read']);
const original = Buffer.from('<ClinicalDocument/>');
for (const workspace of [workspaceId, others.workspaceId]) {
  await app.withWorkspace(systemScope(workspace, 'test'), async (tx) => {
    for (const given_name of ['Ana', 'Bo', 'Cy']) await Contact.query(tx).insert({ given_name, family_name: 'Ruiz', notes: `About ${given_name}` });
    const document = await Document.query(tx).insert({ kind: 'ccda', title: 'Summary', media_type: 'application/xml', bytes: original.length, sha256: createHash('sha256').update(original).digest() });
    await DocumentContent.query(tx).insert({ id: document.id, content: original.toString('base64') });
    record(tx, { action: 'test.seeded' });
  });
}
const recordProof = (outcome: 'ok' | 'failed') => app.withWorkspace(scope, async (tx) => record(tx, { action: 'backup.proved', outcome, target: { type: 'backup', id: randomUUID() } }));
await recordProof('ok');
await verifyStored(app, scope);
await verifyStored(app, scope);

type Breach = { readonly what: string; readonly breaks: () => Promise<unknown>; readonly mends: () => Promise<unknown> };
const bySql = (what: string, breaks: string, mends: string): Breach => ({ what, breaks: () => sql(breaks), mends: () => sql(mends) });
/** Changes rows of a table and puts them back as they were. */
const byChange = (what: string, table: string, change: string): Breach => ({
  what,
  breaks: () => sql(`create table public.kept as table ${table}; ${change}`),
  mends: async () => {
    const columns = (await sql('select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped', [table])).map(({ name }) => name as string);
    await sql(`set session_replication_role = replica; delete from ${table}; insert into ${table} (${columns.join(', ')}) select ${columns.join(', ')} from public.kept; drop table public.kept`);
  },
});
/** Takes back what is written to a table, as a mistake in the program or the schema would. */
const byTrigger = (what: string, table: string, change: string): Breach => bySql(
  what,
  `create function public.breach() returns trigger language plpgsql as $$ begin ${change}; return new; end $$; create trigger breach before insert or update on ${table} for each row execute function public.breach()`,
  'drop function public.breach() cascade',
);
/** A step of the running server's that somebody put in a wrong place. */
const byStep = (what: string, point: 'onPreAuth' | 'onPreResponse', step: (request: Request, h: ResponseToolkit) => ReturnType<Lifecycle.Method>): Breach => {
  let isThere = false;
  server.ext(point, (request, h) => (isThere ? step(request, h) : h.continue), { before: ['wardkeep-rate-limit'] });
  return { what, breaks: async () => { isThere = true; }, mends: async () => { isThere = false; } };
};
const unwatched = (change: string) => `set session_replication_role = replica; ${change}`;
const policy = "create policy tenant on app.contacts to wardkeep_app, wardkeep_jobs using (workspace_id = (select sec.workspace())) with check (workspace_id = (select sec.workspace()))";

const BREACHES: Readonly<Record<string, readonly Breach[]>> = {
  'TEN-1': [bySql('row-level security is off', 'alter table app.contacts disable row level security', 'alter table app.contacts enable row level security')],
  'TEN-2': [
    bySql('a policy that believes the setting', "drop policy tenant on app.contacts; create policy tenant on app.contacts using (current_setting('app.workspace_id', true) = workspace_id::text)", `drop policy tenant on app.contacts; ${policy}`),
    bySql('one that believes it of a table of less note, for the jobs role alone', `alter policy tenant on app.sessions to wardkeep_app; create policy believing on app.sessions to wardkeep_jobs using (current_setting('app.workspace_id', true) = workspace_id::text)`, 'drop policy believing on app.sessions; alter policy tenant on app.sessions to wardkeep_app, wardkeep_jobs'),
  ],
  'TEN-3': [
    bySql('a second policy lets everything through', 'create policy open on app.contacts for select using (true)', 'drop policy open on app.contacts'),
    bySql('writes are not checked', 'create policy open on app.contacts for insert with check (true)', 'drop policy open on app.contacts'),
    bySql('writes to a table of less note are not checked', 'create policy open on app.import_batches for insert with check (true)', 'drop policy open on app.import_batches'),
    bySql('a row can be given away', 'create policy open on app.sessions for update using (workspace_id = (select sec.workspace())) with check (true)', 'drop policy open on app.sessions'),
  ],
  'KEY-1': [
    byChange('text that begins like an envelope', 'app.contacts', unwatched(`update app.contacts set notes = 'v1.d1.Allergic to penicillin' where workspace_id = '${workspaceId}'`)),
    byChange('a value in the clear', 'app.contacts', unwatched(`update app.contacts set notes = 'Allergic to penicillin' where workspace_id = '${workspaceId}'`)),
  ],
  'KEY-2': [byChange('two patients’ values exchanged', 'app.contacts', unwatched(`update app.contacts c set notes = (select o.notes from app.contacts o where o.workspace_id = c.workspace_id and o.id <> c.id limit 1) where workspace_id = '${workspaceId}'`))],
  'KEY-3': [byChange('a key used too often', 'app.workspace_keys', unwatched(`update app.workspace_keys set encryptions = 4294967296 where kind = 'data'`))],
  'KEY-4': [byChange('a key nobody can unwrap', 'app.workspace_keys', unwatched(`update app.workspace_keys k set wrapped = (select o.wrapped from app.workspace_keys o where o.workspace_id <> k.workspace_id and o.kind = k.kind) where workspace_id = '${workspaceId}' and kind = 'index'`))],
  'KEY-5': [
    bySql('the context key readable', 'grant select on sec.context_keys to wardkeep_app', 'revoke select on sec.context_keys from wardkeep_app'),
    bySql('the halves of the key readable, and nothing else of it', 'grant select (inner_pad, outer_pad) on sec.context_keys to wardkeep_jobs', 'revoke select (inner_pad, outer_pad) on sec.context_keys from wardkeep_jobs'),
  ],
  'AUD-1': [{
    ...byChange('an entry changed, and the night found it', 'app.audit_entries', unwatched(`update app.audit_entries set body = replace(body, 'test.seeded', 'test.seedeD') where workspace_id = '${workspaceId}'`)),
    breaks: async () => {
      await sql(`create table public.kept as table app.audit_entries; create table public.kept_nights as table app.audit_verifications; update app.audit_entries set body = replace(body, 'test.seeded', 'test.seedeD') where workspace_id = '${workspaceId}'`);
      await verifyStored(app, scope, 'whole');
    },
    mends: () => sql('delete from app.audit_entries; insert into app.audit_entries table public.kept; drop table public.kept; delete from app.audit_verifications; insert into app.audit_verifications table public.kept_nights; drop table public.kept_nights'),
  }, byChange('only ever looked at from a checkpoint on', 'app.audit_verifications', `delete from app.audit_verifications where workspace_id = '${workspaceId}' and from_seq = 1`)],
  'AUD-2': [
    byChange('a searchable column says another actor', 'app.audit_entries', `update app.audit_entries set actor_kind = 'user' where workspace_id = '${workspaceId}' and action = 'test.seeded'`),
    byChange('a signature replaced', 'app.audit_entries', `update app.audit_entries e set signature = (select signature from app.audit_entries o where o.workspace_id = e.workspace_id and o.seq = 1) where workspace_id = '${workspaceId}' and seq = 3`),
  ],
  'AUD-3': [
    byChange('an older checkpoint’s root changed', 'app.audit_checkpoints', `update app.audit_checkpoints set root = sha256(root) where workspace_id = '${workspaceId}' and size = (select min(size) from app.audit_checkpoints where workspace_id = '${workspaceId}')`),
    byChange('an entry under the checkpoint replaced', 'app.audit_entries', `update app.audit_entries set hash = sha256(hash) where workspace_id = '${workspaceId}' and seq = 2`),
  ],
  'AUD-4': [
    bySql('the program may change entries', 'grant update on app.audit_entries to wardkeep_app', 'revoke update on app.audit_entries from wardkeep_app'),
    ...(['entries', 'checkpoints', 'tiles'] as const).map((rows) => bySql(`${rows} are taken of anybody`, `alter table app.audit_${rows} disable trigger written_by_the_program`, `alter table app.audit_${rows} enable trigger written_by_the_program`)),
    bySql('the jobs may change who acted', 'grant update (actor_id) on app.audit_entries to wardkeep_jobs', 'revoke update (actor_id) on app.audit_entries from wardkeep_jobs'),
  ],
  'AUD-5': [
    bySql('changes of documents are not watched', 'alter table app.documents disable trigger leaves_audit_entry', 'alter table app.documents enable trigger leaves_audit_entry'),
    bySql('changes of contacts are not watched', 'alter table app.contacts disable trigger leaves_audit_entry', 'alter table app.contacts enable trigger leaves_audit_entry'),
  ],
  'AUD-6': [byChange('a key that is not in the key log', 'sys.signing_keys', `insert into sys.signing_keys (key_id, public_key) values ('00000000000000ff', '\\x${generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')}')`)],
  'MFA-1': [byChange('somebody is in without a second factor', 'app.totp_factors', unwatched(`delete from app.totp_factors where user_id = '${people.admin.id}'`))],
  'MFA-2': [byChange('a fast hash', 'app.passwords', unwatched(`update app.passwords set hash = replace(hash, 'm=19456', 'm=1024') where user_id = '${people.admin.id}'`))],
  'SES-1': [
    byChange('a limit longer than allowed', 'app.workspaces', unwatched(`update app.workspaces set settings = settings || '{"idleMinutes": 100000}' where workspace_id = '${workspaceId}'`)),
    byChange('no limit at all', 'app.workspaces', unwatched(`update app.workspaces set settings = settings || '{"absoluteHours": 0}' where workspace_id = '${workspaceId}'`)),
  ],
  'SIG-1': [
    byTrigger('attempts never have to wait', 'sys.attempt_counters', 'new.blocked_until = null'),
    byTrigger('a thousand attempts are free', 'sys.attempt_counters', 'if new.attempts < 1000 then new.blocked_until = null; end if'),
    byTrigger('everybody has to wait from the start', 'sys.attempt_counters', "new.last_at = new.last_at - interval '1 second'"),
    byTrigger('wrong passwords are not counted', 'app.passwords', 'new.failed_in_row = 0'),
    byTrigger('the count begins anew after a hundred', 'app.passwords', 'new.failed_in_row = new.failed_in_row % 101'),
    byTrigger('the password is taken nowhere from the start', 'app.passwords', 'new.failed_in_row = 1000'),
  ],
  'ACC-1': [byChange('no security officer', 'app.users', unwatched("update app.users set designations = '{}'"))],
  'ACC-2': [
    byChange('an account without an end', 'app.service_accounts', unwatched("update app.service_accounts set expires_at = now() + interval '10 years'")),
    byChange('a scope beyond the role', 'app.service_accounts', unwatched("update app.service_accounts set role = 'READONLY', scopes = array['contact.write']")),
  ],
  'ACC-3': [
    byTrigger('a suspension that does not stay', 'app.workspaces', 'new.suspended_at = null'),
    byTrigger('the directory goes on, so that passwords are taken', 'sys.workspaces', "new.status = 'active'"),
    byTrigger('sessions that do not end', 'app.sessions', 'new.ended_at = null'),
    bySql('this workspace suspended by half', `update sys.workspaces set status = 'suspended' where id = '${workspaceId}'`, `update sys.workspaces set status = 'active' where id = '${workspaceId}'`),
    byTrigger('a trial that begins with nobody inside', 'app.sessions', "new.ended_at = now(); new.ended_reason = 'ended'"),
  ],
  'DOC-1': [byChange('a recorded hash changed', 'app.documents', unwatched('update app.documents set sha256 = sha256(sha256)')), byChange('an original gone', 'app.document_contents', unwatched('delete from app.document_contents'))],
  'TLS-1': [{
    what: 'TLS 1.2 is accepted',
    breaks: async () => {
      const { port } = listener;
      await listener.close();
      listener = await listen({ minVersion: 'TLSv1.2' }, port);
    },
    mends: async () => {
      const { port } = listener;
      await listener.close();
      listener = await listen({ minVersion: 'TLSv1.3' }, port);
    },
  }],
  'NET-1': [
    byStep('what was turned away is answered all the same', 'onPreResponse', (request, h) => (('isBoom' in request.response ? request.response.output : request.response).statusCode === 429 ? h.response('welcome').code(404) : h.continue)),
    byStep('everybody counts as one address', 'onPreAuth', (request, h) => {
      request.plugins.client = { ip: '203.0.113.7' };
      return h.continue;
    }),
    byStep('sessions are not known again', 'onPreAuth', (request, h) => {
      delete request.state['__Host-wardkeep'];
      return h.continue;
    }),
  ],
  'PRG-1': [
    { what: 'a file is changed', breaks: async () => writeFileSync(`${programDir}/core/errors.ts`, '// otherwise'), mends: async () => writeFileSync(`${programDir}/core/errors.ts`, errorsFile) },
    { what: 'a file is gone', breaks: async () => rmSync(`${programDir}/core/errors.ts`), mends: async () => writeFileSync(`${programDir}/core/errors.ts`, errorsFile) },
    { what: 'a file was put there', breaks: async () => { mkdirSync(`${programDir}/plugins/own`, { recursive: true }); writeFileSync(`${programDir}/plugins/own/index.ts`, ''); }, mends: async () => rmSync(`${programDir}/plugins`, { recursive: true }) },
  ],
  'BKP-1': [
    byChange('an entry says so that nobody signed', 'app.audit_entries', `update app.audit_entries set signature = sha512(body::bytea) where workspace_id = '${workspaceId}' and action = 'backup.proved'`),
    { what: 'the newest copy did not hold', breaks: () => recordProof('failed'), mends: () => recordProof('ok') },
    {
      what: 'the only one of the week is dated next year',
      breaks: async () => {
        const now = Date.now;
        Date.now = () => now() + 365 * 24 * 3600_000;
        await recordProof('ok').finally(() => { Date.now = now; });
        await sql(unwatched(`update app.audit_entries set at = at - interval '9 days' where action = 'backup.proved' and at < now(); update app.workspaces set created_at = created_at - interval '9 days'`));
      },
      mends: async () => {
        await sql(unwatched(`update app.audit_entries set at = at + interval '9 days' where action = 'backup.proved' and at < now(); update app.workspaces set created_at = created_at + interval '9 days'`));
        await recordProof('ok');
      },
    },
    bySql('none for nine days', ...(['-', '+'] as const).map((sign) => unwatched(`update app.audit_entries set at = at ${sign} interval '9 days' where action = 'backup.proved'; update app.workspaces set created_at = created_at ${sign} interval '9 days'`)) as [string, string]),
  ],
  'LOG-1': [
    bySql('statements are logged', `alter database "${database.name}" set log_statement = 'all'`, `alter database "${database.name}" reset log_statement`),
    bySql('those of the jobs are logged', `alter role wardkeep_jobs in database "${database.name}" set log_statement = 'all'`, `alter role wardkeep_jobs in database "${database.name}" reset log_statement`),
  ],
};

const proofOf = async (id: string): Promise<ProvenClaim> => (await proveClaims(app, workspaceId, CLAIMS.filter((one) => one.id === id)))[0] as ProvenClaim;

t.test('a sound installation proves every claim', async (t) => {
  for (const { id, status, summary, evidence } of await proveClaims(app, workspaceId)) t.equal(status, 'proved', `${id}: ${summary} ${status === 'proved' ? '' : JSON.stringify(evidence)}`);
  t.equal(new Set(CLAIMS.map(({ id }) => id)).size, CLAIMS.length, 'ids are unique');
});

t.test('every claim fails when its subject is broken, and holds again when it is mended', async (t) => {
  t.same(Object.keys(BREACHES).sort(), CLAIMS.map(({ id }) => id).sort(), 'each claim has a breach');
  for (const { id } of CLAIMS) {
    for (const { what, breaks, mends } of BREACHES[id] ?? []) {
      await breaks();
      const broken = await proofOf(id);
      await mends();
      const mended = await proofOf(id);
      t.equal(broken.status, 'failing', `${id}: ${what}: ${broken.summary}`);
      t.equal(mended.status, 'proved', `${id} mended: ${mended.summary} ${mended.status === 'proved' ? '' : JSON.stringify(mended.evidence)}`);
    }
  }
});

t.test('a program without limits does not claim them', async (t) => {
  const unlimited = { ...app, config: { ...app.config, rateLimits: { signedIn: 60, anonymous: null } } };
  const proof = async () => (await proveClaims(unlimited, workspaceId, CLAIMS.filter((one) => one.id === 'NET-1')))[0];
  t.match(await proof(), { status: 'not_applicable', summary: /^This is a command/ });
  await serverOf(unlimited);
  t.match(await proof(), { status: 'failing', summary: /WARDKEEP_RATE_ANONYMOUS/ });
});

t.test('what a claim tries out leaves nothing behind', async (t) => {
  await proveClaims(app, workspaceId);
  const left = () => sql(`select (select count(*) from app.users) as users, (select count(*) from app.sessions) as sessions, (select count(*) from app.service_accounts) as accounts, (select count(*) from app.mfa_challenges) as challenges,
    (select count(*) from app.one_time_links) as links, (select count(*) from sys.attempt_counters) as attempts, (select count(*) from app.audit_entries) as entries, (select count(*) from graphile_worker._private_jobs) as jobs,
    (select json_agg(w order by w.id) from sys.workspaces w) as directory, (select json_agg(w order by w.workspace_id) from app.workspaces w) as workspaces`);
  const before = await left();
  await proveClaims(app, workspaceId);
  t.same(await left(), before);
});

t.test('a claim that looks at a sample says so', async (t) => {
  for (const id of ['KEY-2', 'AUD-2', 'DOC-1']) {
    t.match(CLAIMS.find((one) => one.id === id)?.statement, /Proved on .*the newest \d+/, id);
    t.match((await proofOf(id)).summary, /newest/, id);
  }
  await app.withWorkspace(scope, async (tx) => { for (let n = 0; n < 201; n += 1) record(tx, { action: 'test.filled' }); });
  const { summary, evidence } = await proofOf('AUD-2');
  t.match(summary, `The newest 200 of ${String(evidence['total'])} entries`);
  t.ok(Number(evidence['total']) > 200);
});
