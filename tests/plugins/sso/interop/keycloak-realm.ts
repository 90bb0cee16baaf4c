/** The realm of a hospital as Keycloak imports it: two people, a group, and our program as a client in either protocol. */
export type RealmInput = { readonly people: readonly { username: string; email: string; groups: readonly string[] }[]; readonly redirectUri: string; readonly afterSignOut: string; readonly backChannel: string; readonly saml: { entityId: string; consumerUrl: string; logoutUrl: string; certificate: string } };

export const REALM = 'hospital';
export const CLIENT_SECRET = 'a-secret-of-at-least-thirty-two-letters';
export const KEYCLOAK_PASSWORD = 'a password at the hospital';

export function realmOf({ people, redirectUri, afterSignOut, backChannel, saml }: RealmInput) {
  const mapper = (name: string, protocol: string, protocolMapper: string, config: Record<string, string>) => ({ name, protocol, protocolMapper, config });
  return {
    realm: REALM, enabled: true, sslRequired: 'none',
    groups: [...new Set(people.flatMap(({ groups }) => groups))].map((name) => ({ name })),
    users: people.map(({ username, email, groups }) => ({ username, email, emailVerified: true, enabled: true, firstName: username, lastName: 'Person', groups: groups.map((name) => `/${name}`), credentials: [{ type: 'password', value: KEYCLOAK_PASSWORD }] })),
    clients: [
      {
        clientId: 'wardkeep', protocol: 'openid-connect', secret: CLIENT_SECRET, publicClient: false, standardFlowEnabled: true, directAccessGrantsEnabled: false, redirectUris: [redirectUri],
        attributes: { 'post.logout.redirect.uris': afterSignOut, 'backchannel.logout.url': backChannel, 'backchannel.logout.session.required': 'true', 'pkce.code.challenge.method': 'S256' },
        protocolMappers: [mapper('groups', 'openid-connect', 'oidc-group-membership-mapper', { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true', 'access.token.claim': 'false', 'userinfo.token.claim': 'false' })],
      },
      {
        clientId: saml.entityId, protocol: 'saml', frontchannelLogout: true, redirectUris: [saml.consumerUrl], defaultClientScopes: [],
        attributes: {
          'saml.server.signature': 'true', 'saml.assertion.signature': 'true', 'saml.signature.algorithm': 'RSA_SHA256', 'saml.client.signature': 'true', 'saml.signing.certificate': saml.certificate,
          'saml.encrypt': 'true', 'saml.encryption.certificate': saml.certificate, 'saml.encryption.algorithm': 'http://www.w3.org/2009/xmlenc11#aes256-gcm', 'saml.encryption.keyAlgorithm': 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p', 'saml.encryption.digestMethod': 'http://www.w3.org/2000/09/xmldsig#sha1',
          'saml.force.post.binding': 'true', 'saml_name_id_format': 'persistent', 'saml_force_name_id_format': 'true', 'saml.authnstatement': 'true', 'saml_assertion_consumer_url_post': saml.consumerUrl, 'saml_single_logout_service_url_redirect': saml.logoutUrl,
        },
        protocolMappers: [
          mapper('email', 'saml', 'saml-user-property-mapper', { 'user.attribute': 'email', 'attribute.name': 'email', 'attribute.nameformat': 'Basic', 'friendly.name': 'email' }),
          mapper('groups', 'saml', 'saml-group-membership-mapper', { 'attribute.name': 'groups', 'attribute.nameformat': 'Basic', single: 'true', 'full.path': 'false' }),
        ],
      },
    ],
  };
}
