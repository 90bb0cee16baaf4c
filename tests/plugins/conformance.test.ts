import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { checkPlugin } from '../../core/conformance/check-plugin.ts';
import { scaffold } from '../../core/plugins/scaffold.ts';
import { TEST_ROOT_KEYS } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';

const root = mkdtempSync(join(tmpdir(), 'wardkeep-conformance-'));
t.setTimeout(120_000);
await createTestDatabase(t); // keeps one PostgreSQL for all that follows when the file is run alone
t.teardown(() => rmSync(root, { recursive: true, force: true }));

/** A plugin called bed-board in a folder of its own, so that its modules are read anew. */
function write(files: Record<string, string>): string {
  const folder = join(mkdtempSync(join(root, 'case-')), 'bed-board');
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}
const findingsOf = async (folder: string): Promise<Record<string, readonly string[]>> => Object.fromEntries((await checkPlugin(folder, () => undefined, { database: await createTestDatabase(t), rootKeys: [...TEST_ROOT_KEYS] })).map(({ check, findings }) => [check, findings]));
const PARTS = ` contract: 1, name: 'bed-board', version: '1.0.0', title: 'Beds', summary: 'Shows beds.', tier: 'free', phi: 'none', subprocessors: [], `;

t.test('a new plugin and the example keep the contract', async (t) => {
  for (const folder of [write(scaffold('bed-board')), fileURLToPath(new URL('../../examples/appointment-webhook', import.meta.url))]) {
    const findings = await findingsOf(folder);
    t.equal(Object.keys(findings).length, 12, 'every check ran');
    t.same(Object.values(findings).flat(), []);
  }
});

t.test('each check finds what breaks it', async (t) => {
  const found = await findingsOf(write({
    'index.ts': `import { definePlugin, Joi, secret } from 'wardkeep/plugin';
      let isFirst = true;
      export default definePlugin({ ${PARTS}
        settings: Joi.object({ word: Joi.string(), key: secret().label('Key') }).example({ word: 'long enough', key: 'long enough' }),
        capabilities: { 'bed-board.page.read': { roles: ['ADMIN'] } },
        tables: { bed_board_imagined: {} },
        nav: [{ place: 'admin', label: 'Beds', path: '/', capability: 'bed-board.page.read' }],
        register(server) {
          server.route([
            { method: 'GET', path: '/', handler: () => { if (isFirst) { isFirst = false; } return 'beds'; } },
            { method: 'GET', path: '/beds/{id}', handler: () => 'a bed' },
            { method: 'GET', path: '/open/{workspace}', options: { auth: false, plugins: { wardkeep: { openBecause: 'it is a test' } } }, handler: () => 'open' },
          ]);
        },
        async test() { return globalThis.fetch('https://example.com/'); },
        async onDisable() { throw new Error('it will not go'); },
        async health() { await new Promise((resolve) => setTimeout(resolve, 2100)); return { ok: 'yes' }; },
      });`,
    'migrations/0001_beds.sql': `create table app.bed_board_beds (workspace_id uuid not null references app.workspaces, id uuid not null, primary key (workspace_id, id));\ncall sec.protect('app.bed_board_beds', 'select, insert');\n`,
  }));
  const expected: [check: RegExp, finding: RegExp][] = [
    [/^sources/, /index\.ts:\d+ calls fetch/],
    [/^tables/, /bed_board_beds is made by a migration and not among/],
    [/^tables/, /bed_board_imagined is declared and no migration makes it/],
    [/^routes: another/, /GET \/plugins\/bed-board\/beds\/\{id\} answers 200 for an id that is not there/],
    [/^pages/, /\/ answers 200 to READONLY; by bed-board\.page\.read it must be 403/],
    [/^settings/, /settings\.word has no \.label/],
    [/^settings/, /A secret setting stands on its settings page/],
    [/^health/, /does not answer \{ ok, text \}/],
    [/^health/, /takes longer than 2 s/],
    [/^switching/, /it will not go/],
  ];
  for (const [check, finding] of expected) t.ok(Object.entries(found).some(([name, findings]) => check.test(name) && findings.some((text) => finding.test(text))), finding.source);
  t.match(found['routes: nobody in without signing in, nobody where it is off'], [], 'the host itself keeps these');
});

t.test('rows that leak, and acts that leave nothing', async (t) => {
  const found = await findingsOf(write({
    'index.ts': `import { definePlugin, record, scopeOf, systemScope, WorkspaceModel } from 'wardkeep/plugin';
      class Note extends WorkspaceModel { static tableName = 'bed_board_notes'; }
      const seen = [];
      export default definePlugin({ ${PARTS}
        tables: { bed_board_notes: { sealed: ['text'] } }, auditActions: ['bed-board.note.made'],
        async onEnable(tx) { seen.push(tx.scope.workspaceId); },
        async health() { return { ok: true, text: 'Ready.' }; },
        demo: { settings: () => ({}), async seed(tx) { await Note.query(tx).insert({ text: 'whispered in ' + tx.scope.workspaceId }); record(tx, { action: 'bed-board.note.made' }); } },
        register(server, deps) {
          const anywhere = async (id) => { for (const workspace of seen) { const note = await deps.withWorkspace(systemScope(workspace, 'bed-board'), (tx) => Note.query(tx).findById(id)); if (note) return note; } };
          server.route([
            { method: 'GET', path: '/any/{id}', handler: async (request, h) => { const note = await anywhere(request.params.id); return note ? note.text : h.response('none').code(404); } },
            { method: 'GET', path: '/own/{id}', handler: async (request, h) => { const note = await deps.withWorkspace(scopeOf(request), (tx) => Note.query(tx).findById(request.params.id)); return note ? note.text : h.response('none').code(404); } },
            { method: 'GET', path: '/all', handler: async () => (await Promise.all(seen.map((workspace) => deps.withWorkspace(systemScope(workspace, 'bed-board'), (tx) => Note.query(tx).first())))).map((note) => note?.id).join() },
            { method: 'POST', path: '/own/{id}/done', handler: async (request, h) => { const note = await deps.withWorkspace(scopeOf(request), (tx) => Note.query(tx).findById(request.params.id)); return h.response('').code(note ? 204 : 404); } },
          ]);
        },
      });`,
    'migrations/0001_notes.sql': `create table app.bed_board_notes (workspace_id uuid not null references app.workspaces, id uuid not null, text text not null, primary key (workspace_id, id));\ncall sec.protect('app.bed_board_notes', 'select, insert, update');\n`,
  }));
  const apart = found['routes: another workspace’s rows stay its own'] ?? [];
  const recorded = found['routes: what goes through is on the record'] ?? [];
  for (const finding of [/GET \/plugins\/bed-board\/any\/\{id\} answers 200 for the id of another/, /any\/\{id\} shows what stands in another workspace's row/, /GET \/plugins\/bed-board\/all shows another workspace's row/]) t.ok(apart.some((each) => finding.test(each)), finding.source);
  t.notOk(apart.some((each) => each.includes('/own/')), 'what reads through the door keeps it');
  for (const finding of [/GET \/plugins\/bed-board\/own\/\{id\} shows what is sealed and leaves no audit entry/, /POST \/plugins\/bed-board\/own\/\{id\}\/done goes through and leaves no audit entry/]) t.ok(recorded.some((each) => finding.test(each)), finding.source);
});

t.test('a table that nobody can fill is said', async (t) => {
  const found = await findingsOf(write({
    'index.ts': `import { definePlugin } from 'wardkeep/plugin';\nexport default definePlugin({ ${PARTS} tables: { bed_board_odd: {} }, health: async () => ({ ok: true, text: 'Ready.' }) });`,
    'migrations/0001_odd.sql': `create table app.bed_board_odd (workspace_id uuid not null references app.workspaces, id uuid not null, beds int not null check (beds between 40 and 50), primary key (workspace_id, id));\ncall sec.protect('app.bed_board_odd', 'select, insert');\n`,
  }));
  t.match(found['routes: another workspace’s rows stay its own'], [/bed_board_odd \(CheckViolationError\) could not be filled/]);
});

t.test('what keeps the program from starting is said as such', async (t) => {
  const program = 'migrations, row-level security and audit of its tables, routes, switching on';
  const columns = 'workspace_id uuid not null references app.workspaces, id uuid not null, primary key (workspace_id, id)';
  const [refused] = (await findingsOf(write({
    'index.ts': `import { definePlugin } from 'wardkeep/plugin';\nexport default definePlugin({ ${PARTS} tables: { bed_board_open: {}, bed_board_silent: {}, bed_board_plain: {} } });`,
    'migrations/0001_beds.sql': `create table app.bed_board_open (${columns});
      create table app.bed_board_silent (${columns}); call sec.protect('app.bed_board_silent', 'select, insert', false);
      create table app.bed_board_plain (${columns}, who text); call sec.protect('app.bed_board_plain', 'select');`,
  })))[program] ?? [];
  t.match(refused, /bed_board_open row-level security is not enabled/);
  t.match(refused, /bed_board_plain\.who is text, neither in the PHI registry nor declared plain/);
  t.match(refused, /bed_board_silent may change without leaving an audit entry/);
  const route = (text: string) => findingsOf(write({ 'index.ts': `import { definePlugin } from 'wardkeep/plugin';\nexport default definePlugin({ ${PARTS} register: (server) => server.route({ method: 'GET', handler: () => 'x', ${text} }) });` }));
  t.match((await route(`path: '/x', options: { auth: false }`))[program], [/does not say why/]);
  t.match((await findingsOf(write({ 'index.ts': `import net from 'node:net'; export default net;` })))['definition and imports'], [/imports node:net/]);
});
