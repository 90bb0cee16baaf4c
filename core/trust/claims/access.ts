import { can } from '../../access/authorize.ts';
import { isCapability } from '../../access/capabilities.ts';
import type { Role } from '../../db/scope.ts';
import { claim, notApplicable, verdict } from '../claim.ts';

const LIFE_DAYS_MAX = 366;

export const officer = claim({
  id: 'ACC-1',
  title: 'A security officer is named',
  statement: 'At least one active person of the workspace is designated security officer (45 CFR 164.308(a)(2)).',
  async prove({ app, scope }) {
    const count = Number(((await app.withWorkspace(scope, (tx) => tx.knex('app.users').where({ status: 'active' }).whereRaw("'SECURITY_OFFICER' = any (designations)").count('* as n').first())) as { n: number }).n);
    return verdict(count > 0, { proved: `${count} security officer${count === 1 ? ' is' : 's are'} designated.`, failing: 'Nobody is designated security officer.' }, { officers: count });
  },
});

export const serviceAccounts = claim({
  id: 'ACC-2',
  title: 'Service accounts end, and can do no more than their role',
  statement: 'Every live service account ends within a year of its last renewal and carries only scopes that exist and that its role has.',
  async prove({ app, scope }) {
    const accounts = (await app.withWorkspace(scope, (tx) => tx.knex('app.service_accounts').whereNull('revoked_at').whereRaw('expires_at > now()')
      .select('id', 'role', 'scopes', tx.knex.raw('expires_at > now() + make_interval(days => ?) as lasts', [LIFE_DAYS_MAX])))) as { id: string; role: Role; scopes: string[]; lasts: boolean }[];
    if (accounts.length === 0) return notApplicable('There is no service account.');
    const wrong = accounts.filter(({ role, scopes, lasts }) => lasts || scopes.length === 0 || !scopes.every((name) => isCapability(name) && can({ kind: 'agent', id: null, name: null, role, designations: [], scopes: null, sessionId: null, assuredAt: 0 }, name)));
    return verdict(wrong.length === 0, { proved: `${accounts.length} of ${accounts.length} service accounts are bounded so.`, failing: `${wrong.length} of ${accounts.length} service accounts are not.` }, { accounts: accounts.length, wrong: wrong.map(({ id }) => id) });
  },
});

export const ACCESS_CLAIMS = [officer, serviceAccounts] as const;
