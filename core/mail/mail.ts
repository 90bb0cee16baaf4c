import { randomUUID } from 'node:crypto';
import { createComposer } from './compose.ts';
import { folderDelivery } from './folder.ts';
import { smtpDelivery, type SmtpSettings } from './smtp.ts';
import type { MailMessage } from './templates.ts';

export type MailSettings = {
  /** Sender as in RFC 5322: `Wardkeep <no-reply@example.org>`. */
  from: string;
  /** The installation's public origin; links in mails lead nowhere else. */
  origin: string;
  delivery: ({ kind: 'smtp' } & SmtpSettings) | { kind: 'folder'; dir: string };
  readAsset: (path: string) => Buffer;
};

/** A message ready for the wire. */
export type Envelope = { messageId: string; from: string; to: string; subject: string; text: string; html: string };

export type Delivery = { deliver(envelope: Envelope): Promise<void>; close(): Promise<void> };

export type Mail = {
  /**
   * Renders and hands over one mail; resolves with its Message-ID once the server, or the folder, has it.
   * @throws TypeError for a recipient or context no mail may have; MailError when the server did not take it.
   */
  send(message: MailMessage): Promise<{ messageId: string }>;
  close(): Promise<void>;
};

/** Never called inside a transaction: a job sends. */
export function createMail(settings: MailSettings): Mail {
  const compose = createComposer(settings.readAsset, settings.origin);
  const delivery = settings.delivery.kind === 'smtp' ? smtpDelivery(settings.delivery) : folderDelivery(settings.delivery.dir);
  const host = new URL(settings.origin).hostname;
  return {
    async send(message) {
      // One bare mailbox (RFC 5321 §4.1.2, without quoting): no list, no display name, no header smuggled in by a line break.
      if (!/^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\]{1,255}$/.test(message.to)) throw new TypeError('A mail needs exactly one plain address');
      const messageId = `<${randomUUID()}@${host}>`;
      await delivery.deliver({ messageId, from: settings.from, to: message.to, ...compose(message) });
      return { messageId };
    },
    close: () => delivery.close(),
  };
}
