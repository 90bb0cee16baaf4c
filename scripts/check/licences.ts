import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from './outcome.ts';

/** SPDX ids a program sold as an appliance may carry: permissive ones, no copyleft that reaches our own code. */
const ALLOWED = new Set([
  '0BSD', 'Apache-2.0', 'Artistic-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'CC-BY-4.0', 'ISC', 'MIT', 'MIT-0', 'PostgreSQL', 'Python-2.0', 'Unicode-3.0', 'Unlicense', 'Zlib',
]);

/** Packages whose package.json states nothing, with what their LICENSE file was read to say; pinned, so another version is read anew. */
const READ_BY_HAND: Readonly<Record<string, string>> = { 'png-js@2.0.0': 'MIT' };

export type LicensedPackage = { name: string; version: string; licence: string };
type LockEntry = { version?: string; license?: string; dev?: boolean; devOptional?: boolean; link?: boolean };

/**
 * Whether an SPDX expression leaves us a permitted choice: one side of OR suffices, AND needs both. `WITH` exceptions only widen a licence.
 * Anything that is no expression (`SEE LICENSE IN …`, `UNLICENSED`, empty) is refused.
 */
export function isPermitted(expression: string): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const either = (): boolean => { let ok = both(); while (tokens[at] === 'OR') { at++; const right = both(); ok = ok || right; } return ok; };
  const both = (): boolean => { let ok = single(); while (tokens[at] === 'AND') { at++; const right = single(); ok = ok && right; } return ok; };
  const single = (): boolean => {
    const token = tokens[at++];
    if (token === '(') { const ok = either(); return tokens[at++] === ')' && ok; }
    if (tokens[at] === 'WITH') at += 2;
    return token !== undefined && ALLOWED.has(token);
  };
  const ok = either();
  return ok && at === tokens.length;
}

/** What ships: every package of the lock file that is not for development, platform variants that are not installed here included. */
export async function shippedPackages(root: string): Promise<LicensedPackage[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockEntry> };
  const shipped = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true && entry.devOptional !== true && entry.link !== true);
  return Promise.all(shipped.map(async ([path, entry]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const version = entry.version ?? '';
    return { name, version, licence: (await installedLicence(join(root, path))) ?? entry.license ?? READ_BY_HAND[`${name}@${version}`] ?? '' };
  }));
}

/** Checks them all and writes the list that goes with the product to dist/licences.md. */
export async function checkLicences(root: string): Promise<Outcome> {
  const packages = (await shippedPackages(root)).sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
  const refused = packages.filter((each) => !isPermitted(each.licence));
  await mkdir(join(root, 'dist'), { recursive: true });
  const rows = packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`);
  await writeFile(join(root, 'dist/licences.md'), ['# Licences of what Wardkeep ships', '', '| package | version | licence |', '|---|---|---|', ...rows, ''].join('\n'));
  if (packages.length === 0) return { status: 'failed', summary: 'the lock file lists nothing' };
  if (refused.length > 0) return { status: 'failed', summary: `${refused.length} not permitted`, details: refused.map((each) => `${each.name}@${each.version}: ${each.licence || 'none stated'}`) };
  return { status: 'passed', summary: `${packages.length} packages, dist/licences.md` };
}

/** Also the forms from before SPDX: `{ type }` and `licenses: [{ type }]`, which meant a choice. */
async function installedLicence(path: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(join(path, 'package.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const { license, licenses } = JSON.parse(text) as { license?: string | { type: string }; licenses?: { type: string }[] };
  if (typeof license === 'string') return license;
  if (license) return license.type;
  return licenses ? licenses.map((each) => each.type).join(' OR ') : null;
}
