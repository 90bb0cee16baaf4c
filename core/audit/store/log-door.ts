import type { Door } from '../../db/door.ts';
import { INSTALLATION_WORKSPACE, type Scope } from '../../db/scope.ts';
import type { LogTx } from '../stored-log.ts';

/** Opens transactions on one log: a workspace's by its own door, the installation's own by the system door. */
export type LogDoor = <T>(fn: (tx: LogTx) => Promise<T>) => Promise<T>;

export function logDoor(door: Pick<Door, 'withWorkspace' | 'withSystem'>, scope: Scope): LogDoor {
  return (fn) => (scope.workspaceId === INSTALLATION_WORKSPACE ? door.withSystem('audit.verify', fn) : door.withWorkspace(scope, fn));
}
