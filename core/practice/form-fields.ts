import { fault } from '../errors.ts';

/** A posted form: flat names, text only. What was left empty is null. */
export type FormFields = Readonly<Record<string, string | null>>;

/** @throws Fault request.invalid when a field came twice or as a file */
export function formFields(payload: unknown): FormFields {
  const fields: Record<string, string | null> = {};
  for (const [name, value] of Object.entries((payload ?? {}) as Record<string, unknown>)) {
    if (typeof value !== 'string') throw fault('request.invalid', { fields: [{ path: name, text: 'send this field once, as text' }] });
    fields[name] = value.trim() === '' ? null : value.replaceAll('\r\n', '\n').trim();
  }
  return fields;
}

/**
 * Rows of `phones.0.value`, `phones.0.use` …: those with anything in `telling` columns, each with the number it had in the form, so that a
 * fault in the third row is shown there although the second was empty.
 */
export function formRows(fields: FormFields, list: string, columns: readonly string[], telling: readonly string[] = columns): { at: number; row: Record<string, string | null> }[] {
  const pattern = new RegExp(`^${list}\\.(\\d{1,2})\\.`);
  const numbers = [...new Set(Object.keys(fields).flatMap((name) => pattern.exec(name)?.[1] ?? []))].map(Number).sort((a, b) => a - b);
  return numbers
    .map((at) => ({ at, row: Object.fromEntries(columns.map((column) => [column, fields[`${list}.${at}.${column}`] ?? null])) }))
    .filter(({ row }) => telling.some((column) => row[column] !== null));
}
