import t from 'tap';
import { systemScope } from '../../../core/db/scope.ts';
import { definePlugin } from '../../../core/plugin.ts';
import { switchOn } from '../../../core/plugins/switch-plugin.ts';
import { composeServer } from '../../../core/server.ts';
import { axeFindings } from '../../support/axe.ts';
import { makeCertificate } from '../../support/certificate.ts';
import { openChromium } from '../../support/chromium.ts';
import { freePort } from '../../support/free-port.ts';
import { sessionCookie } from '../../support/people.ts';
import { agreement, concludeAgreement, daysFromNow, HOME, idIn, openRegister, subprocessor } from './register.ts';

const plugin = (name: string, receiver: string, phi: 'none' | 'store') => definePlugin({ contract: 1, name, version: '1.0.0', title: `${name[0]?.toUpperCase()}${name.slice(1)} link`, summary: 'Hands data on.', tier: 'free', phi, subprocessors: [{ name: receiver, purpose: 'Keeps documents', location: 'US' }] });

t.test('the register in Chromium, in both themes and on a phone', { timeout: 120_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const port = await freePort();
  const { app, host, willow, visit } = await openRegister(t, [plugin('archive', 'Acme Cloud', 'store'), plugin('print', 'Statement Printers', 'store'), plugin('weather', 'Sky Service', 'none')], { change: { origin: `https://localhost:${port}` } });
  const server = await composeServer(app, { tls: makeCertificate(), host: '127.0.0.1', port, plugins: host.plugins });
  await server.start();
  t.teardown(() => server.stop());

  const officer = await visit(willow.officer);
  await officer.get(HOME);
  const subprocessorId = idIn(await officer.post(`${HOME}/subprocessors`, subprocessor('Acme Cloud', { isOperator: 'yes' })));
  const agreementId = await concludeAgreement(officer, subprocessorId, agreement(willow.officer.id, { expiresOn: daysFromNow(20) }));
  await officer.get(HOME);
  await officer.post(`${HOME}/subprocessors/${subprocessorId}/notices`, { change: 'added', description: 'A house in Ohio', receivedOn: daysFromNow(0), effectiveOn: daysFromNow(30) });
  for (const name of ['archive', 'weather']) await app.withWorkspace(systemScope(willow.workspaceId, 'test'), (tx) => switchOn(tx, host.plugins, name, {}));
  const value = (await sessionCookie(app, willow.officer)).split('=')[1] as string;

  const faults: string[] = [];
  for (const [theme, width] of [['light', 1280], ['dark', 390]] as const) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, colorScheme: theme, viewport: { width, height: 900 } });
    await context.addCookies([{ name: '__Host-wardkeep', value, domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }]);
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => { if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text()); });
    for (const path of ['', `/subprocessors/${subprocessorId}`, `/subprocessors/${subprocessorId}/change`, `/agreements/${agreementId}`, `/agreements/${agreementId}/change`, '/import']) {
      await page.goto(`https://localhost:${port}${HOME}${path}`);
      for (const details of await page.locator('details:not(.menu)').all()) await details.evaluate((node) => { (node as unknown as { open: boolean }).open = true; });
      t.same(await axeFindings(page), [], `axe finds nothing on ${path || '/'} (${theme}, ${width})`);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      t.equal(overflow, 0, `nothing runs out of ${path || '/'} at ${width}`);
    }
    await page.goto(`https://localhost:${port}${HOME}`);
    t.equal(await page.locator('svg.chart').count(), 2, 'both pictures are drawn');
    await context.close();
  }
  t.same(faults, []);
});
