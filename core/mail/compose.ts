import Handlebars from 'handlebars';
import { checkContext, type MailMessage, type MailTemplate } from './templates.ts';

export type ComposedMail = { subject: string; text: string; html: string };
export type MailComposer = (message: MailMessage) => ComposedMail;

/**
 * Renders mails. A template is one text: its first line the subject, then paragraphs; the paragraph that is the link alone becomes the
 * button of the HTML part, so both parts always say the same.
 * @param readAsset yields a file by its path from the project root.
 */
export function createComposer(readAsset: (path: string) => Buffer, origin: string): MailComposer {
  const hbs = Handlebars.create();
  const options = { strict: true, knownHelpersOnly: true } as const;
  const layout = hbs.compile(readAsset('templates/mail/layout.hbs').toString('utf8'), options);
  const texts = new Map<MailTemplate, Handlebars.TemplateDelegate>();

  return ({ template, context }) => {
    const values = checkContext(template, context, origin);
    let text = texts.get(template);
    if (!text) {
      text = hbs.compile(readAsset(`templates/mail/${template}.hbs`).toString('utf8'), { ...options, noEscape: true });
      texts.set(template, text);
    }
    const [subject = '', ...rest] = text(values).trim().split('\n');
    const body = rest.join('\n').trim();
    const blocks = body.split(/\n{2,}/).map((block) => (block === values.link ? { link: block } : { text: block }));
    return { subject: subject.replace(/^Subject: /, ''), text: `${body}\n`, html: layout({ subject, blocks }) };
  };
}
