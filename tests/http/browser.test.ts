import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from '@hapi/hapi';
import type { BrowserContextOptions, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { axeFindings } from '../support/axe.ts';
import { openChromium } from '../support/chromium.ts';
import { GALLERY, galleryServer } from './gallery-server.ts';
import { pages } from './samples.ts';

/** Every page in a real browser under the real policy: axe-core, overflow, and what the small scripts add. Needs Debian's Chromium. */
const browser = await openChromium(t);
if (browser === null) process.exit();

t.setTimeout(120_000); // a hundred runs of axe-core

const DESKTOP = { width: 1360, height: 900 };
const REFLOWED = { width: 320, height: 256 };
const PHONE = { width: 390, height: 844 };

const server = await galleryServer(t.testdir(), 0);
let polled = 0;
const exported: string[] = [];
const batch = pages['imports/batch'] as { batch: object };
server.route([
  { method: 'POST', path: '/contacts/suggest', handler: (request) => ({ Ach: [{ id: '1', href: '/contacts/page', name: 'Rosalind <b>Achterberg</b>', birthDate: 'Nov 23, 1958', detail: '+1 555' }, { id: '2', href: '/contacts/page/details', name: 'Achim Roth', birthDate: 'Jan 1, 1970', detail: '' }] })[(request.payload as { q: string }).q] ?? [] },
  { method: 'GET', path: '/imports/polled', handler: (_request, h) => h.page('imports/batch', { ...batch, batch: { ...batch.batch, running: (polled += 1) < 3, done: polled } }) },
  { method: 'POST', path: '/imports/ccda', options: { payload: { multipart: true, maxBytes: 1e7 } }, handler: (request: Request, h) => h.redirect(`/imports/polled?files=${[(request.payload as { files: unknown }).files].flat().length}`).code(303) },
  { method: 'POST', path: '/imports/csv', options: { payload: { multipart: true, maxBytes: 1000 } }, handler: (_request, h) => h.page('imports/start', { ...pages['imports/start'], errors: { csv: 'Line 3 never closes its quotation mark.' } }).code(400) },
  { method: 'POST', path: '/admin/service-accounts/{id}/revoke', handler: (request) => request.payload as object },
  { method: 'POST', path: '/audit/export', handler: async (request, h) => { exported.push((request.payload as { format: string }).format); await sleep(100); return h.response('{}').header('content-disposition', 'attachment; filename="a.json"'); } },
  { method: 'POST', path: '/passkey/options', handler: () => ({ challenge: 'AAAA', timeout: 1000, allowCredentials: [], userVerification: 'required' }) },
]);
await server.start();
t.teardown(() => server.stop({ timeout: 100 }));

const open = async (t: Test, path: string, options: BrowserContextOptions = {}): Promise<{ page: Page; faults: string[] }> => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: DESKTOP, ...options });
  t.teardown(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${server.info.uri}/${path}`);
  return { page, faults };
};

/** Colours that are on their way from one look to the other arrive at once; what of them is inherited sets out then. */
const ARRIVE = `for (let moving; (moving = document.getAnimations().filter((each) => each instanceof CSSTransition)).length > 0;) for (const each of moving) each.finish();`;

// The pages' scripts ask for neither width nor colours: a page that is there already shows both looks.
t.test('every page, in the light at a desk and in the dark on a phone', async (t) => {
  const { page, faults } = await open(t, GALLERY[0] ?? '');
  for (const name of GALLERY) {
    await page.goto(`${server.info.uri}/${name}`);
    for (const [viewport, colorScheme] of [[DESKTOP, 'light'], [PHONE, 'dark']] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await page.evaluate(ARRIVE);
      t.same(await axeFindings(page), [], `${name}: axe-core, ${viewport.width} wide, ${colorScheme}`);
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name}: nothing sticks out sideways, ${viewport.width} wide`);
    }
    // WCAG 2.2, 1.4.10 (a desk at 400 %) and 1.4.4 (letters twice as large).
    await page.setViewportSize(REFLOWED);
    t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name}: nothing sticks out sideways, ${REFLOWED.width} wide`);
    await page.setViewportSize(DESKTOP);
    t.ok(await page.evaluate("document.documentElement.style.fontSize = '200%', document.documentElement.scrollWidth <= innerWidth"), `${name}: nor at twice the text size`);
  }
  t.same(faults, [], 'no script fault, nothing refused by the policy');
});

t.test('without script', async (t) => {
  const { page } = await open(t, 'contacts/list', { javaScriptEnabled: false, viewport: PHONE });
  await page.locator('details.menu > summary').click();
  t.ok(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'the menu opens');
  await page.getByRole('button', { name: 'Dark' }).click();
  t.match(await page.content(), 'data-theme="dark"', 'the theme changes');
  t.match(page.url(), '/contacts/list', 'and leads back');
});

t.test('theme', async (t) => {
  const { page } = await open(t, 'contacts/list', { colorScheme: 'light' });
  const paper = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await paper();
  await page.locator('details.menu > summary').click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await page.locator('html[data-theme="dark"]').waitFor();
  t.not(await paper(), light);
  await page.keyboard.press('Escape');
  t.notOk(await page.getByRole('button', { name: 'Sign out' }).isVisible(), 'Escape closes the menu');
  await page.reload();
  t.not(await paper(), light, 'it is remembered');
});

t.test('search as you type', async (t) => {
  const { page, faults } = await open(t, 'contacts/list');
  const input = page.getByRole('combobox', { name: 'Find a contact' });
  await input.pressSequentially('Ach');
  const options = page.getByRole('option');
  await options.first().waitFor();
  t.match(await options.first().textContent(), 'Rosalind <b>Achterberg</b>', 'names are text');
  await input.press('ArrowDown');
  await input.press('ArrowDown');
  t.equal(await input.getAttribute('aria-activedescendant'), 'contact-2');
  await input.press('ArrowDown');
  t.equal(await input.getAttribute('aria-activedescendant'), 'contact-1', 'round the end');
  await input.press('Escape');
  t.notOk(await options.first().isVisible());
  await input.press('ArrowDown');
  await options.first().waitFor();
  await input.press('ArrowUp');
  await input.press('Enter');
  await page.waitForURL('**/contacts/page/details');
  await page.getByRole('combobox').pressSequentially('zzz');
  await page.getByText('No matching contacts', { exact: true }).first().waitFor();
  t.same(faults, []);
});

t.test('upload, then progress', async (t) => {
  const { page, faults } = await open(t, 'imports/start');
  await page.locator('#f-files').setInputFiles([{ name: 'a.xml', mimeType: 'text/xml', buffer: Buffer.from('<a/>') }, { name: 'b.xml', mimeType: 'text/xml', buffer: Buffer.from('<b/>') }]);
  t.match(await page.locator('[data-upload-chosen]').first().textContent(), '2 files');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.waitForURL((url) => url.pathname === '/imports/polled' && url.search === '?files=2');
  await page.locator('.progress-text', { hasText: '3 of 166' }).waitFor();
  t.notOk(await page.locator('#batch[data-poll]').count(), 'polling ends when the import does');
  t.same(faults, []);
});

t.test('an upload that is refused says why, and can be sent again', async (t) => {
  const { page } = await open(t, 'imports/start');
  const form = page.locator('form[action="/imports/csv"]');
  await form.locator('input[type=file]').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('a,"b') });
  await form.locator('button').click();
  await form.getByText('Line 3 never closes its quotation mark.').waitFor();
  t.ok(await form.locator('button').isEnabled());
});

t.test('on a phone the current tab is in sight, and a drop zone holds its words', async (t) => {
  const { page } = await open(t, 'contacts/page/shares', { viewport: PHONE });
  const isInSight = (selector: string) => page.locator(selector).evaluate((current) => {
    const [own, strip] = [current.getBoundingClientRect(), (current.closest('nav') as Element).getBoundingClientRect()];
    return own.left >= strip.left - 1 && own.right <= strip.right + 1;
  });
  t.ok(await isInSight('.tabs [aria-current]'));
  await page.goto(`${server.info.uri}/imports/start`);
  t.ok(await isInSight('.nav [aria-current]'));
  for (const zone of await page.locator('.drop').all()) t.ok(await zone.evaluate((box) => box.scrollWidth <= box.clientWidth), 'nothing sticks out of it');
});

t.test('a name of one endless word stays in its place', async (t) => {
  const { page } = await open(t, 'contacts/list');
  await page.evaluate("for (const text of document.querySelectorAll('table .main a, table :not(.nowrap) > .detail')) text.textContent = 'W'.repeat(100)"); // a name, an e-mail address
  t.ok(await page.locator('.table-wrap').first().evaluate((wrap) => wrap.scrollWidth <= wrap.clientWidth), 'the other columns stay in sight');
  await page.setViewportSize(PHONE);
  await page.goto(`${server.info.uri}/contacts/page/details`);
  await page.evaluate("for (const name of document.querySelectorAll('h1, .crumbs [aria-current]')) name.textContent = 'W'.repeat(100)");
  t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
});

t.test('a form is sent once, however often its button is pressed meanwhile; another thing is sent', async (t) => {
  const { page } = await open(t, 'audit/export');
  const button = page.getByRole('button', { name: 'Export' });
  exported.length = 0;
  await button.evaluate((each: HTMLElement) => { for (const wait of [0, 40, 80, 160]) setTimeout(() => each.click(), wait); });
  await page.waitForTimeout(400);
  t.same(exported, ['bundle']);
  await page.getByLabel('CSV').check();
  await button.click();
  await page.waitForTimeout(100);
  t.same(exported, ['bundle', 'csv'], 'the page is still there, and its form as good as before');
});

t.test('whoever was overtaken by a colleague hears of it first', async (t) => {
  for (const path of ['contacts/form', 'activities/form']) {
    const { page } = await open(t, path);
    t.match(await page.evaluate('document.activeElement.textContent'), /Somebody changed this/, path);
  }
});

t.test('a recovery code stands on one line, on a phone too', async (t) => {
  const { page } = await open(t, 'auth/recovery-codes', { viewport: { width: 360, height: 640 } });
  for (const code of await page.locator('.codes li').all()) t.ok(await code.evaluate((line) => line.getBoundingClientRect().height < 2 * Number.parseFloat(getComputedStyle(line).fontSize)));
});

t.test('a dangerous act asks first', async (t) => {
  const { page } = await open(t, 'admin/service-accounts');
  const revoke = page.getByRole('button', { name: 'Revoke Billing export' });
  await revoke.click();
  const dialog = page.getByRole('dialog');
  t.match(await dialog.textContent(), 'Programs that use it stop at once');
  t.ok(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((button) => button === button.ownerDocument.activeElement), 'the harmless answer has the focus');
  await page.keyboard.press('Escape');
  t.equal(await dialog.count(), 0);
  t.match(page.url(), 'admin/service-accounts');
  await revoke.click();
  await dialog.getByRole('button', { name: 'Revoke' }).click();
  await page.waitForURL('**/revoke');
  t.match(await page.textContent('body'), '"confirmed":"yes"');
});

t.test('a passkey that is not given is explained, and can be tried again', async (t) => {
  const { page } = await open(t, 'auth/sign-in');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: false } });
  const button = page.getByRole('button', { name: 'Use a passkey' });
  await button.click();
  await page.getByText(/^The passkey was not used/).waitFor();
  t.ok(await button.isEnabled());
});

t.test('faults of a form are heard first', async (t) => {
  const { page } = await open(t, 'appointments/form');
  t.ok(await page.locator('[data-error-summary]').evaluate((box) => box === box.ownerDocument.activeElement));
  await page.getByRole('link', { name: 'Time: That person already has an appointment at this time.', exact: true }).click();
  t.equal(await page.evaluate('document.activeElement.id'), 'f-time');
});
