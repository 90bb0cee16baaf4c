import { refuse } from '../refusal.ts';
import { attributeInstant } from './instant.ts';
import { SAML } from './names.ts';
import type { SamlRules } from './settings.ts';
import { childOf, textOf } from './xml.ts';
import type { XmlElement } from './xml.ts';

export type AuthnStatement = { readonly authenticatedAt: Date; readonly sessionIndex: string | null; readonly sessionEndsAt: Date | null; readonly context: string | null };

/** saml-core-2.0-os 2.7.2. Without it the assertion says who somebody is, but not that they signed in. */
export function checkAuthnStatement(assertion: XmlElement, rules: SamlRules, now: Date): AuthnStatement {
  const statement = childOf(assertion, SAML, 'AuthnStatement') ?? refuse('saml.authn_statement');
  const authenticatedAt = attributeInstant(statement, 'AuthnInstant') ?? refuse('saml.authn_statement');
  const age = now.getTime() - authenticatedAt.getTime();
  if (age < -rules.clockSkewMs || (rules.maxAuthenticationAgeMs !== null && age > rules.maxAuthenticationAgeMs + rules.clockSkewMs)) refuse('saml.authn_statement');
  const sessionEndsAt = attributeInstant(statement, 'SessionNotOnOrAfter');
  if (sessionEndsAt && now.getTime() >= sessionEndsAt.getTime() + rules.clockSkewMs) refuse('saml.time');
  const context = childOf(statement, SAML, 'AuthnContext');
  const reference = context && childOf(context, SAML, 'AuthnContextClassRef');
  return { authenticatedAt, sessionIndex: statement.attributes.get('SessionIndex') ?? null, sessionEndsAt, context: reference ? textOf(reference) : null };
}
