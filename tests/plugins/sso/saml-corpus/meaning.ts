import { ATTACKER, CONSUMER_URL, IDP_ENTITY, MODES, SAML_NS, SP_ENTITY, VICTIM, at, goodEnvelope, goodParts, issue, post } from '../saml-provider.ts';
import type { AssertionParts, ResponseParts } from '../saml-provider.ts';
import { withRules } from '../saml-consumers.ts';
import type { Attack } from './attack.ts';

/** Rightly signed by the provider, and still not for us, not now, or not for this. */
type Wrong = { assertion?: Partial<AssertionParts>; envelope?: Partial<ResponseParts> } & Pick<Attack, 'refusals' | 'pending' | 'connection'>;
const good = goodParts();
const attributes = goodEnvelope().attributes;
const SUBJECT_DATA = /<saml:SubjectConfirmationData [^>]*>/;

const WRONG: Record<string, Wrong> = {
  'conditions ended': { assertion: { conditions: good.conditions.replace(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${at(-120)}"`).replace(/NotBefore="[^"]*"/, `NotBefore="${at(-400)}"`) }, refusals: ['saml.time'] },
  'conditions not begun': { assertion: { conditions: good.conditions.replace(/NotBefore="[^"]*"/, `NotBefore="${at(120)}"`) }, refusals: ['saml.time'] },
  'conditions that end before they begin': { assertion: { conditions: good.conditions.replace(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${at(-10)}"`) }, refusals: ['saml.time'] },
  'confirmation ended': { assertion: { confirmation: good.confirmation.replace(/NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${at(-120)}"`) }, refusals: ['saml.time'] },
  'confirmation without an end': { assertion: { confirmation: good.confirmation.replace(/NotOnOrAfter="[^"]*" /, '') }, refusals: ['saml.time'] },
  'confirmation not begun': { assertion: { confirmation: good.confirmation.replace(' NotOnOrAfter', ` NotBefore="${at(120)}" NotOnOrAfter`) }, refusals: ['saml.time'] },
  'assertion issued in the future': { assertion: { issued: at(120) }, refusals: ['saml.time'] },
  'assertion issued long ago': { assertion: { issued: at(-3_600) }, refusals: ['saml.time'] },
  'response issued in the future': { envelope: { attributes: { ...attributes, IssueInstant: at(120) } }, refusals: ['saml.time'] },
  'response issued long ago': { envelope: { attributes: { ...attributes, IssueInstant: at(-3_600) } }, refusals: ['saml.time'] },
  'response issued at no time': { envelope: { attributes: { ...attributes, IssueInstant: null } }, refusals: ['saml.time'] },
  'an end that is no instant': { assertion: { conditions: good.conditions.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="tomorrow"') }, refusals: ['saml.time'] },
  'an end that is a year': { assertion: { confirmation: good.confirmation.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="9999"') }, refusals: ['saml.time'] },
  'an end in another zone': { assertion: { confirmation: good.confirmation.replace(/NotOnOrAfter="([^"]*)Z"/, 'NotOnOrAfter="$1-12:00"') }, refusals: ['saml.time'] },
  'a sign-in that is yet to be': { assertion: { statement: good.statement.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(120)}"`) }, refusals: ['saml.authn_statement'] },
  'a sign-in of last week where an hour counts': { assertion: { statement: good.statement.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(-604_800)}"`) }, connection: withRules({ maxAuthenticationAgeMs: 3_600_000 }), refusals: ['saml.authn_statement'] },
  "a session over at the provider's": { assertion: { statement: good.statement.replace('SessionIndex="s1"', `SessionIndex="s1" SessionNotOnOrAfter="${at(-120)}"`) }, refusals: ['saml.time'] },
  'no sign-in statement': { assertion: { statement: '' }, refusals: ['saml.authn_statement'] },
  'another audience': { assertion: { conditions: good.conditions.replace(SP_ENTITY, 'https://other.example.org/saml') }, refusals: ['saml.audience'] },
  'our audience as a prefix': { assertion: { conditions: good.conditions.replace(SP_ENTITY, `${SP_ENTITY}.evil.test`) }, refusals: ['saml.audience'] },
  'our audience in other letters': { assertion: { conditions: good.conditions.replace(SP_ENTITY, SP_ENTITY.toUpperCase()) }, refusals: ['saml.audience'] },
  'no audience': { assertion: { conditions: good.conditions.replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '') }, refusals: ['saml.audience'] },
  'an audience restriction without audience': { assertion: { conditions: good.conditions.replace(/<saml:Audience>.*<\/saml:Audience>/, '') }, refusals: ['saml.audience'] },
  'a second restriction that excludes us': { assertion: { conditions: good.conditions.replace('</saml:Conditions>', '<saml:AudienceRestriction><saml:Audience>https://other.example.org</saml:Audience></saml:AudienceRestriction></saml:Conditions>') }, refusals: ['saml.audience'] },
  'no conditions': { assertion: { conditions: '' }, refusals: ['saml.audience'] },
  'two conditions': { assertion: { conditions: good.conditions + good.conditions }, refusals: ['saml.structure'] },
  'a condition nobody knows': { assertion: { conditions: good.conditions.replace('</saml:Conditions>', '<saml:Condition></saml:Condition></saml:Conditions>') }, refusals: ['saml.structure'] },
  'another destination': { envelope: { attributes: { ...attributes, Destination: 'https://other.example.org/acs' } }, refusals: ['saml.destination'] },
  'our destination as a prefix': { envelope: { attributes: { ...attributes, Destination: `${CONSUMER_URL}.evil.test` } }, refusals: ['saml.destination'] },
  'our destination with a user': { envelope: { attributes: { ...attributes, Destination: CONSUMER_URL.replace('https://', 'https://clinic.example.org@evil.test/') } }, refusals: ['saml.destination'] },
  'an empty destination': { envelope: { attributes: { ...attributes, Destination: '' } }, refusals: ['saml.destination'] },
  'another recipient': { assertion: { confirmation: good.confirmation.replace(CONSUMER_URL, 'https://other.example.org/acs') }, refusals: ['saml.recipient'] },
  'no recipient': { assertion: { confirmation: good.confirmation.replace(/ Recipient="[^"]*"/, '') }, refusals: ['saml.recipient'] },
  'an answer to another request': { envelope: { attributes: { ...attributes, InResponseTo: '_other' } }, refusals: ['saml.in_response_to'] },
  'a confirmation of another request': { assertion: { confirmation: good.confirmation.replace(/InResponseTo="[^"]*"/, 'InResponseTo="_other"') }, refusals: ['saml.in_response_to'] },
  'a confirmation of no request': { assertion: { confirmation: good.confirmation.replace(/InResponseTo="[^"]*" /, '') }, refusals: ['saml.in_response_to'] },
  'no InResponseTo on the envelope': { envelope: { attributes: { ...attributes, InResponseTo: null } }, refusals: ['saml.in_response_to'] },
  'an answer where this browser asked nothing': { pending: null, refusals: ['saml.in_response_to'] },
  'an answer to a request, where unsolicited ones are allowed': { pending: null, connection: withRules({ allowUnsolicited: true }), refusals: ['saml.in_response_to'] },
  unsolicited: { pending: null, envelope: { attributes: { ...attributes, InResponseTo: null } }, assertion: { confirmation: good.confirmation.replace(/InResponseTo="[^"]*" /, '') }, refusals: ['saml.unsolicited'] },
  'half unsolicited: the confirmation still names a request': { pending: null, connection: withRules({ allowUnsolicited: true }), envelope: { attributes: { ...attributes, InResponseTo: null } }, refusals: ['saml.in_response_to'] },
  'another issuer of the assertion': { assertion: { issuer: '<saml:Issuer>https://other.example.org/saml</saml:Issuer>' }, refusals: ['saml.issuer'] },
  'another issuer of the response': { envelope: { issuer: `<saml:Issuer xmlns:saml="${SAML_NS}">https://other.example.org/saml</saml:Issuer>` }, refusals: ['saml.issuer'] },
  'an issuer of another format': { assertion: { issuer: `<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${IDP_ENTITY}</saml:Issuer>` }, refusals: ['saml.issuer'] },
  'two issuers': { assertion: { issuer: `<saml:Issuer>${IDP_ENTITY}</saml:Issuer><saml:Issuer>${IDP_ENTITY}</saml:Issuer>` }, refusals: ['saml.issuer', 'saml.structure', 'saml.signature.placement'] },
  'a failure as status': { envelope: { status: goodEnvelope().status.replace('Success', 'Responder') }, refusals: ['saml.status'] },
  'a failure with success inside': { envelope: { status: goodEnvelope().status.replace('Success"></samlp:StatusCode>', 'Requester"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:StatusCode>') }, refusals: ['saml.status'] },
  'two statuses': { envelope: { status: goodEnvelope().status + goodEnvelope().status }, refusals: ['saml.structure'] },
  'no status': { envelope: { status: '' }, refusals: ['saml.status'] },
  'a response of version 1.1': { envelope: { attributes: { ...attributes, Version: '1.1' } }, refusals: ['saml.version'] },
  'an assertion of version 1.1': { assertion: { version: '1.1' }, refusals: ['saml.version'] },
  'two NameIDs': { assertion: { nameId: good.nameId + good.nameId.replace(VICTIM, ATTACKER) }, refusals: ['saml.structure'] },
  'an empty NameID': { assertion: { nameId: '<saml:NameID></saml:NameID>' }, refusals: ['saml.subject'] },
  'no NameID': { assertion: { nameId: '' }, refusals: ['saml.subject'] },
  'a NameID with an element inside': { assertion: { nameId: `<saml:NameID>${ATTACKER}<saml:x></saml:x>.evil.test</saml:NameID>` }, refusals: ['saml.structure'] },
  'a NameID for one time': { assertion: { nameId: '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>' }, refusals: ['saml.subject'] },
  'a NameID of a thousand letters': { assertion: { nameId: `<saml:NameID>${'x'.repeat(1_000)}</saml:NameID>` }, refusals: ['saml.subject'] },
  'no confirmation': { assertion: { confirmation: '' }, refusals: ['saml.subject'] },
  'two confirmations, one of them good': { assertion: { confirmation: good.confirmation.replace(CONSUMER_URL, 'https://other.example.org/acs') + good.confirmation }, refusals: ['saml.subject'] },
  'a holder-of-key confirmation': { assertion: { confirmation: good.confirmation.replace('cm:bearer', 'cm:holder-of-key') }, refusals: ['saml.subject'] },
  'a sender-vouches confirmation': { assertion: { confirmation: good.confirmation.replace('cm:bearer', 'cm:sender-vouches') }, refusals: ['saml.subject'] },
  'a confirmation without data': { assertion: { confirmation: good.confirmation.replace(SUBJECT_DATA, '').replace('</saml:SubjectConfirmationData>', '') }, refusals: ['saml.subject'] },
  'advice with another assertion': { assertion: { attributes: `${good.attributes}<saml:Advice></saml:Advice>` }, refusals: ['saml.structure'] },
  'the same attribute twice': { assertion: { attributes: good.attributes.replace('</saml:AttributeStatement>', `<saml:Attribute Name="email"><saml:AttributeValue>${ATTACKER}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`) }, refusals: ['saml.attribute'] },
  'the same attribute in a second statement': { assertion: { attributes: good.attributes + good.attributes.replace('nurses', 'admins') }, refusals: ['saml.attribute'] },
  'markup in an attribute value': { assertion: { attributes: good.attributes.replace('nurses', '<b xmlns="urn:x">admins</b>') }, refusals: ['saml.structure'] },
  'an attribute without a name': { assertion: { attributes: good.attributes.replace(' Name="groups"', '') }, refusals: ['saml.attribute'] },
  'an encrypted attribute': { assertion: { attributes: good.attributes.replace('</saml:AttributeStatement>', '<saml:EncryptedAttribute></saml:EncryptedAttribute></saml:AttributeStatement>') }, refusals: ['saml.attribute'] },
  'an attribute value of a megabyte': { assertion: { attributes: good.attributes.replace('nurses', 'x'.repeat(100_000)) }, refusals: ['saml.attribute'] },
};

export function meaningAttacks(): Attack[] {
  return MODES.filter((mode) => mode !== 'both').flatMap((mode) =>
    Object.entries(WRONG).map(([name, { assertion = {}, envelope = {}, ...rest }]): Attack => ({ name: `${name}, ${mode} signed`, samlResponse: post(issue(mode, { assertion, envelope })), ...rest })),
  );
}
