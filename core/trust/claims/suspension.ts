import { randomBytes, randomUUID } from 'node:crypto';
import type { App } from '../../app.ts';
import { findActiveUser } from '../../auth/find-active-user.ts';
import { findLink, makeLink } from '../../auth/links.ts';
import { createServiceAccount } from '../../auth/service-accounts/actions.ts';
import { findServiceAccount } from '../../auth/service-accounts/find-service-account.ts';
import { openSession } from '../../auth/session/actions.ts';
import { findSession } from '../../auth/session/find-session.ts';
import { readChallenge } from '../../auth/sign-in/challenge.ts';
import { takeFirstStep } from '../../auth/sign-in/first-step.ts';
import { INSTALLATION_WORKSPACE, systemScope } from '../../db/scope.ts';
import { Fault } from '../../errors.ts';
import { createUser } from '../../workspaces/people/create-user.ts';
import { suspendWorkspace } from '../../workspaces/suspend-workspace.ts';
import { claim, verdict } from '../claim.ts';
import { madeUpAddress, onTrial } from '../trial.ts';

const ORIGIN = { ip: madeUpAddress(), userAgent: null, requestId: null };
const SCOPE = systemScope(INSTALLATION_WORKSPACE, 'trust');

export const suspension = claim({
  id: 'ACC-3',
  title: 'A suspended workspace lets nobody in',
  statement: 'Suspending a workspace ends its sessions; while it lasts no session, token, password, begun sign-in, link, passkey or provider’s word lets anybody in. Proved on a made-up practice, which is undone.',
  async prove({ app, workspaceId }) {
    const { before, after, live, isHalf } = await onTrial(app, 'workspace.suspend', async (trial) => {
      const keys = await makeUpPractice(trial);
      const open = await waysIn(trial, keys);
      await suspendWorkspace(trial, INSTALLATION_WORKSPACE);
      return { before: open, after: await waysIn(trial, keys), ...(await readState(trial, workspaceId)) };
    });
    const dead = Object.keys(WAYS).filter((way) => !before.includes(way));
    return verdict(dead.length === 0 && after.length === 0 && live === 0 && !isHalf, {
      proved: `${before.length} ways led into a made-up practice; with its suspension, just now, its session ended and none led in any more.`,
      failing: dead.length > 0 ? `The trial says nothing: ${dead.join(', ')} did not lead into a practice that is open.`
        : isHalf ? 'This workspace is suspended by half: the directory and its own row disagree.'
        : `In a suspended practice ${live} session${live === 1 ? '' : 's'} had not ended; ${after.length} of ${before.length} ways led in${after.length > 0 ? `: ${after.join(', ')}` : ''}.`,
    }, { before, after, live, isHalf });
  },
});

type Keys = { readonly userId: string; readonly email: string; readonly password: string; readonly session: string; readonly token: string; readonly challenge: string; readonly link: string };

/** The installation's own workspace becomes a practice with one person and one service account. */
async function makeUpPractice(trial: App): Promise<Keys> {
  const [email, password] = [`${randomUUID()}@trial.invalid`, randomBytes(16).toString('hex')];
  await trial.withSystem('workspace.suspend', (tx) => tx.knex('sys.workspaces').insert({ id: INSTALLATION_WORKSPACE, slug: `trial-${randomBytes(8).toString('hex')}` }));
  const userId = await createUser(trial, INSTALLATION_WORKSPACE, { email, name: 'Trial', role: 'READONLY', password });
  return trial.withWorkspace(SCOPE, async (tx) => {
    const session = await openSession(tx, { userId, method: 'password+totp' });
    const { token } = await createServiceAccount(tx, { name: 'Trial', role: 'READONLY', scopes: ['contact.read'], days: 1 });
    const link = (await makeLink(trial, tx, 'password_reset', userId)).split('/').at(-1) as string;
    const step = await takeFirstStep(trial, ORIGIN, { email, password, workspace: null, browserOf: () => null });
    return { userId, email, password, session, token, link, challenge: 'cookie' in step ? step.cookie : '' };
  });
}

const WAYS: Readonly<Record<string, (trial: App, keys: Keys) => Promise<unknown>>> = {
  'a session': (trial, { session }) => findSession(trial, session),
  'a service account’s token': (trial, { token }) => findServiceAccount(trial, token),
  'a password': (trial, { email, password }) => takeFirstStep(trial, ORIGIN, { email, password, workspace: null, browserOf: () => null }),
  'a begun sign-in': (trial, { challenge }) => readChallenge(trial, ORIGIN, challenge, 'enrol'),
  'a mailed link': (trial, { link }) => findLink(trial, ORIGIN, 'password_reset', link),
  'a passkey or a provider’s word': (trial, { userId }) => trial.withWorkspace(SCOPE, (tx) => findActiveUser(tx, userId)),
};

async function waysIn(trial: App, keys: Keys): Promise<string[]> {
  const open: string[] = [];
  for (const [way, walk] of Object.entries(WAYS)) {
    const found = await walk(trial, keys).catch((error: unknown) => {
      if (error instanceof Fault) return null;
      throw error;
    });
    if (found !== null && found !== undefined) open.push(way);
  }
  return open;
}

/** `live`: sessions of the made-up practice that have not ended. `isHalf`: of the two places where a suspension stands one says so. */
async function readState(trial: App, workspaceId: string): Promise<{ live: number; isHalf: boolean }> {
  const { rows } = await trial.withSystem('workspace.suspend', (tx) => tx.knex.raw(
    `select (select count(*) from app.sessions where workspace_id = ? and ended_at is null)::int as live,
       exists (select from sys.workspaces d join app.workspaces w on w.workspace_id = d.id where d.id = ? and (d.status = 'suspended') <> (w.suspended_at is not null)) as half`,
    [INSTALLATION_WORKSPACE, workspaceId],
  )) as { rows: [{ live: number; half: boolean }] };
  return { live: rows[0].live, isHalf: rows[0].half };
}

export const SUSPENSION_CLAIMS = [suspension] as const;
