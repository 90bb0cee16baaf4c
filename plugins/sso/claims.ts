import { X509Certificate } from 'node:crypto';
import { User, claim, notApplicable, settingsOf, verdict } from '../../core/plugin.ts';
import type { Claim } from '../../core/plugin.ts';
import { ServiceKey } from './models.ts';
import { readMetadata } from './saml/read-metadata.ts';
import type { Settings } from './settings.ts';

const MONTH_MS = 30 * 86_400_000;

export const claims: readonly Claim[] = [
  claim({
    id: 'SSO-1', title: 'A way in when the provider is down',
    statement: 'Where single sign-on is enforced, exactly one active administrator may still sign in with a password and a second factor of ours.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const { enforced, breakGlass } = await settingsOf<Settings>(tx, 'sso');
      if (!enforced) return notApplicable('Single sign-on is offered, not enforced.');
      const user = await User.query(tx).findOne({ email: breakGlass ?? '', status: 'active', role: 'ADMIN' });
      const { rows } = (await tx.knex.raw('select exists (select from app.totp_factors where workspace_id = :w and user_id = :u) or exists (select from app.passkeys where workspace_id = :w and user_id = :u) as has', { w: tx.scope.workspaceId, u: user?.id ?? null })) as { rows: { has: boolean }[] };
      return verdict(user !== undefined && rows[0]?.has === true, { proved: 'The break-glass administrator is active and has a second factor.', failing: 'The break-glass administrator is missing, disabled, no administrator, or has no second factor.' }, { isThere: user !== undefined, hasSecondFactor: rows[0]?.has ?? false });
    }),
  }),
  claim({
    id: 'SSO-2', title: 'Certificates do not run out unseen',
    statement: 'No SAML certificate in use, of the provider or of ours, has ended or ends within thirty days without a successor.',
    prove: ({ app, scope }) => app.withWorkspace(scope, async (tx) => {
      const { protocol, metadata } = await settingsOf<Settings>(tx, 'sso');
      if (protocol !== 'saml') return notApplicable('The workspace signs in by OpenID Connect.');
      const ours = (await ServiceKey.query(tx).whereNull('retired_at')).map((row) => row.certificate);
      const last = (certificates: readonly string[]): number => Math.max(0, ...certificates.map((each) => new X509Certificate(each).validToDate.getTime()));
      const ends = { provider: last(readMetadata(metadata ?? '', new Date(tx.now), true).certificates), ours: last(ours) };
      const isFine = ends.provider > tx.now + MONTH_MS && (ours.length === 0 || ends.ours > tx.now + MONTH_MS);
      return verdict(isFine, { proved: 'All are good for more than thirty days.', failing: 'One has ended, or ends within thirty days, and no successor stands beside it.' }, { provider: new Date(ends.provider).toISOString(), ours: new Date(ends.ours).toISOString() });
    }),
  }),
];
