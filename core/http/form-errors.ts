import type { Fault, FieldFault } from '../errors.ts';

/** Complaints by the name of the form field they belong to, as sentences. */
export function formErrors(refusal: Fault, nameOf: (path: string) => string = (path) => path): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { path, text } of refusal.fields) errors[nameOf(path) || 'form'] ??= sentence({ path, text });
  return errors;
}

function sentence({ path, text }: FieldFault): string {
  const last = path.split('.').at(-1) ?? '';
  const own = last !== '' && text.startsWith(`${last} `) ? text.slice(last.length + 1) : text;
  const said = own === text ? text : `This ${own}`;
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? '' : '.'}`;
}
