import { ScimError } from './scim-error.ts';

/** RFC 7644, 3.4.2.2: comparisons joined by `and`. What provisioning clients send; `or`, `not` and the orders are refused by name, not guessed at. */
export type Comparison = { readonly path: string; readonly operator: 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'pr'; readonly value: string | number | boolean | null };

const MAX_LENGTH = 2_048;
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(\[|\]|\(|\))|([^\s"[\]()]+))/gy;

/** @throws ScimError invalidFilter */
export function parseFilter(text: string): Comparison[] {
  const tokens = tokenize(text);
  const comparisons: Comparison[] = [];
  for (let at = 0; at < tokens.length; ) {
    const [path = '', operator = ''] = [tokens[at], tokens[at + 1]?.toLowerCase()];
    if (!/^[A-Za-z][\w:.$-]*$/.test(path)) throw invalid();
    if (operator === 'pr') {
      comparisons.push({ path: pathOf(path), operator, value: null });
      at += 2;
    } else {
      if (operator !== 'eq' && operator !== 'ne' && operator !== 'co' && operator !== 'sw' && operator !== 'ew') throw invalid();
      comparisons.push({ path: pathOf(path), operator, value: valueOf(tokens[at + 2]) });
      at += 3;
    }
    if (at < tokens.length && (tokens[at]?.toLowerCase() !== 'and' || ++at >= tokens.length)) throw invalid();
  }
  return comparisons.length > 0 ? comparisons : fail();
}

/** `emails[type eq "work"].value`, as PATCH paths have it: the attribute, what its elements must match, and the part of them. */
export function parsePath(text: string): { attribute: string; matching: Comparison[] | null; part: string | null } {
  const [, attribute, filter, part] = /^([A-Za-z][\w:.-]*?)(?:\[(.+)\])?(?:(?<=\])\.([A-Za-z]\w*))?$/.exec(text) ?? [];
  if (attribute === undefined || text.length > MAX_LENGTH) throw new ScimError(400, 'The path is not one of this resource.', 'invalidPath');
  return { attribute: pathOf(attribute), matching: filter === undefined ? null : parseFilter(filter), part: part ?? null };
}

/** Compares as RFC 7643 asks: strings without regard to case, as none of our attributes is caseExact but ids. */
export function matches(comparison: Comparison, resource: unknown): boolean {
  const values = valuesAt(resource, comparison.path.split('.'));
  const wanted = fold(comparison.value);
  if (comparison.operator === 'pr') return values.some((value) => value !== null && value !== undefined && value !== '');
  if (comparison.operator === 'ne') return !values.some((value) => fold(value) === wanted);
  return values.some((value) => {
    const is = fold(value);
    if (comparison.operator === 'eq') return is === wanted;
    if (typeof is !== 'string' || typeof wanted !== 'string') return false;
    return comparison.operator === 'co' ? is.includes(wanted) : comparison.operator === 'sw' ? is.startsWith(wanted) : is.endsWith(wanted);
  });
}

function valuesAt(resource: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(resource)) return resource.flatMap((each) => valuesAt(path.length === 0 && typeof each === 'object' ? (each as { value?: unknown }).value : each, path));
  const [name, ...rest] = path;
  if (name === undefined || resource === null || typeof resource !== 'object') return name === undefined ? [resource] : [];
  const key = Object.keys(resource).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? [] : valuesAt((resource as Record<string, unknown>)[key], rest);
}

const fold = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

/** Full names of our own schemas are dropped: `urn:…:User:userName` is `userName`. */
const pathOf = (text: string): string => text.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(User|Group):/i, '');

function tokenize(text: string): string[] {
  if (text.length > MAX_LENGTH) throw invalid();
  const tokens: string[] = [];
  const trimmed = text.trim();
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(trimmed); match !== null; match = TOKEN.exec(trimmed)) {
    if (match[2] !== undefined) throw invalid();
    tokens.push(match[1] ?? match[3] ?? '');
    if (TOKEN.lastIndex === trimmed.length) return tokens;
  }
  throw invalid();
}

function valueOf(token: string | undefined): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(token ?? '');
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalid();
}

const invalid = (): ScimError => new ScimError(400, 'Only comparisons (eq, ne, co, sw, ew, pr) joined by "and" are understood.', 'invalidFilter');

function fail(): never {
  throw invalid();
}
