import type { JsonValue } from '../db/scope.ts';

type Written = Readonly<Record<string, JsonValue>>;

/** Names for the record of what a change changed: a form sends all of its fields, most of them as they were. */
export function changedFields(before: Written, after: Written): string[] {
  return Object.keys(before).filter((field) => before[field] !== after[field]).sort();
}

/** Old and new of what changed, for columns that are no PHI. */
export function plainChanges(before: Written, after: Written): { [field: string]: JsonValue } {
  return Object.fromEntries(changedFields(before, after).map((field) => [field, { from: before[field] ?? null, to: after[field] ?? null }]));
}
