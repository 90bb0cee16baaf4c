import type { Server } from '@hapi/hapi';
import type { App } from '../app.ts';

const SERVERS = new WeakMap<App, Server>(); // by program: tests run several in one process

export function noteServer(app: App, server: Server): void {
  SERVERS.set(app, server);
}

/** The server of this very program, for claims about what it answers; undefined in a command, which serves nobody. */
export function serverOf(app: App): Server | undefined {
  return SERVERS.get(app);
}
