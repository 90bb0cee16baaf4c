import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { createComposer } from '../../core/mail/compose.ts';
import { checkContext, MAIL_FIELDS, type MailContexts, type MailMessage, type MailTemplate } from '../../core/mail/templates.ts';

const ROOT = new URL('../../', import.meta.url);
const ORIGIN = 'https://records.example.org';
const link = `${ORIGIN}/reset?token=abc&x=1`;
const all: MailContexts = {
  invitation: { workspace: 'Smith & Sons', firstName: 'Zoë', link, days: 7 },
  'password-reset': { firstName: 'Zoë', link, minutes: 30 },
  'new-sign-in': { workspace: 'Willow', firstName: 'Zoë', link },
  'sign-in-changed': { workspace: 'Willow', firstName: 'Zoë', link },
  'password-guessed': { workspace: 'Willow', firstName: 'Zoë', link },
  'agreement-reminder': { workspace: 'Willow', firstName: 'Zoë', link, daysLeft: 30 },
  'provider-only': { workspace: 'Willow', firstName: 'Zoë', link },
  'break-glass': { workspace: 'Willow', firstName: 'Zoë', link },
};
const compose = createComposer((path) => readFileSync(new URL(path, ROOT)), ORIGIN);

t.test('every template renders, says all it was given in both parts, and has a fixed subject', async (t) => {
  for (const template of Object.keys(MAIL_FIELDS) as MailTemplate[]) {
    const mail = compose({ to: 'a@example.org', template, context: all[template] } as MailMessage);
    t.match(mail.subject, /^[A-Z][\w -]+$/, template);
    t.match(mail.text, link);
    t.match(mail.html, 'href="https://records.example.org/reset?token&#x3D;abc&amp;x&#x3D;1"');
    for (const value of Object.values(all[template]) as (string | number)[]) {
      if (!mail.text.includes(String(value))) t.fail(`${template} says nothing of ${value}`);
    }
    t.notMatch(mail.text, /\{\{|undefined/);
  }
  t.match(compose({ to: 'a@example.org', template: 'invitation', context: all.invitation }).html, 'Smith &amp; Sons');
});

t.test('every template file has its list of fields and uses nothing else', async (t) => {
  const files = readdirSync(new URL('templates/mail/', ROOT)).map((file) => file.replace('.hbs', '')).filter((name) => name !== 'layout');
  t.same(files.sort(), Object.keys(MAIL_FIELDS).sort());
  for (const file of files) {
    const source = readFileSync(new URL(`templates/mail/${file}.hbs`, ROOT), 'utf8');
    const used = new Set([...source.matchAll(/\{\{(?:#if )?(\w+)\}\}/g)].map((match) => match[1] ?? ''));
    t.same([...used].sort(), [...MAIL_FIELDS[file as MailTemplate]].sort(), file);
  }
});

t.test('a context that could carry more is refused without being quoted', async (t) => {
  const refused = (template: MailTemplate, context: object, field: string): void => {
    t.throws(() => checkContext(template, context as Record<string, unknown>, ORIGIN), { name: 'TypeError', message: new RegExp(field) });
  };
  refused('password-reset', { ...all['password-reset'], patient: 'Maria Lopez' }, 'patient');
  refused('password-reset', { ...all['password-reset'], link: 'https://records.example.org.evil.test/' }, 'link');
  refused('password-reset', { ...all['password-reset'], link: 'javascript:alert(1)' }, 'link');
  refused('password-reset', { ...all['password-reset'], minutes: 1.5 }, 'minutes');
  refused('invitation', { ...all.invitation, workspace: 'x'.repeat(121) }, 'workspace');
  refused('constructor' as MailTemplate, {}, 'no mail template');
  t.throws(() => checkContext('password-reset', { ...all['password-reset'], patient: 'Maria Lopez' }, ORIGIN), { message: /^(?!.*Maria)/ });
});

t.test('whatever a practice is called, its people get their mail', async (t) => {
  for (const [workspace, said] of [['Smith <& Sons> Clinic', 'Smith & Sons Clinic'], ['a\r\nBcc: b@example.org', 'a Bcc: b@example.org'], ['Care\u200d\u00adPlus', 'Care Plus']] as const) {
    const { text, subject } = compose({ to: 'a@example.org', template: 'invitation', context: { ...all.invitation, workspace } });
    t.match(text.replace(/ +/g, ' '), `\n${said} has invited you`);
    t.notMatch(subject, /Bcc|Smith|Care/);
  }
});

t.test('a name that a mail reader would turn into a link is left out of the greeting', async (t) => {
  for (const firstName of ['www.evil.test', 'Click https://evil.test', 'a@b.c', 'x'.repeat(61)]) {
    const { text } = compose({ to: 'a@example.org', template: 'password-reset', context: { ...all['password-reset'], firstName } });
    t.match(text, /^Hello,\n/);
  }
});
