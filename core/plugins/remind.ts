import type { App } from '../app.ts';
import { User } from '../auth/user.ts';
import type { Scope } from '../db/scope.ts';
import type { Reminder } from '../plugin.ts';
import { pathOf } from './register-routes.ts';

/** Mails a person of the workspace that a date comes up; where and what it is says the page behind the link, not the mail. */
export async function remindPerson(app: App, scope: Scope, plugin: string, userId: string, { daysLeft, path }: Reminder): Promise<boolean> {
  const { mail } = app;
  if (mail === null) return false;
  const recipient = await app.withWorkspace(scope, async (tx) => {
    const user = await User.query(tx).findOne({ id: userId, status: 'active' });
    if (user === undefined) return null;
    const { name } = (await tx.knex('app.workspaces').where({ workspace_id: scope.workspaceId }).first('name')) as { name: string };
    return { to: user.email, firstName: user.name.split(/\s/)[0] ?? '', workspace: name };
  });
  if (recipient === null) return false;
  const { to, firstName, workspace } = recipient;
  await mail.send({ to, template: 'agreement-reminder', context: { workspace, firstName, daysLeft, link: `${app.config.origin}${pathOf(plugin)}${path}` } });
  return true;
}
