import { verifyResponse } from '../../../plugins/sso/saml/verify-response.ts';
import type { AssertionStore, PendingRequest, SamlConnection, SamlRules } from '../../../plugins/sso/saml/settings.ts';
import { CONSUMER_URL, IDP_ENTITY, NOW, REQUEST_ID, SP_ENTITY, idp, sp, spKey } from './saml-provider.ts';

export const connection: SamlConnection = {
  provider: { entityId: IDP_ENTITY, signOnUrl: 'https://idp.example.org/sso', signOutUrl: 'https://idp.example.org/slo', certificates: [idp.certificate] },
  service: { entityId: SP_ENTITY, consumerUrl: CONSUMER_URL, logoutUrl: 'https://clinic.example.org/sso/saml/slo', keys: [{ key: spKey, certificate: sp.certificate }] },
  rules: { clockSkewMs: 60_000, allowUnsolicited: false, maxAuthenticationAgeMs: null },
};

export const withRules = (rules: Partial<SamlRules>): SamlConnection => ({ ...connection, rules: { ...connection.rules, ...rules } });

export const pending: PendingRequest = { id: REQUEST_ID };

/** What one process remembers; the database's table is tested where it is. */
export function memoryStore(): AssertionStore {
  const used = new Set<string>();
  return {
    useOnce: async (entityId, id) => {
      const key = `${entityId} ${id}`;
      if (used.has(key)) return false;
      used.add(key);
      return true;
    },
  };
}

export const consume = (samlResponse: unknown, options: { connection?: SamlConnection; pending?: PendingRequest; store?: AssertionStore; now?: Date } = {}) =>
  verifyResponse(options.connection ?? connection, samlResponse, options.pending === undefined ? pending : options.pending, options.store ?? memoryStore(), options.now ?? NOW);
