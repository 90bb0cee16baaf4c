import type { Page } from 'playwright-core';
import t from 'tap';
import { composeServer, FEATURES } from '../../core/server.ts';
import { createUser } from '../../core/workspaces/people/create-user.ts';
import { axeFindings } from '../support/axe.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openChromium } from '../support/chromium.ts';
import { openTestApp } from '../support/database.ts';
import { createPeople, PASSWORD } from '../support/people.ts';
import { rows } from '../support/rows.ts';
import { freePort } from '../support/free-port.ts';

t.test('a newcomer in Chromium, with its virtual authenticator', { timeout: 120_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const { app, database } = await openTestApp(t, { breachRangeUrl: null, mode: 'production', origin });
  const server = await composeServer(app, { tls: makeCertificate(), host: '127.0.0.1', port, features: FEATURES });
  await server.start();
  t.teardown(() => server.stop());
  const { workspaceId } = await createPeople(app, 'willow');
  await createUser(app, workspaceId, { email: 'new@willow.example', name: 'New Comer', role: 'ADMIN', password: PASSWORD });

  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => { if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text()); });
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  const isAccessible = async (name: string): Promise<void> => {
    t.same(await axeFindings(page), [], `axe finds nothing on ${name}`);
  };
  const firstStep = async (on: Page): Promise<void> => {
    await on.goto(`${origin}/sign-in`);
    await on.fill('[name=email]', 'new@willow.example');
    await on.fill('[name=password]', PASSWORD);
    await on.click('text=Continue');
  };

  await page.goto(`${origin}/sign-in`);
  await isAccessible('the sign-in page');
  await page.fill('[name=password]', PASSWORD);
  await page.click('button[aria-label^="Show"]');
  t.equal(await page.getAttribute('[name=password]', 'type'), 'text', 'a password can be shown');

  await firstStep(page);
  await page.waitForURL('**/sign-in/enrol*');
  await isAccessible('enrolment');
  await page.fill('[name=name]', 'Laptop');
  await page.click('text=Create a passkey');
  await page.waitForURL('**/account/recovery-codes*');
  await page.click('text=Show my recovery codes');
  t.equal(await page.locator('#recovery-codes li').count(), 10);
  const [code = ''] = await page.locator('#recovery-codes li').allTextContents();
  await isAccessible('the recovery codes');
  for (const path of ['/account/security', '/account/sessions', '/admin/people', '/admin/service-accounts']) {
    await page.goto(origin + path);
    await isAccessible(path);
  }

  await page.goto(`${origin}/admin/people`);
  await rows(database, `update app.sessions set assured_at = now() - interval '11 minutes'`);
  await page.fill('[name=email]', 'invited@willow.example');
  await page.click('text=Send invitation');
  await page.waitForSelector('text=Your form is kept');
  await isAccessible('the step-up');
  await page.click('text=Use a passkey');
  await page.waitForSelector('#one-time-link');
  t.match(await page.textContent('#one-time-link'), `${origin}/invitation/`, 'the form went on by itself');

  await page.click('summary');
  await page.click('text=Sign out');
  await page.waitForURL('**/sign-in');
  await page.click('text=Use a passkey');
  await page.waitForURL('**/contacts*');
  t.pass('a passkey alone signs in');

  await context.clearCookies({ name: '__Host-wardkeep' });
  await firstStep(page);
  await page.waitForURL('**/sign-in/second*');
  await isAccessible('the second step');
  await page.click('text=Use a recovery code instead');
  await page.fill('[name=code]', code);
  await page.click('main button:has-text("Sign in")');
  await page.waitForURL('**/contacts*');
  t.pass('so does a recovery code after the password');

  await rows(database, 'update app.sessions set ended_at = now()');
  await page.getByRole('combobox').first().pressSequentially('smi');
  await page.waitForURL('**/sign-in?return=*');
  t.pass('a page left open, whose session was ended meanwhile, says so at the first letters typed');
  t.same(faults, [], 'no script failed and no policy was broken');
});
