import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

/** What the pages for people name must be there: files, commands, settings, npm scripts, and each other's headings. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = ['README.md', 'SECURITY.md', 'ARCHITECTURE.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const files = ['core', 'plugins', 'tests', 'migrations', 'templates', 'scripts', 'docs', 'bin', '.ci'].filter((top) => existsSync(join(ROOT, top)))
  .flatMap((top) => readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' }).map((name) => join(top, name)));
const names = new Set(files.map((file) => basename(file)));

/** `core/x/y.ts` from the root, `x/y.ts` below some folder, `y.ts` anywhere; `app.css` is what assets.ts serves, `x.…` stands for any. */
const isThere = (path: string): boolean => path === 'app.css' || basename(path).startsWith('x.') || existsSync(join(ROOT, path)) || names.has(path) || files.some((file) => file.endsWith(`/${path}`));
const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, words]) => words as string);

t.test('files and folders', async (t) => {
  for (const page of PAGES) {
    const named = quoted(textOf(page)).flatMap((words) => words.split(/[\s,]+/)).map((word) => word.replace(/:\d+$/, '').replace(/^\.\//, ''))
      .filter((word) => /^[\w.@-]+(\/[\w.@-]+)*\.(ts|sql|hbs|js|css)$/.test(word) || /^(core|plugins|tests|migrations|templates|scripts|docs)\/[\w./-]+$/.test(word));
    t.same(named.filter((word) => !isThere(word.replace(/\/$/, ''))), [], page);
  }
});

t.test('commands and their options', async (t) => {
  const sources = readdirSync(join(ROOT, 'core/commands')).map((file) => read(join('core/commands', file))).join('\n');
  const commands = [...sources.matchAll(/^ {2}name: '([a-z -]+)',$/gm)].map(([, name]) => name as string);
  t.ok(commands.length > 20);
  for (const page of PAGES) {
    for (const [line, words] of [...textOf(page).matchAll(/(?:npx |`)wardkeep ([^`\n#·]+)/g)].map(([whole, rest]) => [whole, (rest as string).trim()] as const)) {
      if (/^(--help|COMMAND|…)/.test(words)) continue;
      t.ok(commands.some((name) => words === name || words.startsWith(`${name} `) || words.startsWith(name)), `${page}: ${line}`);
      for (const [, flag] of words.matchAll(/--([a-z]+)/g)) t.ok(['json', 'help'].includes(flag as string) || new RegExp(`\\b'?${flag}'?: \\{ type: `).test(sources), `${page}: ${line}`);
    }
  }
});

t.test('npm scripts', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const page of PAGES) for (const [whole, name] of textOf(page).matchAll(/npm run ([a-z][\w:-]*)/g)) t.ok(Object.hasOwn(scripts, name as string), `${page}: ${whole}`);
});

t.test('settings: all that there are, and no others', async (t) => {
  const known = new Set([...read('core/config.ts').matchAll(/^ {2}(WARDKEEP_[A-Z_]+): /gm)].map(([, name]) => name as string));
  t.ok(known.size > 15);
  const ofTests = new Set(files.filter((file) => /^(tests|scripts)\/.*\.(ts|js)$/.test(file)).flatMap((file) => [...read(file).matchAll(/WARDKEEP_[A-Z_]*[A-Z]/g)].map(([name]) => name)));
  const table = new Set([...textOf('docs/operations.md').matchAll(/^\| `(WARDKEEP_[A-Z_]+)`/gm)].map(([, name]) => name as string));
  t.same([...known].filter((name) => !table.has(name)), [], 'docs/operations.md explains each');
  for (const page of PAGES) t.same([...textOf(page).matchAll(/WARDKEEP_[A-Z_]*[A-Z]/g)].map(([name]) => name).filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')) && !ofTests.has(name)), [], page);
});

t.test('links lead somewhere', async (t) => {
  const anchorsOf = (page: string) => [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => (heading as string).toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
  for (const page of PAGES) {
    for (const [whole, target] of textOf(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = (target as string).split('#');
      const path = file === '' ? page : join(dirname(page), file);
      t.ok(existsSync(join(ROOT, path)), `${page}: ${whole}`);
      if (anchor !== undefined && path.endsWith('.md') && existsSync(join(ROOT, path))) t.ok(anchorsOf(path).includes(anchor), `${page}: ${whole}`);
    }
  }
});
