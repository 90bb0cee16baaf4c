import { GROUP_SCHEMA } from './groups.ts';
import { PAGE_MAX } from './page.ts';
import type { Resource } from './patch.ts';
import { USER_SCHEMA } from './user-resource.ts';

/** RFC 7643, section 5. */
export const serviceProviderConfig = (at: string): Resource => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true }, bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 }, filter: { supported: true, maxResults: PAGE_MAX },
  changePassword: { supported: false }, sort: { supported: false }, etag: { supported: true },
  authenticationSchemes: [{ type: 'oauthbearertoken', name: 'Bearer token', description: 'A token made on the page Administration, Single sign-on.', primary: true }],
  meta: { resourceType: 'ServiceProviderConfig', location: `${at}/ServiceProviderConfig` },
});

export const resourceTypes = (at: string): Resource[] =>
  ([['User', USER_SCHEMA], ['Group', GROUP_SCHEMA]] as const).map(([name, schema]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'], id: name, name, endpoint: `/${name}s`, schema, meta: { resourceType: 'ResourceType', location: `${at}/ResourceTypes/${name}` },
  }));

const attribute = (name: string, more: object = {}): object => ({ name, type: 'string', multiValued: false, required: false, caseExact: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...more });

/** RFC 7643, section 7: what is kept here of each, no more. */
export const schemas = (at: string): Resource[] => [
  {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'], id: USER_SCHEMA, name: 'User', description: 'A member of staff',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }), attribute('displayName'), attribute('active', { type: 'boolean' }),
      attribute('name', { type: 'complex', subAttributes: [attribute('formatted'), attribute('givenName', { returned: 'never' }), attribute('familyName', { returned: 'never' })] }),
      attribute('emails', { type: 'complex', multiValued: true, subAttributes: [attribute('value'), attribute('type'), attribute('primary', { type: 'boolean' })] }),
    ],
    meta: { resourceType: 'Schema', location: `${at}/Schemas/${USER_SCHEMA}` },
  },
  {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'], id: GROUP_SCHEMA, name: 'Group', description: 'A group of staff',
    attributes: [attribute('displayName', { required: true, uniqueness: 'server' }), attribute('members', { type: 'complex', multiValued: true, subAttributes: [attribute('value', { mutability: 'immutable' })] })],
    meta: { resourceType: 'Schema', location: `${at}/Schemas/${GROUP_SCHEMA}` },
  },
];
