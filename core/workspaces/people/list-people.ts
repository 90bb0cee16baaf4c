import { authorize } from '../../access/authorize.ts';
import { listSessions, type SessionView } from '../../auth/session/list-sessions.ts';
import type { Designation, Role, Tx } from '../../db/scope.ts';
import { fault } from '../../errors.ts';
import { roleLabel } from './roles.ts';

type Row = {
  id: string; name: string; email: string; role: Role; designations: Designation[]; status: 'invited' | 'active' | 'disabled';
  totp_since: Date | null; passkeys: number; passkey_since: Date | null; last_seen_at: Date | null;
};

export type PersonView = {
  id: string; name: string; email: string; role: Role; securityOfficer: boolean; factors: string; roleLabel: string; state: string; tone: 'good' | 'calm' | 'bad'; lastSeenAt: Date | null; me: boolean;
};
export type PersonDetail = Omit<PersonView, 'factors'> & { factors: { label: string; since: Date }[]; sessions: SessionView[] };

const PEOPLE = `select u.id, u.name, u.email, u.role, u.designations, u.status,
    (select f.created_at from app.totp_factors f where f.workspace_id = u.workspace_id and f.user_id = u.id) as totp_since,
    (select count(*)::int from app.passkeys f where f.workspace_id = u.workspace_id and f.user_id = u.id) as passkeys,
    (select min(f.created_at) from app.passkeys f where f.workspace_id = u.workspace_id and f.user_id = u.id) as passkey_since,
    (select max(s.last_seen_at) from app.sessions s where s.workspace_id = u.workspace_id and s.user_id = u.id) as last_seen_at
  from app.users u where u.workspace_id = :workspaceId and (cast(:id as uuid) is null or u.id = :id) order by u.status = 'disabled', lower(u.name), u.id`;

const TONES = { active: 'good', invited: 'calm', disabled: 'bad' } as const;

export async function listPeople(tx: Tx): Promise<PersonView[]> {
  authorize(tx, 'person.read');
  return (await rowsOf(tx, null)).map((row) => ({ ...view(tx, row), factors: [row.passkeys > 0 && (row.passkeys === 1 ? 'passkey' : `${row.passkeys} passkeys`), row.totp_since && 'app'].filter(Boolean).join(', ') || 'none yet' }));
}

/** @throws Fault person.not_found */
export async function showPerson(tx: Tx, id: string): Promise<PersonDetail> {
  authorize(tx, 'person.read', { type: 'user', id });
  const [row] = await rowsOf(tx, id);
  if (row === undefined) throw fault('person.not_found');
  const factors = [
    ...(row.passkey_since === null ? [] : [{ label: row.passkeys === 1 ? 'Passkey' : `${row.passkeys} passkeys`, since: row.passkey_since }]),
    ...(row.totp_since === null ? [] : [{ label: 'Authenticator app', since: row.totp_since }]),
  ];
  return { ...view(tx, row), factors, sessions: await listSessions(tx, id) };
}

async function rowsOf(tx: Tx, id: string | null): Promise<Row[]> {
  return ((await tx.knex.raw(PEOPLE, { workspaceId: tx.scope.workspaceId, id } as never)) as { rows: Row[] }).rows;
}

function view(tx: Tx, row: Row): Omit<PersonView, 'factors'> {
  return {
    id: row.id, name: row.name, email: row.email, role: row.role, roleLabel: roleLabel(row.role), securityOfficer: row.designations.includes('SECURITY_OFFICER'),
    state: row.status, tone: TONES[row.status], lastSeenAt: row.last_seen_at, me: row.id === tx.scope.actor.id,
  };
}
