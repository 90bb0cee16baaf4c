import { Joi } from '../../../core/plugin.ts';
import type { User } from '../../../core/plugin.ts';
import type { ScimUser } from './models.ts';
import type { Resource } from './patch.ts';
import { ScimError } from './scim-error.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** What of a SCIM user is kept here; the rest of what directories send is theirs. */
export type UserInput = { readonly email: string; readonly name: string; readonly isActive: boolean; readonly externalId: string | null };

/** What of the two rows a resource is made of. */
export type PersonRow = Pick<User, 'id' | 'email' | 'name' | 'status' | 'created_at' | 'updated_at'>;
export type DirectoryRow = Pick<ScimUser, 'external_id' | 'version' | 'changed_at'>;

/** RFC 7643, 4.1. `userName` is the e-mail address, as that is how people sign in. */
export function userResource(user: PersonRow, row: DirectoryRow | undefined, at: string): Resource {
  return {
    schemas: [USER_SCHEMA], id: user.id, ...(row?.external_id ? { externalId: row.external_id } : {}),
    userName: user.email, displayName: user.name, name: { formatted: user.name }, emails: [{ value: user.email, type: 'work', primary: true }], active: user.status !== 'disabled',
    meta: { resourceType: 'User', created: user.created_at.toISOString(), lastModified: (row !== undefined && row.changed_at > user.updated_at ? row.changed_at : user.updated_at).toISOString(), location: `${at}/Users/${user.id}`, version: versionOf(user, row) },
  };
}

/** Weak: two forms of one state are the same. The person may also be changed on our own pages, so their row is part of it. */
export const versionOf = (user: PersonRow, row: DirectoryRow | undefined): string => `W/"${row?.version ?? 0}-${user.updated_at.getTime().toString(36)}"`;

const text = Joi.string().trim().max(254);
const resource = Joi.object({
  userName: text.required(), externalId: text.max(256).allow('', null), displayName: text.allow('', null), active: Joi.boolean().default(true),
  name: Joi.object({ formatted: text.allow('', null), givenName: text.allow('', null), familyName: text.allow('', null) }).unknown().allow(null),
  emails: Joi.array().max(20).items(Joi.object({ value: text.allow('', null), primary: Joi.boolean(), type: text.allow('', null) }).unknown()).allow(null),
}).unknown();

const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,189}$/;

/** @throws ScimError invalidValue */
export function readUser(body: unknown): UserInput {
  const { error, value } = resource.validate(body, { convert: true });
  if (error) throw new ScimError(400, `${String(error.details[0]?.path[0] ?? 'The user')} is missing or has the wrong form.`, 'invalidValue');
  const { userName, externalId, displayName, name, emails, active } = value as { userName: string; externalId?: string; displayName?: string; active: boolean; name?: { formatted?: string; givenName?: string; familyName?: string }; emails?: { value?: string; primary?: boolean }[] };
  const email = [userName, emails?.find((each) => each.primary)?.value, emails?.[0]?.value].find((each) => each !== undefined && each !== null && EMAIL.test(each));
  if (email === undefined) throw new ScimError(400, 'userName or emails needs an e-mail address.', 'invalidValue');
  const full = [name?.givenName, name?.familyName].filter(Boolean).join(' ');
  return { email: email.toLowerCase(), name: (displayName || full || name?.formatted || email).slice(0, 120), isActive: active, externalId: externalId || null };
}
