import type { App } from '../app.ts';
import { User } from '../auth/user.ts';
import type { Scope } from '../db/scope.ts';
import type { MailMessage } from '../mail/templates.ts';
import type { Reminder } from '../plugin.ts';
import { pathOf } from './register-routes.ts';

type Recipient = { readonly to: string; readonly workspace: string; readonly firstName: string };

/** Mails a person of the workspace that a date comes up; where and what it is says the page behind the link, not the mail. */
export function remindPerson(app: App, scope: Scope, plugin: string, userId: string, { daysLeft, path }: Reminder): Promise<boolean> {
  return mailPerson(app, scope, userId, ({ to, ...names }) => ({ to, template: 'agreement-reminder', context: { ...names, daysLeft, link: `${app.config.origin}${pathOf(plugin)}${path}` } }));
}

/** Mails a person of the workspace that the emergency way in was used; when and from where says the audit log. */
export function alarmPerson(app: App, scope: Scope, userId: string): Promise<boolean> {
  return mailPerson(app, scope, userId, ({ to, ...names }) => ({ to, template: 'break-glass', context: { ...names, link: `${app.config.origin}/audit` } }));
}

async function mailPerson(app: App, scope: Scope, userId: string, compose: (recipient: Recipient) => MailMessage): Promise<boolean> {
  const { mail } = app;
  if (mail === null) return false;
  const recipient = await app.withWorkspace(scope, async (tx): Promise<Recipient | null> => {
    const user = await User.query(tx).findOne({ id: userId, status: 'active' });
    if (user === undefined) return null;
    const { name } = (await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).first('name')) as { name: string };
    return { to: user.email, firstName: user.name.split(/\s/)[0] ?? '', workspace: name };
  });
  if (recipient === null) return false;
  await mail.send(compose(recipient));
  return true;
}
