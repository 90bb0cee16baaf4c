import { readFileSync } from 'node:fs';
import t from 'tap';
import { createMail, type Mail } from '../../core/mail/mail.ts';
import { smtpDelivery } from '../../core/mail/smtp.ts';
import { makeCertificate } from '../support/certificate.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

const ROOT = new URL('../../', import.meta.url);
const { ca, key, cert } = makeCertificate();
const stranger = makeCertificate();

function mailTo(url: string, trusted: string | undefined = ca): Mail {
  return createMail({
    from: 'Wardkeep <no-reply@example.org>',
    origin: 'https://records.example.org',
    delivery: { kind: 'smtp', url, ...(trusted === undefined ? {} : { ca: trusted }) },
    readAsset: (path) => readFileSync(new URL(path, ROOT)),
  });
}
const invitation = {
  to: 'new.person@example.org',
  template: 'invitation',
  context: { workspace: 'Willow', firstName: 'Zoë', link: 'https://records.example.org/join/x', days: 7 },
} as const;

t.test('STARTTLS: several mails over pooled, encrypted connections', async (t) => {
  const server = await startSmtpServer({ key, cert });
  const mail = mailTo(`smtp://mailer:p%40ss@127.0.0.1:${server.port}`);
  const sent = [];
  for (let i = 0; i < 5; i++) sent.push(await mail.send(invitation));
  t.equal(server.received.length, 5);
  t.equal(server.connections(), 1, 'one connection for all');
  const [first] = server.received;
  t.match(first, { from: 'no-reply@example.org', to: ['new.person@example.org'], isEncrypted: true, user: 'mailer' });
  t.match(first?.data, `Message-ID: ${sent[0]?.messageId}`);
  t.match(first?.data, /^Subject: You are invited to Wardkeep\r$/m);
  t.match(first?.data, /^Auto-Submitted: auto-generated\r$/m);
  t.match(first?.data, /multipart\/alternative/);
  await mail.close();
  await server.close();
});

t.test('TLS from the first byte', async (t) => {
  const server = await startSmtpServer({ key, cert, isImplicit: true });
  const mail = mailTo(`smtps://127.0.0.1:${server.port}`);
  await mail.send(invitation);
  t.equal(server.received[0]?.isEncrypted, true);
  await mail.close();
  await server.close();
});

t.test('nothing is sent when TLS is stripped, or the certificate is a stranger’s', async (t) => {
  const stripped = await startSmtpServer({ key, cert, hidesStartTls: true });
  const first = mailTo(`smtp://127.0.0.1:${stripped.port}`);
  await t.rejects(first.send(invitation), { name: 'MailError', message: 'The mail server did not accept the mail' });
  t.equal(stripped.received.length, 0);
  const impostor = await startSmtpServer({ key: stranger.key, cert: stranger.cert });
  const second = mailTo(`smtp://127.0.0.1:${impostor.port}`);
  await t.rejects(second.send(invitation), { name: 'MailError' });
  t.equal(impostor.received.length, 0);
  await Promise.all([first.close(), second.close(), stripped.close(), impostor.close()]);
});

t.test('in the clear only when told so', async (t) => {
  const server = await startSmtpServer({ key, cert, hidesStartTls: true });
  const mail = mailTo(`smtp://127.0.0.1:${server.port}?tls=off`);
  await mail.send(invitation);
  t.equal(server.received[0]?.isEncrypted, false);
  await mail.close();
  await server.close();
});

t.test('a refusal has a code, and never quotes the recipient', async (t) => {
  for (const recipientReply of ['550 no such user new.person@example.org', '451 greylisted new.person@example.org']) {
    const server = await startSmtpServer({ key, cert, recipientReply });
    const mail = mailTo(`smtp://127.0.0.1:${server.port}`);
    const error = await mail.send(invitation).then(() => null, (reason: Error) => reason);
    t.match(error, { name: 'MailError', code: 'EENVELOPE' });
    t.notMatch(error?.message ?? '', 'new.person');
    await mail.close();
    await server.close();
  }
  const server = await startSmtpServer({ key, cert });
  const denied = mailTo(`smtp://wrong:x@127.0.0.1:${server.port}`);
  await t.rejects(denied.send(invitation), { name: 'MailError', code: 'EAUTH' });
  await denied.close();
  await server.close();
  const gone = mailTo(`smtp://127.0.0.1:${server.port}`);
  await t.rejects(gone.send(invitation), { name: 'MailError' });
  await gone.close();
});

t.test('recipients that are more than one plain address are refused', async (t) => {
  const server = await startSmtpServer({ key, cert });
  const mail = mailTo(`smtp://127.0.0.1:${server.port}`);
  for (const to of ['a@example.org, b@example.org', 'Maria Lopez <a@example.org>', 'a@example.org\r\nBcc: b@example.org', 'a', '']) {
    await t.rejects(mail.send({ ...invitation, to }), TypeError);
  }
  t.equal(server.connections(), 0);
  await mail.close();
  await server.close();
});

t.test('an SMTP URL cannot weaken TLS by the back door', async (t) => {
  for (const url of ['http://h', 'smtp://', 'smtps://h?tls=off', 'smtp://h?tls.rejectUnauthorized=false', 'smtp://u:p@h?tls=off', 'smtp://h?tls=off&x=1']) {
    t.throws(() => smtpDelivery({ url }), TypeError, url);
  }
});
