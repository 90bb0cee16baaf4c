import { matches, parsePath } from './filter.ts';
import { ScimError } from './scim-error.ts';

export type Resource = Record<string, unknown>;
export type Operation = { readonly op: string; readonly path?: string; readonly value?: unknown };

/**
 * RFC 7644, 3.5.2, on a plain copy of the resource. Providers spell operations with a capital (Entra) and send booleans as words; both are
 * taken. Attributes that are not ours are left out of account, as 3.5.2 lets a server do with what it does not keep.
 * @throws ScimError
 */
export function applyPatch(resource: Resource, operations: readonly Operation[]): Resource {
  const copy = structuredClone(resource);
  for (const { op, path, value } of operations) {
    const kind = op.toLowerCase();
    if (kind !== 'add' && kind !== 'replace' && kind !== 'remove') throw new ScimError(400, 'An operation is add, replace or remove.', 'invalidSyntax');
    if (path === undefined) mergeAll(copy, kind, value);
    else applyAt(copy, kind, path, value);
  }
  return copy;
}

type Kind = 'add' | 'replace' | 'remove';

/** Without a path the value holds attributes, some of whose names are paths themselves (Entra, Okta). */
function mergeAll(resource: Resource, kind: Kind, value: unknown): void {
  if (kind === 'remove' || !isObject(value)) throw new ScimError(400, 'This operation needs a path.', 'noTarget');
  for (const [name, each] of Object.entries(value)) applyAt(resource, kind, name, each);
}

function applyAt(resource: Resource, kind: Kind, path: string, value: unknown): void {
  const { attribute, matching, part } = parsePath(path);
  const [name = '', inner] = attribute.split('.');
  const key = ownKey(resource, name);
  if (matching !== null) return applyToElements(resource, key, kind, (element) => matching.every((each) => matches(each, element)), part, value);
  if (inner !== undefined) {
    const holder = isObject(resource[key]) ? (resource[key] as Resource) : {};
    resource[key] = set(holder, ownKey(holder, inner), kind, value);
    return;
  }
  const before = resource[key];
  if (kind === 'add' && Array.isArray(before)) resource[key] = union(before, Array.isArray(value) ? value : [value]);
  // Entra removes members by naming them in the value of a path without a filter.
  else if (kind === 'remove' && Array.isArray(before) && Array.isArray(value)) resource[key] = before.filter((each) => !value.some((gone) => sameElement(each, gone)));
  else if (kind === 'add' && isObject(before) && isObject(value)) resource[key] = { ...before, ...value };
  else set(resource, key, kind, value);
}

function applyToElements(resource: Resource, key: string, kind: Kind, isMeant: (element: unknown) => boolean, part: string | null, value: unknown): void {
  const elements = Array.isArray(resource[key]) ? (resource[key] as unknown[]) : [];
  if (kind === 'remove' && part === null) {
    resource[key] = elements.filter((element) => !isMeant(element));
    return;
  }
  if (!elements.some(isMeant)) {
    if (kind === 'remove') return;
    if (part === null) throw new ScimError(400, 'Nothing matches the path.', 'noTarget');
    resource[key] = [...elements, { [part]: value }]; // as Entra expects of emails[type eq "work"].value
    return;
  }
  resource[key] = elements.map((element) => {
    if (!isMeant(element) || !isObject(element)) return element;
    return part === null ? { ...element, ...(isObject(value) ? value : {}) } : set({ ...element }, ownKey(element, part), kind, value);
  });
}

function set(holder: Resource, key: string, kind: Kind, value: unknown): Resource {
  if (kind === 'remove') delete holder[key];
  else holder[key] = value;
  return holder;
}

/** Attribute names do not differ by case (RFC 7643, 2.1); none may reach a prototype. */
function ownKey(resource: Resource, name: string): string {
  if (['__proto__', 'constructor', 'prototype'].includes(name)) throw new ScimError(400, 'The path is not one of this resource.', 'invalidPath');
  return Object.keys(resource).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
}

const isObject = (value: unknown): value is Resource => typeof value === 'object' && value !== null && !Array.isArray(value);
const valueIn = (element: unknown): unknown => (isObject(element) ? element['value'] : element);
const sameElement = (a: unknown, b: unknown): boolean => valueIn(a) === valueIn(b);
const union = (before: readonly unknown[], more: readonly unknown[]): unknown[] => [...before, ...more.filter((each) => !before.some((known) => sameElement(known, each)))];
