import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readSources } from '../scripts/check/architecture.ts';

t.test('every code of the table is one that something refuses with', async (t) => {
  const table = readFileSync(new URL('../core/errors.ts', import.meta.url), 'utf8');
  const codes = [...table.matchAll(/^ {2}'([a-z_]+\.[a-z_]+)': \[/gm)].map(([, code]) => code as string);
  t.ok(codes.length > 60);
  const sources = [...readSources(fileURLToPath(new URL('../', import.meta.url)))].filter(([file]) => file !== 'core/errors.ts').map(([, text]) => text).join('\n');
  t.same(codes.filter((code) => !sources.includes(`'${code}'`)), []);
});
