import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What imports alone do not show. Each rule looks at one line, without its comment. */
const RULES: readonly [pattern: RegExp, text: string][] = [
  [/(?<![.\w])fetch\s*\(|globalThis\.fetch/, 'calls fetch: outgoing calls go through deps.send, which keeps them out of private networks and stops them when an agreement ran out'],
  [/(?<![.\w])process\.(env|exit|kill|chdir|binding|dlopen)/, 'uses process: settings come through the contract, and a plugin does not end the program'],
  [/(?<![.\w])eval\s*\(|new Function\s*\(/, 'runs text as code'],
  [/(?<![.\w])console\./, 'writes to the console: deps.log takes ids and codes, and nothing else'],
];

/** A `fetch` of the file's own: a parameter, a constant, or a field taken out of an object. What it calls is then not the global one. */
const OWN_FETCH = /(?:const|let|function)\s+fetch\b|[({,]\s*fetch\s*[:,})]/;

/** Findings of the plugin's own files; packages are not read. */
export function sourceFindings(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/')).filter((file) => /\.[cm]?[jt]s$/.test(file) && !file.includes('node_modules/'));
  return files.flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8');
    const text = OWN_FETCH.test(source) ? source.replaceAll(/(?<![.\w])fetch\s*\(/g, 'ownFetch(') : source;
    return text.split('\n').flatMap((line, at) => findingsIn(line, `${file}:${at + 1}`));
  });
}

function findingsIn(line: string, place: string): string[] {
  const code = line.replace(/\/\/.*$|^\s*\*.*$/, '');
  return RULES.filter(([pattern]) => pattern.test(code)).map(([, text]) => `${place} ${text}.`);
}
