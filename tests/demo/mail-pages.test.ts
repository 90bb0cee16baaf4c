import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openSite } from '../support/site.ts';

t.test('the demo shows its mail to whoever reaches it', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'wardkeep-mail-pages-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  const { app, server } = await openSite(t, { mode: 'demo', dataDir });
  t.match((await server.inject({ url: '/demo/mail', headers: { accept: 'text/html' } })).payload, /No mail yet/);
  await app.mail?.send({ to: 'ada@willow.example', template: 'password-reset', context: { firstName: 'Ada', link: `${app.config.origin}/reset/abc`, minutes: 30 } });
  const list = (await server.inject({ url: '/demo/mail', headers: { accept: 'text/html' } })).payload;
  const [, id] = /href="\/demo\/mail\/([^"]+)"/.exec(list) ?? [];
  const mail = await server.inject({ url: `/demo/mail/${id}`, headers: { accept: 'text/html' } });
  t.match(mail.payload, `href="${app.config.origin}/reset/abc"`);
  t.equal((await server.inject({ url: '/demo/mail/..%2f..%2fdemo', headers: { accept: 'text/html' } })).statusCode, 404);
});

t.test('an installation has no such page', async (t) => {
  const { server } = await openSite(t, { mode: 'production' });
  t.equal((await server.inject({ url: '/demo/mail', headers: { accept: 'text/html' } })).statusCode, 404);
});
