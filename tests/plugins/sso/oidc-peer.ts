import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

export const PEER_SECRET = 'a-secret-of-at-least-thirty-two-letters';

export type OidcPeer = { readonly origin: string; readonly host: string; /** Who signs in next, and how. */ login: string; amr: string[]; /** What ID tokens say of whoever does. */ claims: Record<string, unknown>; /** As it would send over the back channel when a person or a session is signed out there. */ logoutToken(claims: { sub?: string; sid?: string }): Promise<string>; close(): Promise<void> };

/** oidc-provider on loopback for the program under test, which is told by its operator that this host is allowed. */
export async function startOidcPeer(program: { redirectUri: string; afterSignOut: string }): Promise<OidcPeer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `localhost:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const peer: OidcPeer = { origin: `http://${host}`, host, login: '', amr: ['pwd'], claims: {},
    logoutToken: (claims) => new SignJWT({ ...claims, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'logout+jwt' }).setIssuer(`http://${host}`).setAudience('clinic').setIssuedAt().setExpirationTime('2m').setJti(randomUUID()).sign(privateKey),
    close: () => new Promise((done) => { server.closeAllConnections(); server.close(() => done()); }) };
  const provider = new Provider(peer.origin, {
    clients: [{ client_id: 'clinic', client_secret: PEER_SECRET, redirect_uris: [program.redirectUri], post_logout_redirect_uris: [program.afterSignOut], backchannel_logout_uri: `${peer.origin}/never-asked`, backchannel_logout_session_required: true }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a test key for cookies'] },
    claims: { openid: ['sub', 'groups', 'amr'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.org`, email_verified: true, name: 'A Person', ...peer.claims }) }),
  });
  const handle = provider.callback();
  server.on('request', (request, response) => void (request.url?.startsWith('/interaction/') ? finishInteraction(provider, peer, request, response) : handle(request, response)));
  return peer;
}

/** The person types what the test says and agrees to everything. */
async function finishInteraction(provider: Provider, { login, amr }: OidcPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId: login, amr } });
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  grant.addOIDCClaims(['amr', 'groups']);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}
