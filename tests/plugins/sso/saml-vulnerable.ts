import { SAML } from 'node-saml-vulnerable';
import * as samlify from 'samlify-vulnerable';
import { CONSUMER_URL, IDP_ENTITY, SP_ENTITY, idp } from './saml-provider.ts';

/** What a library made of a message: whom it let in, with which groups. Null: refused. */
export type Admission = { readonly nameId: string; readonly groups: readonly string[] };

const list = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === 'string');

/** @node-saml/node-saml 5.0.0 as its own documentation sets it up for a provider that signs one of the two. */
export async function admitByNodeSaml(samlResponse: string): Promise<Admission | null> {
  const saml = new SAML({ idpCert: idp.certificate, issuer: SP_ENTITY, audience: SP_ENTITY, callbackUrl: CONSUMER_URL, wantAuthnResponseSigned: false, wantAssertionsSigned: false, acceptedClockSkewMs: 60_000 });
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: samlResponse });
    return profile ? { nameId: profile.nameID, groups: list((profile['attributes'] as { groups?: unknown } | undefined)?.groups) } : null;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

const provider = samlify.IdentityProvider({ entityID: IDP_ENTITY, signingCert: idp.certificate, singleSignOnService: [{ Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: 'https://idp.example.org/sso' }], isAssertionEncrypted: false });
const service = samlify.ServiceProvider({ entityID: SP_ENTITY, assertionConsumerService: [{ Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST', Location: CONSUMER_URL }], wantAssertionsSigned: true, clockDrifts: [-60_000, 60_000] });
// samlify asks for a schema validator; this one is what its documentation offers to those who have none.
samlify.setSchemaValidator({ validate: async () => 'skipped' });

export async function admitBySamlify(samlResponse: string): Promise<Admission | null> {
  try {
    const { extract } = await service.parseLoginResponse(provider, 'post', { body: { SAMLResponse: samlResponse } });
    return { nameId: String(extract.nameID), groups: list(extract.attributes?.groups) };
  } catch {
    return null; // it throws strings and errors of every kind; that it refused is all there is to know
  }
}
