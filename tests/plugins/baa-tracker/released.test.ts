import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { loadFolder } from '../../../core/plugins/load-folder.ts';
import type { LoadedPlugin } from '../../../core/plugins/loaded-plugin.ts';
import { MANIFEST_FILE, signManifest } from '../../../core/plugins/manifest.ts';
import { scaffold } from '../../../core/plugins/scaffold.ts';
import { recorded } from '../../api/open-server.ts';
import { openChromium } from '../../support/chromium.ts';
import { sessionCookie, type Person } from '../../support/people.ts';
import { daysFromNow, HOME, openRegister, plainPdf } from './register.ts';

/** What `wardkeep plugin new courier-post` writes, with a subprocessor in it, signed by a publisher whom the operator pinned. */
async function strangersPlugin(t: { teardown(after: () => void): void }): Promise<LoadedPlugin> {
  const dir = mkdtempSync(join(tmpdir(), 'wardkeep-stranger-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const folder = join(dir, 'courier-post');
  for (const [file, text] of Object.entries(scaffold('courier-post'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const named = text.replace(`phi: 'none',`, `phi: 'transit',`).replace('subprocessors: [],', `subprocessors: [{ name: 'Pigeon Post', purpose: 'Carries letters to patients', location: 'Ohio, US' }],`);
    writeFileSync(join(folder, file), named);
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(folder, MANIFEST_FILE), JSON.stringify(signManifest(folder, { name: 'courier-post', version: '0.1.0', contract: 1 }, 'acme', privateKey)));
  const publicKey = Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x as string, 'base64url');
  const [loaded] = await loadFolder(dir, [{ name: 'acme', publicKey }]);
  return loaded as LoadedPlugin;
}

t.test('a stranger’s plugin, stopped by a missing agreement, released by a signed one, in Chromium', { timeout: 120_000 }, async (t) => {
  const browser = await openChromium(t);
  if (browser === null) return;
  const { app, willow } = await openRegister(t, [], { listens: true, signed: [await strangersPlugin(t)] });
  const { origin } = app.config;
  const open = async (person: Person): Promise<Page> => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    await context.addCookies([{ name: '__Host-wardkeep', value: (await sessionCookie(app, person)).split('=')[1] as string, domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }]);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000); // so that a step that cannot be taken is named, not the whole test
    page.on('pageerror', (error) => t.fail(error.message));
    page.on('response', (response) => { if (response.status() >= 500) t.fail(`${response.status()} at ${response.url()}`); });
    return page;
  };
  const [admin, officer] = [await open(willow.admin), await open(willow.officer)];
  const switchOn = async () => {
    await admin.goto(`${origin}/admin/plugins/courier-post`);
    await admin.fill('[name=greeting]', 'Good morning');
    await admin.click('main form button.primary');
    return admin.textContent('main');
  };

  const refused = await switchOn();
  t.match(refused, /agreement in force with each subprocessor comes first/i, 'the administrator is told what is missing');
  await admin.goto(`${origin}/admin/plugins`);
  t.match(await admin.textContent('main'), /Pigeon Post\s*missing/);

  await officer.goto(`${origin}${HOME}`);
  await officer.click('text=Add to the register'); // beside the plugin's line: its name is the register's from here on
  t.equal(await officer.inputValue('[name=name]'), 'Pigeon Post');
  await officer.fill('[name=service]', 'Letters');
  await officer.selectOption('[name=phiClass]', 'transit');
  await officer.click('main form button.primary');
  await officer.click('text=New agreement');
  await officer.fill('[name=ourSignatory]', 'Ada Ruiz');
  await officer.fill('[name=theirSignatory]', 'Bo Chen');
  await officer.fill('[name=effectiveOn]', daysFromNow(0));
  await officer.fill('[name=expiresOn]', daysFromNow(364));
  await officer.click('main form button.primary');
  await officer.click('text=Mark as sent');
  t.match(await switchOn(), /comes first/i, 'sent is not signed');
  await officer.click('text=Add a document');
  await officer.setInputFiles('input[name=file]', { name: 'signed.pdf', mimeType: 'application/pdf', buffer: plainPdf() });
  await officer.click('form[enctype="multipart/form-data"] button');
  await officer.click('text=Mark as signed');
  t.match(await officer.textContent('main'), /is in force now/);

  t.match(await switchOn(), /Switched on/);
  t.match(await admin.textContent('main'), /signed by acme/);
  await admin.goto(`${origin}/plugins/courier-post`);
  t.match(await admin.textContent('main'), /Good morning/);
  await officer.goto(`${origin}${HOME}`);
  t.match(await officer.textContent('main'), /Courier post\s*on\s*Pigeon Post/);

  t.equal((await recorded(app, willow.workspaceId, 'plugin.switch_refused')).length, 2);
  t.match(await recorded(app, willow.workspaceId, 'plugin.switched_on'), [{}, { target: { id: 'courier-post' }, detail: { phi: 'transit', subprocessors: ['Pigeon Post'] } }]);
});
