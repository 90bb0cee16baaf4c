import t from 'tap';
import { composeServer } from '../../core/server.ts';
import { createContact } from '../../core/practice/contacts/write-contact.ts';
import { axeFindings } from '../support/axe.ts';
import { makeCertificate } from '../support/certificate.ts';
import { openChromium } from '../support/chromium.ts';
import { openTestApp } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { createPeople, scopeAs, sessionCookie } from '../support/people.ts';
import { rows } from '../support/rows.ts';

t.test('a page of patients does not outlive its session on the screen', { timeout: 60_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const port = await freePort();
  const origin = `https://localhost:${port}`;
  const { app, database } = await openTestApp(t, { origin });
  const server = await composeServer(app, { tls: makeCertificate(), host: '127.0.0.1', port });
  await server.start();
  t.teardown(() => server.stop());
  const { manager } = await createPeople(app, 'willow');
  const { id } = await app.withWorkspace(scopeAs(manager), (tx) => createContact(tx, { givenName: 'Quillonia', familyName: 'Featherstonehaugh' }));
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const [name = '', value = ''] = (await sessionCookie(app, manager)).split('=');
  await context.addCookies([{ name, value, domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }]);
  const page = await context.newPage();
  page.on('pageerror', (error) => t.fail(error.message));
  /** As if nothing had come from this browser for as long. */
  const unused = (time: string) => rows(database, 'update app.sessions set last_seen_at = now() - $1::interval', [time]);
  const isUnused = async (): Promise<boolean> => (await rows<{ is: boolean }>(database, `select last_seen_at < now() - interval '1 minute' as is from app.sessions`))[0]?.is === true;
  const lookAgain = () => page.evaluate(() => { document.dispatchEvent(new Event('visibilitychange')); });
  const warning = page.locator('dialog[role=alertdialog]');

  await page.goto(`${origin}/contacts/${id}`);
  t.match(await page.textContent('main'), 'Featherstonehaugh');
  await unused('7 hours 58 minutes 30 seconds');
  await lookAgain();
  await warning.waitFor();
  t.match(await warning.textContent(), /signed out in 1:[0-3]\d/);
  t.ok(await isUnused(), 'asking kept nothing alive');
  t.same(await axeFindings(page), []);
  await page.click('text=Stay signed in');
  await warning.waitFor({ state: 'detached' });
  await t.resolves(eventually(async () => !(await isUnused())), 'and the session goes on');

  await unused('7 hours 58 minutes 30 seconds');
  await page.press('body', 'Shift');
  await lookAgain();
  await t.resolves(eventually(async () => !(await isUnused())), 'whoever types is not asked');
  t.equal(await warning.count(), 0);

  await unused('8 hours 1 second');
  await lookAgain();
  await page.waitForURL('**/sign-in?return=*');
  t.notMatch(await page.content(), 'Featherstonehaugh');
  await page.goBack().catch(() => null); // the server's redirect may cut it short
  t.notMatch(await page.content(), 'Featherstonehaugh', 'the way back shows nothing either');
});

async function eventually(is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await is()); tries++) {
    if (tries === 50) throw new Error('It did not come about.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
