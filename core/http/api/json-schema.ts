import type Joi from 'joi';

/** JSON Schema (2020-12) as OpenAPI 3.1 carries it. */
export type JsonSchema = { readonly [key: string]: unknown };

type Converter = { jsonSchema: { input(options: { target: 'draft-2020-12' }): JsonSchema; output(options: { target: 'draft-2020-12' }): JsonSchema } };

/** The schema as Joi itself writes it (Standard JSON Schema), mended where a nullable enumeration would refuse null. */
export function jsonSchemaOf(schema: Joi.Schema, side: 'input' | 'output'): JsonSchema {
  const converter = (schema as unknown as { '~standard': Converter })['~standard'].jsonSchema;
  return admitNull(converter[side]({ target: 'draft-2020-12' })) as JsonSchema;
}

function admitNull(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(admitNull);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, admitNull(value)]));
  const { type, enum: values } = copy;
  if (Array.isArray(type) && type.includes('null') && Array.isArray(values) && !values.includes(null)) copy['enum'] = [...(values as unknown[]), null];
  return copy;
}
