import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { sourceFindings } from '../../core/conformance/source-rules.ts';

const folder = t.testdir();
const findingsOf = (text: string): string[] => {
  writeFileSync(join(folder, 'index.ts'), text);
  return sourceFindings(folder);
};

t.test('the global fetch is seen, whatever else is done with it', async (t) => {
  for (const text of [
    `await fetch(url);`,
    `const send = wrap(fetch);\nawait fetch(url);`,
    `const send = wrap(url, fetch);\nawait fetch(url);`,
    `start({ fetch });\nawait fetch(url);`,
    `start(url, { fetch, retries: 2 });\nawait fetch(url);`,
    `const options = { url, fetch: deps.send };\nawait fetch(url);`,
    `const options = isProxied ? { fetch } : {};\nawait fetch(url);`,
    `// const fetch = deps.send;\nawait fetch(url);`,
    `const { fetch } = globalThis;\nawait fetch(url);`,
  ]) t.match(findingsOf(text), [/^index\.ts:\d calls fetch/], text);
});

t.test('a fetch of its own is the file’s to call', async (t) => {
  for (const text of [
    `const fetch: Fetch = (url, init) => deps.send(scope, url, init);\nawait fetch(url);`,
    `function fetch(url: string) { return deps.send(scope, url); }\nawait fetch(url);`,
    `function adapt(fetch: Fetch) { return () => fetch(url); }`,
    `const adapt = (url: string, fetch?: Fetch) => fetch?.(url) ?? fetch(url);`,
    `function read(configuration: Configuration, { fetch }: Connection) { return fetch(url); }`,
    `const read = async ({\n  url,\n  fetch,\n}) => fetch(url);`,
    `const { origin, fetch = deps.send } = connection;\nawait fetch(url);`,
    `const { send: fetch } = deps;\nawait fetch(url);`,
    `import { fetch } from './sending.ts';\nawait fetch(url);`,
  ]) t.same(findingsOf(text), [], text);
  t.same(sourceFindings(fileURLToPath(new URL('../../plugins/sso', import.meta.url))), [], 'single sign-on, whose libraries take one');
});
