import type { Server } from '@hapi/hapi';
import { findSession } from '../../core/auth/session/find-session.ts';
import { mintToken } from '../../core/http/csrf.ts';
import { createTls } from '../../core/http/tls.ts';
import { composeServer } from '../../core/server.ts';
import { sessionCookie } from '../support/people.ts';
import type { Installation } from './bench-installation.ts';
import { startFloorProgram } from './floor-program.ts';

/** Both programs listening in this process over TLS 1.3; only one of them is asked at a time. */
export type Servers = { readonly wardkeep: number; readonly floor: number; readonly ca: string; /** A manager's session. */ readonly cookie: string; /** What its pages send with a POST. */ readonly csrf: Readonly<Record<string, string>>; close(): Promise<void> };

export async function startServers({ app, config, folder, floor, people }: Installation): Promise<Servers> {
  const tls = await createTls(folder, []);
  const ours = await composeServer({ ...app, config }, { tls: { key: tls.key, cert: tls.cert }, host: '127.0.0.1', port: 0 });
  await ours.start();
  const theirs = await startFloorProgram(floor, people.workspaceId, tls);
  const cookie = await sessionCookie(app, people.manager);
  const sessionId = (await findSession(app, cookie.split('=')[1]))?.actor.sessionId;
  const port = (server: Server) => server.info.port as number;
  return {
    wardkeep: port(ours), floor: port(theirs), ca: tls.ca, cookie, csrf: { 'sec-fetch-site': 'same-origin', 'x-csrf-token': mintToken(app.formKey, `session ${sessionId}`) },
    async close() {
      await Promise.all([ours.stop(), theirs.stop()]);
    },
  };
}
