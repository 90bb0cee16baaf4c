import type { Comparison } from './filter.ts';

/**
 * Where an attribute stands in the query. `folded`: text compared without regard to case, as RFC 7643 2.4 has it unless an attribute is
 * caseExact; `lower`: the same for a column that holds lower case alone, so that its index serves; `exact`: caseExact text.
 * `among`: of several values, the rows (`from … where …`) that hold them.
 */
export type Attribute = { readonly sql: string; readonly as: 'folded' | 'lower' | 'exact' | 'boolean'; readonly among?: string };
/** By path in lower case. */
export type Attributes = Readonly<Record<string, Attribute>>;
export type Condition = { readonly sql: string; readonly bindings: readonly (string | boolean)[] };

const FALSE: Condition = { sql: 'false', bindings: [] };
const TRUE: Condition = { sql: 'true', bindings: [] };

/** All of the comparisons, as one condition. An attribute that is not kept here has no value, so nothing but `ne` holds of it. */
export function filterSql(comparisons: readonly Comparison[], attributes: Attributes): Condition {
  const parts = comparisons.map((comparison) => conditionOf(comparison, attributes));
  return { sql: ['true', ...parts.map(({ sql }) => sql)].join(' and '), bindings: parts.flatMap(({ bindings }) => bindings) };
}

function conditionOf({ path, operator, value }: Comparison, attributes: Attributes): Condition {
  const name = path.toLowerCase();
  const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  const isOther = attribute === undefined || (operator !== 'pr' && (attribute.as === 'boolean' ? typeof value !== 'boolean' || !/^(eq|ne)$/.test(operator) : typeof value !== 'string' || value.includes('\0')));
  if (isOther) return operator === 'ne' ? TRUE : FALSE;
  // `ne` is that no value is this one, which is more than that some value is another.
  const { sql, bindings } = valueIs(attribute, operator === 'ne' ? 'eq' : operator, value as string | boolean);
  const some = attribute.among === undefined ? sql : `exists (select ${attribute.among} and ${sql})`;
  return { sql: operator === 'ne' ? `(${some}) is not true` : some, bindings };
}

function valueIs({ sql, as }: Attribute, operator: Exclude<Comparison['operator'], 'ne'>, value: string | boolean): Condition {
  if (operator === 'pr') return { sql: as === 'boolean' ? `${sql} is not null` : `${sql} <> ''`, bindings: [] };
  const [text, given] = [as === 'folded' ? `lower(${sql})` : sql, as === 'folded' || as === 'lower' ? 'lower(?)' : '?'];
  if (operator === 'eq') return { sql: `${text} = ${given}`, bindings: [value] };
  if (operator === 'co') return { sql: `position(${given} in ${text}) > 0`, bindings: [value] };
  if (operator === 'sw') return { sql: `starts_with(${text}, ${given})`, bindings: [value] };
  return { sql: `right(${text}, length(${given})) = ${given}`, bindings: [value, value] };
}
