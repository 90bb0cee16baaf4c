import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import type { Test } from 'tap';
import { AUTH_JOBS } from '../../../../core/auth/mail/notices.ts';
import { startWorker } from '../../../../core/jobs/start-worker.ts';
import { listMail } from '../../../../core/mail/folder.ts';
import { openChromium } from '../../../support/chromium.ts';
import { sessionCookie, totpCode, type Person } from '../../../support/people.ts';
import type { OpenHost } from '../../open-host.ts';
import { KEYCLOAK_PASSWORD, REALM } from './keycloak-realm.ts';

const AXE = readFileSync(new URL('../../../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** A folder to look at the pages in afterwards; by itself none are kept. */
const SHOTS = process.env['WARDKEEP_TEST_SCREENSHOTS'];

/** People of an enforced workspace in a real browser: through Keycloak by either protocol, in and out; a password that is refused; the emergency way in. */
export async function walkInChromium(t: Test, { app, host, database, willow }: OpenHost, keycloak: string, save: (form: Record<string, string>) => Promise<void>): Promise<void> {
  const browser = await openChromium(t);
  if (browser === null) return;
  const { origin } = app.config;
  const worker = await startWorker(app, { jobsUrl: database.jobsUrl, jobs: [...AUTH_JOBS, ...host.jobs] });
  t.teardown(() => worker.stop());
  const faults: string[] = [];
  const open = async (options = {}): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => { if (page.url().startsWith(origin)) faults.push(error.message); });
    page.on('console', (message) => { if (/Content Security Policy|Trusted/i.test(message.text()) && !message.text().includes(keycloak)) faults.push(message.text()); });
    return { context, page };
  };
  /** WCAG 2.2 AA as far as axe-core can tell, injected by the protocol: the pages' policy allows no foreign script. */
  const look = async (page: Page, name: string): Promise<void> => {
    const devtools = await page.context().newCDPSession(page);
    const { result } = await devtools.send('Runtime.evaluate', { expression: `${AXE}; axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes[0].html))`, awaitPromise: true, returnByValue: true });
    t.same(result.value, [], `axe finds nothing on ${name}`);
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  };
  const typeAtKeycloak = async (page: Page, person: Person): Promise<void> => {
    await page.waitForURL(`${keycloak}/**`);
    await page.fill('#username', person.role.toLowerCase());
    await page.fill('#password', KEYCLOAK_PASSWORD);
    await page.click('#kc-login');
  };
  const typePassword = async (page: Page, person: Person): Promise<void> => {
    await page.goto(`${origin}/sign-in?workspace=${willow.slug}`);
    await page.fill('[name=email]', person.email);
    await page.fill('[name=password]', person.password);
    await page.click('button:has-text("Continue")');
  };
  const secondStep = async (page: Page, person: Person): Promise<void> => {
    await page.waitForURL('**/sign-in/second*');
    await page.fill('[name=code]', totpCode(person.totpSecret, 1)); // the step before is spent
    await page.click('main button:has-text("Sign in")');
  };

  for (const [protocol, person, settings] of [
    ['OpenID Connect', willow.agent, { protocol: 'oidc', issuer: `${keycloak}/realms/${REALM}`, clientId: 'wardkeep' }],
    ['SAML', willow.manager, { protocol: 'saml', metadata: await (await fetch(`${keycloak}/realms/${REALM}/protocol/saml/descriptor`)).text() }],
  ] as const) {
    await t.test(`by ${protocol}`, async (t) => {
      await save(settings);
      const { context, page } = await open();
      await page.goto(`${origin}/sign-in?workspace=${willow.slug}`);
      await look(page, `sign-in-${settings.protocol}`);
      await page.click('text=Hospital');
      await typeAtKeycloak(page, person);
      await secondStep(page, person);
      await page.waitForURL('**/contacts*');
      t.match(await page.textContent('body'), person.name, 'signed in, on contacts');
      await page.goto(`${origin}/account/sessions`);
      t.match(await page.textContent('main'), `single sign-on (${protocol}) and app`);
      await page.click('summary');
      await page.click('text=Sign out');
      await page.waitForURL(`${origin}/sign-in*`);
      await page.goto(`${origin}/sign-in?workspace=${willow.slug}`);
      await page.click('text=Hospital');
      await page.waitForSelector('#kc-login');
      t.pass('Keycloak asks anew: its session is over as well');
      await context.close();
    });
  }

  await t.test('a right password leads to the provider and opens nothing', async (t) => {
    const { context, page } = await open();
    await typePassword(page, willow.agent);
    await page.waitForURL(`${keycloak}/**`);
    t.notOk((await context.cookies(origin)).some(({ name }) => name === '__Host-wardkeep'));
    await context.close();
  });

  await t.test('the emergency way in works, and everybody who must know is told', async (t) => {
    const { context, page } = await open();
    await typePassword(page, willow.admin);
    await secondStep(page, willow.admin);
    await page.waitForURL('**/contacts*');
    t.match(await page.textContent('main'), 'Break-glass sign-in');
    await look(page, 'contacts-with-alarm');
    const alarmed = async () => (await listMail(join(app.config.dataDir, 'mail'))).filter(({ subject }) => subject.startsWith('Alarm')).map(({ to }) => to).sort();
    for (const until = Date.now() + 10_000; (await alarmed()).length < 2 && Date.now() < until;) await new Promise((done) => setTimeout(done, 50));
    t.same(await alarmed(), [willow.admin.email, willow.officer.email].sort());
    await context.close();
  });

  await t.test('its pages', async (t) => {
    const { page } = await open();
    await page.goto(`${origin}/plugins/sso/${willow.slug}/oidc/return?code=x&state=y`);
    t.match(await page.textContent('main'), 'You were not signed in');
    await look(page, 'refused');
    const value = (await sessionCookie(app, willow.admin)).split('=')[1] ?? '';
    for (const [name, options] of Object.entries({ wide: {}, narrow: { colorScheme: 'dark', viewport: { width: 390, height: 844 } } })) {
      const { context, page } = await open(options);
      await context.addCookies([{ name: '__Host-wardkeep', value, url: origin, secure: true, httpOnly: true, sameSite: 'Lax' }]);
      await page.goto(`${origin}/plugins/sso`);
      await look(page, `page-${name}`);
      await page.goto(`${origin}/admin/plugins/sso`);
      await look(page, `settings-${name}`);
      await context.close();
    }
    // Without scripts, for this is a form that decides who gets in.
    const { context, page: plain } = await open({ javaScriptEnabled: false });
    await context.addCookies([{ name: '__Host-wardkeep', value, url: origin, secure: true, httpOnly: true, sameSite: 'Lax' }]);
    await plain.goto(`${origin}/admin/plugins/sso`);
    const shown = async () => Promise.all(['[name=metadata]', '[name=issuer]', '[name=domains]'].map((field) => plain.isVisible(field)));
    t.same(await shown(), [true, false, true], 'SAML is chosen: nothing of OpenID Connect');
    await plain.check('[name=protocol][value=oidc]');
    t.same(await shown(), [false, true, true]);
    t.notMatch(await plain.textContent('.choices'), /oidc|saml/, 'in words');
    t.same(await plain.inputValue('[name=defaultRole]'), '', 'no role is given to people without a group unless somebody chooses one');
  });

  t.same(faults, [], 'no script failed and no policy was broken');
}
