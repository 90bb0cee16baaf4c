import { join } from 'node:path';
import { fault } from '../errors.ts';
import type { Feature } from '../http/feature.ts';
import { listMail, readMail } from '../mail/folder.ts';

/**
 * The demo's letter box. Open to whoever reaches the demo, as invitations and resets must be read before anybody is signed in; the routes
 * exist in demo mode only.
 */
export const demoMailFeature: Feature = {
  name: 'wardkeep-demo-mail',
  register(server, { app }) {
    if (app.config.mode !== 'demo') return;
    const dir = join(app.config.dataDir, 'mail');
    server.route([
      {
        method: 'GET', path: '/demo/mail', options: { auth: { mode: 'try' } },
        handler: async (_request, h) => h.page('demo/mail-list', { mails: (await listMail(dir)).map(({ name, to, subject, sentAt }) => ({ id: name.replace(/\.eml$/, ''), to, subject, at: sentAt })) }),
      },
      {
        method: 'GET', path: '/demo/mail/{id}', options: { auth: { mode: 'try' } },
        handler: async (request, h) => {
          const mail = await readMail(dir, `${String(request.params['id'])}.eml`);
          if (mail === null) throw fault('record.not_found');
          const from = /^From: (.*)$/m.exec(mail.raw.toString('latin1'))?.[1]?.trim() ?? '';
          return h.page('demo/mail', { mail: { to: mail.to, from, subject: mail.subject, at: mail.sentAt, parts: cutAtLinks(mail.text, app.config.origin) } });
        },
      },
    ]);
  },
};

/** Only links into this installation become links. */
function cutAtLinks(text: string, origin: string): { text: string; href: string | null }[] {
  return text.split(/(https:\/\/\S+)/).filter((part) => part !== '').map((part) => ({ text: part, href: part.startsWith(`${origin}/`) ? part : null }));
}
