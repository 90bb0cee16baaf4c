import { randomBytes } from 'node:crypto';
import type { App } from '../app.ts';
import type { SystemReason, Tx } from '../db/scope.ts';

class Undo extends Error {}

/**
 * Lets the program's own functions act on people and practices that are made up, and undoes it whatever happens: `trial` is the app with all its
 * transactions in one, behind the system door and in the installation's own workspace, where nobody works. Row-level security keeps it there. Rows and
 * entries of it are never committed. `act` must not let a fault out: the door would put the refusal on the record.
 */
export async function onTrial<T>(app: App, reason: SystemReason, act: (trial: App) => Promise<T>): Promise<T> {
  const outcome: T[] = [];
  try {
    await app.withSystem(reason, async (tx) => {
      outcome.push(await act({
        ...app,
        withWorkspace: (_scope, fn) => fn(tx as unknown as Tx), // the same members; without keys, so nothing with PHI in it can be tried
        withSystem: (_reason, fn) => fn(tx),
        identify: async (_workspaceId, look) => (await look(tx)).answer,
      }));
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return outcome[0] as T;
}

/** An address that is nobody's: of the block that is kept for documentation (RFC 3849), each in a network of its own. */
export function madeUpAddress(): string {
  const [a, b] = (randomBytes(4).toString('hex').match(/.{4}/g) as string[]);
  return `2001:db8:${a}:${b}::1`;
}
