import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { quoteName } from '../../core/db/quote-name.ts';
import type { DemoFacts, DemoUser } from '../../core/demo/demo-facts.ts';
import { bytesOf, documentXml } from '../clinical/build-document.ts';
import { openChromium } from '../support/chromium.ts';
import { totpCode } from '../support/people.ts';
import { freePort } from '../support/free-port.ts';

/*
 * The main job as a newcomer does it: the demo command as a process of its own, its pages in Chromium, its commands beside it. Afterwards
 * everything the program stored or said is searched for the names that were typed (design invariants 3 and 10).
 */
const ROOT = new URL('../../', import.meta.url).pathname;
const SECRET = { given: 'Quillonia', family: 'Featherstonehaugh', phone: '(303) 555-0177', note: 'whispered-diagnosis-xyzzy', imported: 'Zebulonia', importedFamily: 'Vanderquist' };

t.setTimeout(175_000);
t.test('the main job, end to end', { timeout: 170_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const dataDir = mkdtempSync(join(tmpdir(), 'wardkeep-main-job-'));
  const env = { PATH: `${ROOT}node_modules/.bin:${process.env['PATH']}`, HOME: dataDir, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], WARDKEEP_DATA_DIR: join(dataDir, 'data'), WARDKEEP_PORT: String(await freePort()), WARDKEEP_LOG_LEVEL: 'debug', WARDKEEP_BREACH_RANGE_URL: 'off' };
  // The system user that runs PostgreSQL must be able to enter.
  chmodSync(dataDir, 0o755);
  const said: string[] = [];
  const program = spawn('node', ['core/main.ts', 'demo'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  program.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
  t.teardown(async () => {
    await stopProgram(program);
    rmSync(dataDir, { recursive: true, force: true });
  });
  await new Promise<void>((resolve, reject) => {
    program.stdout.on('data', (chunk: Buffer) => { if (chunk.includes('Ctrl-C stops everything')) resolve(); });
    program.on('exit', (code) => reject(new Error(`The demo ended with ${code}: ${said.join('')}`)));
  });

  const factsFile = join(env.WARDKEEP_DATA_DIR, 'demo.json');
  const facts = JSON.parse(readFileSync(factsFile, 'utf8')) as DemoFacts;
  t.equal(statSync(factsFile).mode & 0o777, 0o600, 'the sign-in data is readable by its owner alone');
  t.same(facts.workspaces.map(({ slug }) => slug), ['willow', 'harbor']);
  const [willow] = facts.workspaces as [DemoFacts['workspaces'][number]];
  const user = (role: string, isOfficer = false): DemoUser => willow.users.find((each) => each.role === role && (each.designations.length > 0) === isOfficer) as DemoUser;

  const open = async (t: Test, person: DemoUser): Promise<Page> => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    t.teardown(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => t.fail(`${person.role}: ${error.message}`));
    page.on('response', (response) => { if (response.status() >= 500) t.fail(`${response.status()} at ${response.url()}`); });
    await page.goto(`${facts.url}/sign-in`);
    await page.fill('[name=email]', person.email);
    await page.fill('[name=password]', person.password);
    await page.click('text=Continue');
    await page.fill('[name=code]', totpCode(person.totpSecret));
    await page.press('[name=code]', 'Enter');
    await page.waitForURL(/\/contacts/);
    return page;
  };

  let contactPath = '';
  await t.test('staff: makes a contact, finds it by three letters, writes on it, shares it', async (t) => {
    const page = await open(t, user('AGENT'));
    await page.goto(`${facts.url}/contacts/new`);
    await page.fill('[name=givenName]', SECRET.given);
    await page.fill('[name=familyName]', SECRET.family);
    await page.fill('[name=birthDate]', '1971-03-04');
    await page.fill('[name=notes]', SECRET.note);
    await page.click('main form button.primary');
    await page.waitForURL(/\/contacts\/[0-9a-f-]{36}/);
    contactPath = new URL(page.url()).pathname;
    for (const typed of ['qui', 'feat', '3/4/1971']) {
      await page.goto(`${facts.url}/contacts`);
      await page.fill('#f-q', typed);
      await page.press('#f-q', 'Enter');
      await page.waitForLoadState();
      t.match(await page.textContent('main'), SECRET.family, `found by “${typed}”`);
      t.notMatch(page.url(), typed, 'and what was typed is not in the address');
    }
    await page.goto(`${facts.url}${contactPath}/activities/new`);
    await page.fill('[name=subject]', `${SECRET.note} called`);
    await page.click('main form button.primary');
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
    await page.goto(`${facts.url}${contactPath}`);
    t.match(await page.textContent('main'), `${SECRET.note} called`, 'the timeline shows it');
    await page.goto(`${facts.url}${contactPath}/shares`);
    t.match(await page.textContent('main'), /READ|read/i);
  });

  await t.test('another agent’s address bar: the same refusal as for a row that never was', async (t) => {
    const harbor = facts.workspaces[1] as DemoFacts['workspaces'][number];
    const page = await open(t, harbor.users.find(({ role }) => role === 'ADMIN') as DemoUser);
    const foreign = await page.goto(`${facts.url}${contactPath}`);
    const foreignText = await page.textContent('main');
    const nowhere = await page.goto(`${facts.url}/contacts/01900000-0000-7000-8000-000000000000`);
    t.equal(foreign?.status(), 404);
    t.equal(nowhere?.status(), 404);
    const withoutId = (text: string | null) => text?.replace(/request \S+/, '');
    t.equal(withoutId(foreignText), withoutId(await page.textContent('main')));
  });

  await t.test('administrator: brings documents in and sees what became of each', async (t) => {
    const page = await open(t, user('ADMIN'));
    await page.goto(`${facts.url}/imports`);
    const good = documentXml({ person: `<name use="L"><given>${SECRET.imported}</given><family>${SECRET.importedFamily}</family></name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19561210"/>` });
    await page.setInputFiles('input[name=files]', [{ name: `${SECRET.importedFamily}.xml`, mimeType: 'text/xml', buffer: Buffer.from(bytesOf(good)) }, { name: 'broken.xml', mimeType: 'text/xml', buffer: Buffer.from(good.slice(0, 500)) }]);
    await page.click('form[action="/imports/ccda"] button.primary');
    await page.waitForSelector('text=Done');
    const outcome = await page.textContent('main');
    t.match(outcome, SECRET.importedFamily);
    t.match(outcome, /line \d+, column \d+/, 'the broken one says where');
    await page.click(`a:has-text("${SECRET.imported}")`);
    await page.waitForURL(/\/contacts\//);
    await page.click('nav >> text=Documents >> nth=-1');
  });

  await t.test('security officer: the record, its proof, the claims', async (t) => {
    const page = await open(t, user('READONLY', true));
    await page.goto(`${facts.url}/audit`);
    t.match(await page.textContent('main'), /contact\.created/);
    t.notMatch(await page.content(), new RegExp(`${SECRET.family}|${SECRET.imported}|${SECRET.note}`), 'the record names nobody');
    await page.click('main table tbody a >> nth=0');
    await page.waitForURL(/\/audit\/\d+/);
    t.match(await page.textContent('main'), /[0-9a-f]{64}/);
    await page.goto(`${facts.url}/trust`);
    t.match(await page.textContent('.verdict'), /Every claim that applies is proved/);
  });

  await t.test('commands beside the running program', async (t) => {
    const bundle = join(dataDir, 'audit.ndjson');
    t.equal((await run(env, 'audit', 'export', '--workspace', 'willow', '--out', bundle)).code, 0);
    const sound = await run(env, 'audit', 'verify', bundle, '--json');
    t.equal(sound.code, 0);
    t.match(JSON.parse(sound.out), { ok: true, firstBad: null });
    t.equal((await run(env, 'doctor')).code, 0);
    t.equal((await run(env, 'attest', '--workspace', 'willow')).code, 0);
    t.equal((await run(env, 'nonsense')).code, 64);
    t.notMatch(readFileSync(bundle, 'utf8'), new RegExp(`${SECRET.family}|${SECRET.imported}|${SECRET.note}`));
  });

  await t.test('nothing that was typed is readable in the database or was said in a log', async (t) => {
    const words = new RegExp(Object.values(SECRET).map((word) => word.replace(/[()]/g, '\\$&')).join('|'), 'i');
    const client = new pg.Client({ connectionString: superuserUrl(env.WARDKEEP_DATA_DIR) });
    await client.connect();
    const { rows: tables } = await client.query<{ schema: string; name: string }>("select schemaname as schema, tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')");
    let read = 0;
    for (const { schema, name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${quoteName(schema)}.${quoteName(name)} t`);
      read += rows.length;
      t.notOk(rows.some(({ row }) => words.test(row)), name);
    }
    await client.end();
    t.ok(read > 1000, 'the search had something to read');
    t.match(said.join(''), /listening/);
    t.notMatch(said.join(''), words, 'the log, at its most talkative');
    t.notMatch(readFileSync(join(env.WARDKEEP_DATA_DIR, 'postgres', 'server.log'), 'utf8'), words, 'PostgreSQL’s own log');
  });

  await t.test('Ctrl-C stops everything, PostgreSQL included', async (t) => {
    t.equal(await stopProgram(program), 0);
    t.notOk(existsSync(join(env.WARDKEEP_DATA_DIR, 'postgres', 'postmaster.pid')));
  });
});

function superuserUrl(dataDir: string): string {
  const { port, passwords } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { port: number; passwords: { postgres: string } };
  return `postgres://postgres:${passwords.postgres}@127.0.0.1:${port}/wardkeep`;
}

async function run(env: NodeJS.ProcessEnv, ...words: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn('node', ['core/main.ts', ...words], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString('utf8'); });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

async function stopProgram(program: ChildProcess): Promise<number | null> {
  if (program.exitCode !== null) return program.exitCode;
  program.kill('SIGINT');
  return new Promise((resolve) => program.on('exit', (code) => resolve(code)));
}
