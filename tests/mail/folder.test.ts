import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { listMail, readMail } from '../../core/mail/folder.ts';
import { createMail } from '../../core/mail/mail.ts';

const ROOT = new URL('../../', import.meta.url);

t.test('mails become files that can be listed and read again', async (t) => {
  const dir = join(t.testdir(), 'mail');
  t.same(await listMail(dir), [], 'none yet');
  const mail = createMail({
    from: 'Wardkeep <no-reply@example.org>', origin: 'https://localhost:8443', delivery: { kind: 'folder', dir }, readAsset: (path) => readFileSync(new URL(path, ROOT)),
  });
  const link = `https://localhost:8443/password/reset/${'k'.repeat(80)}`;
  await mail.send({ to: 'first@example.org', template: 'password-reset', context: { firstName: 'Zoë', link, minutes: 30 } });
  await mail.send({ to: 'second@example.org', template: 'new-sign-in', context: { workspace: 'Clínica Zoë', firstName: 'Đức', link } });
  await mail.close();

  const listed = await listMail(dir);
  t.match(listed, [{ to: 'second@example.org', subject: 'New sign-in to your Wardkeep account' }, { to: 'first@example.org', subject: 'Choose a new Wardkeep password' }]);
  const read = await readMail(dir, listed[0]?.name ?? '');
  t.match(read?.text, 'Hello Đức,');
  t.match(read?.text, 'Clínica Zoë');
  t.match(read?.text, link, 'long links survive the encoding');
  t.ok(Math.abs(Date.parse(listed[0]?.sentAt ?? '') - Date.now()) < 60_000);
  const [file = ''] = readdirSync(dir);
  t.equal(statSync(join(dir, file)).mode & 0o777, 0o600);
});

t.test('a name from a URL cannot leave the folder', async (t) => {
  const dir = t.testdir({ mail: {}, 'secret.eml': 'x' });
  writeFileSync(join(dir, 'mail', 'other.txt'), 'x');
  for (const name of ['../secret.eml', '..%2fsecret.eml', 'other.txt', '', '20260101T000000000Z-00000000.eml']) t.equal(await readMail(join(dir, 'mail'), name), null, name);
  t.same(await listMail(join(dir, 'mail')), []);
});
