import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What imports alone do not show. Each rule looks at one line, without its comment. */
const RULES: readonly [pattern: RegExp, text: string][] = [
  [/(?<![.\w])fetch\s*\(|globalThis\.fetch/, 'calls fetch: outgoing calls go through deps.send, which keeps them out of private networks and stops them when an agreement ran out'],
  [/(?<![.\w])process\.(env|exit|kill|chdir|binding|dlopen)/, 'uses process: settings come through the contract, and a plugin does not end the program'],
  [/(?<![.\w])eval\s*\(|new Function\s*\(/, 'runs text as code'],
  [/(?<![.\w])console\./, 'writes to the console: deps.log takes ids and codes, and nothing else'],
];

/** A binding pattern that gives something the name `fetch`. */
const PATTERN = String.raw`\{(?:[^{}]*[,:])?\s*fetch\s*(?:[,=][^{}]*)?\}`;

/** A `fetch` of the file's own, for what it calls is then not the global one. Handing the global one on, as in `wrap(fetch)` or `({ fetch })`, is none. */
const OWN_FETCH = new RegExp([
  String.raw`\b(?:const|let|var|function)\s+fetch\b`,
  String.raw`\b(?:const|let|var|import)\s*${PATTERN}\s*(?:=(?!\s*globalThis\b)|from\b)`,
  String.raw`\((?:[^(){}]*,)?\s*fetch\s*\??:`, // a typed parameter
  String.raw`[(,]\s*${PATTERN}\s*(?::|\)\s*(?:=>|\{))`, // one that is taken apart
].join('|'));

/** Findings of the plugin's own files; packages are not read. */
export function sourceFindings(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/')).filter((file) => /\.[cm]?[jt]s$/.test(file) && !file.includes('node_modules/'));
  return files.flatMap((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n').map((line) => line.replace(/\/\/.*$|^\s*\*.*$/, ''));
    const isOwn = OWN_FETCH.test(lines.join('\n'));
    return lines.flatMap((line, at) => findingsIn(isOwn ? line.replaceAll(/(?<![.\w])fetch\s*\(/g, 'ownFetch(') : line, `${file}:${at + 1}`));
  });
}

function findingsIn(code: string, place: string): string[] {
  return RULES.filter(([pattern]) => pattern.test(code)).map(([, text]) => `${place} ${text}.`);
}
