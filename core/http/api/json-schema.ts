import type Joi from 'joi';

/** JSON Schema (2020-12) as OpenAPI 3.1 carries it. */
export type JsonSchema = { readonly [key: string]: unknown };

type Converter = { jsonSchema: { input(options: { target: 'draft-2020-12' }): JsonSchema; output(options: { target: 'draft-2020-12' }): JsonSchema } };

/** Joi's `or` and dates say more than it writes. */
type Described = { readonly dependencies?: readonly { readonly rel: string; readonly peers: readonly string[] }[] };
const DATE_PATTERN = '^\\d{4}-\\d{2}-\\d{2}$';

/** The schema as Joi itself writes it (Standard JSON Schema), mended where that refuses or admits what Joi does not. */
export function jsonSchemaOf(schema: Joi.Schema, side: 'input' | 'output'): JsonSchema {
  const converter = (schema as unknown as { '~standard': Converter })['~standard'].jsonSchema;
  const written = mended(converter[side]({ target: 'draft-2020-12' })) as JsonSchema;
  const oneOf = (schema.describe() as Described).dependencies?.find(({ rel }) => rel === 'or');
  return oneOf === undefined ? written : { ...written, anyOf: oneOf.peers.map((name) => ({ required: [name] })) };
}

function mended(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(mended);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, mended(value)]));
  const { type, enum: values, pattern } = copy;
  if (pattern === DATE_PATTERN) copy['format'] = 'date'; // RFC 3339 full-date: a day that is in the calendar
  if (Array.isArray(type) && type.includes('null') && Array.isArray(values) && !values.includes(null)) copy['enum'] = [...(values as unknown[]), null];
  return copy;
}
