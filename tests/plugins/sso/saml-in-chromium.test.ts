import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import sso from '../../../plugins/sso/index.ts';
import { decodeRedirect } from '../../../plugins/sso/saml/message.ts';
import { readXml } from '../../../plugins/sso/saml/xml.ts';
import { openChromium } from '../../support/chromium.ts';
import { rows } from '../../support/rows.ts';
import { openHost } from '../open-host.ts';
import { providerFor } from './saml-answers.ts';

/** Which cookies go along with another site's form is the browser's to say, so a browser says it. */
t.test("a provider's form in Chromium", { timeout: 120_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const { app, database, willow, visit } = await openHost(t, [sso], { folders: { sso: new URL('../../../plugins/sso', import.meta.url).pathname }, listens: true });
  const at = `${app.config.origin}/plugins/sso/${willow.slug}`;
  const provider = createServer((request, response) => {
    const id = readXml(decodeRedirect(new URL(request.url ?? '', 'http://provider').searchParams.get('SAMLRequest'))).attributes.get('ID') as string;
    response.setHeader('content-type', 'text/html').end(`<form method="post" action="${at}/saml/acs"><input type="hidden" name="SAMLResponse" value="${answerTo(id)}"></form><script>document.forms[0].submit()</script>`);
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  t.teardown(() => { provider.closeAllConnections(); provider.close(); });
  // 127.0.0.1 and localhost are two sites to a browser.
  const { settings, answerTo } = providerFor(at, { signOnUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/sso` });
  const admin = await visit(willow.admin);
  await admin.get('/admin/plugins/sso');
  await admin.post('/admin/plugins/sso/on', settings);

  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const cookie = async (name: string) => (await page.context().cookies(app.config.origin)).find((each) => each.name === name)?.value;
  const come = async () => {
    await page.goto(`${at}/start`);
    await page.waitForURL(`${app.config.origin}/contacts`);
    return { session: await cookie('__Host-wardkeep'), browser: await cookie('__Host-wk_browser') };
  };
  const [first, second] = [await come(), await come()];
  t.not(second.session, first.session);
  t.equal(second.browser, first.browser, 'the browser is the one it was');
  t.same((await rows<{ ended_reason: string | null }>(database, "select ended_reason from app.sessions where method = 'saml' order by created_at")).map((row) => row.ended_reason), ['replaced', null], 'and its earlier session is over');
});
