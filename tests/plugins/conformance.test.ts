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
    t.equal(Object.keys(findings).length, 10, 'every check ran');
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
