/**
 * A path to go back to, taken from a form or query. Anything that could leave this site becomes `/` (CWE-601): another origin,
 * `//host`, and the backslash and control characters that browsers fold into one.
 */
export function localPath(value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(value)) return '/';
  return value;
}
