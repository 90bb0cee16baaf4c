import t from 'tap';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import vm from 'node:vm';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { csvHeading, csvLines } from '../../core/audit/entry-csv.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import type { VerifyOptions } from '../../core/audit/verify-bundle.ts';
import { buildVerifierPage, VERIFY_HTML } from '../../scripts/build-verifier-page.ts';
import { inPieces, simpleLog, testKey } from '../support/audit-log.ts';
import { OLDER_SIZE, SIZE, tamperedBundles } from '../support/tampered-bundles.ts';

const html = readFileSync(VERIFY_HTML, 'utf8');
const log = await simpleLog(SIZE);
const older = await log.checkpoint(OLDER_SIZE);
const cases = [
  { name: 'untouched', bundle: await log.bundle() },
  { name: 'a part of it', bundle: await log.bundle({ fromSeq: 4, toSeq: 19 }) },
  ...(await tamperedBundles(log)),
];

t.test('the committed page is what its sources build', async (t) => {
  t.ok(html === (await buildVerifierPage()), 'else run: node scripts/build-verifier-page.ts');
});

t.test('the page is one file that can reach nothing', async (t) => {
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
  const digest = (tag: string): string => `'sha256-${createHash('sha256').update(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html)?.[1] ?? '').digest('base64')}'`;
  t.same(policy.split('; '), ["default-src 'none'", `script-src ${digest('script')}`, `style-src ${digest('style')}`, 'worker-src blob:', "base-uri 'none'", "form-action 'none'"]);
  t.equal(html.match(/<script/g)?.length, 1);
  const markup = html.replace(/<script>[^]*?<\/script>/, '').replace(/<style>[^]*?<\/style>/, '');
  t.notMatch(markup, /\b(?:src|href|style|on[a-z]+)=/, 'no reference, inline style or handler');
});

t.test('the page’s script and the program give the same verdict on every bundle', async (t) => {
  const script = /<script>([^]*)<\/script>/.exec(html)?.[1] as string;
  // One realm's bytes for both sides; otherwise the script sees no more than a worker has.
  const world: vm.Context & { verifyAuditBundle?: typeof verifyBundle } = vm.createContext({ Uint8Array, TextEncoder, TextDecoder, atob, btoa, addEventListener: () => {} });
  vm.runInContext(script, world);
  const inPage = world.verifyAuditBundle as typeof verifyBundle;
  const verdictBy = async (verify: typeof verifyBundle, bundle: Buffer, options: VerifyOptions): Promise<string> => {
    const { head, ...verdict } = await verify(inPieces(bundle), options);
    return JSON.stringify({ ...verdict, head: head && [head.text, Buffer.from(head.root).toString('hex')] });
  };
  for (const { name, bundle } of cases) {
    for (const options of [{}, { checkpoint: older, trustedKeys: [testKey(1).publicKey] }]) {
      t.equal(await verdictBy(inPage, bundle, options), await verdictBy(verifyBundle, bundle, options), name);
    }
  }
});

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

t.test('in a browser, from a file', { skip: !executablePath && !process.env['CI'] && 'no Chromium' }, async (t) => {
  const browser: Browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const folder = t.testdir({});
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => !/^(?:file|blob):/.test(request.url()) && problems.push(request.url()));

  await page.goto(VERIFY_HTML.href);
  await page.getByRole('button', { name: 'Verify' }).click();
  t.ok(await page.getByText('Choose a bundle first.').isVisible(), 'without a bundle it says what is missing');
  t.equal(await page.locator(':focus').getAttribute('id'), 'bundle', 'and goes there');

  const large = await simpleLog(300);
  t.match(await verdictOf(page, join(folder, 'large.ndjson'), await large.bundle()), /^Everything holds\n.*300 entries were checked, from 1 to 300/s);
  t.match(await page.locator('#head').textContent(), new RegExp(`/${log.workspace}\n300\n`), 'the head to keep');
  for (const { name, bundle } of cases.slice(2, 8)) {
    t.match(await verdictOf(page, join(folder, 'tampered.ndjson'), bundle), /^This log does not hold\n.*at entry \d+/s, name);
  }
  const rewritten = cases.find(({ name }) => name.startsWith('with the key: rewrite')) as (typeof cases)[number];
  t.match(await verdictOf(page, join(folder, 'rewritten.ndjson'), rewritten.bundle), /^Everything holds\n.*only a checkpoint kept elsewhere would show it/s);
  t.match(await verdictOf(page, join(folder, 'rewritten.ndjson'), rewritten.bundle, older.trim()), /^This log does not hold\n.*contradicts a checkpoint that was signed/s);
  const sealed = [...log.entries].slice(0, 2);
  for (const [format, text] of [['CSV', `\ufeff${csvHeading()}${csvLines(sealed)}`], ['JSON', JSON.stringify(sealed)]] as const) {
    t.match(await verdictOf(page, join(folder, 'reading'), Buffer.from(text)), new RegExp(`^This is a ${format} export, not a bundle\n[^]*Signed bundle`), 'it says what the file is and what to export instead');
  }
  t.same(problems, []);
});

async function verdictOf(page: Page, path: string, bundle: Buffer, checkpoint = ''): Promise<string> {
  await writeFile(path, bundle);
  await page.getByLabel('Audit bundle').setInputFiles(path);
  if (checkpoint) await page.getByText('Compare with what you kept').click();
  if (checkpoint) await page.getByLabel('Older checkpoint').fill(checkpoint);
  await page.getByRole('button', { name: 'Verify' }).press('Enter');
  await page.locator('#verify:enabled').waitFor();
  return page.locator('#result').innerText();
}
