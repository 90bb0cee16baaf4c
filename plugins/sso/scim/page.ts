import type { Resource } from './patch.ts';
import { ScimError } from './scim-error.ts';

export const PAGE_MAX = 200;

/** RFC 7644, 3.4.2.4: counted from one. */
export type Page = { readonly startIndex: number; readonly count: number };
/** `total` of all that match; `resources` of the page alone. */
export type Listed = { readonly total: number; readonly resources: readonly Resource[] };

/** What is beyond the end is an empty page. @throws ScimError invalidValue */
export function pageOf(query: Readonly<Record<string, unknown>>): Page {
  const number = (value: unknown, otherwise: number): number => (value === undefined ? otherwise : /^-?\d{1,9}$/.test(String(value)) ? Number(value) : Number.NaN);
  const startIndex = Math.max(1, number(query['startIndex'], 1));
  const count = Math.min(PAGE_MAX, Math.max(0, number(query['count'], PAGE_MAX)));
  if (Number.isNaN(startIndex) || Number.isNaN(count)) throw new ScimError(400, 'startIndex and count are whole numbers.', 'invalidValue');
  return { startIndex, count };
}

export function listResponse({ total, resources }: Listed, { startIndex }: Page): Resource {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: total, startIndex, itemsPerPage: resources.length, Resources: [...resources] };
}
