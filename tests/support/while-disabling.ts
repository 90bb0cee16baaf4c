import type { App } from '../../core/app.ts';
import type { Scope } from '../../core/db/scope.ts';
import { disablePerson } from '../../core/workspaces/people/actions.ts';

const WAITS_MS = 500;

/** What `act` comes to that begins when a person is disabled already, but not committed, and that waits for it if it waits at all. */
export async function whileDisabling<T>(app: App, by: Scope, userId: string, act: () => Promise<T>): Promise<T> {
  let acting: Promise<T> | undefined;
  await app.withWorkspace(by, async (tx) => {
    await disablePerson(tx, userId);
    acting = act();
    await Promise.race([acting, new Promise((done) => setTimeout(done, WAITS_MS))]);
  });
  return acting as Promise<T>;
}
