import { readFileSync } from 'node:fs';
import t from 'tap';
import { findEmptyRooms, findViolations, readRooms, readSources } from '../scripts/check/architecture.ts';

const root = new URL('../', import.meta.url).pathname;
const rooms = readRooms(readFileSync(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8'));

t.test('ARCHITECTURE.md gives the order', async (t) => {
  for (const [before, after] of [['core/config.ts', 'core/db'], ['core/crypto', 'core/db'], ['core/db', 'core/audit'], ['core/audit', 'core/auth'], ['core/auth', 'core/practice'], ['core/http', 'core/auth'], ['core/clinical', 'core/practice'], ['core/practice', 'core/server.ts'], ['core/server.ts', 'core/main.ts']] as const) {
    t.ok(rooms.includes(before) && rooms.indexOf(before) < rooms.indexOf(after), `${before} before ${after}`);
  }
});

t.test('every import goes that way', async (t) => {
  t.same(findViolations(rooms, readSources(root)), []);
});

t.test('every room that is listed is there', async (t) => {
  t.same(findEmptyRooms(rooms, readSources(root)), []);
  t.same(findEmptyRooms([...rooms, 'core/basement'], readSources(root)), ['core/basement']);
});

t.test('a planted violation is found', async (t) => {
  const planted: [file: string, text: string, why: string | null][] = [
    ['core/audit/x.ts', `import { a } from '../auth/a.ts';`, 'core/audit stands before core/auth'],
    ['core/audit/x.ts', `import type { A } from '../practice/contacts/model.ts';`, 'core/audit stands before core/practice'],
    ['core/config.ts', `import { log } from './log.ts';`, 'core/config.ts stands before core/log.ts'],
    ['core/crypto/x.ts', `export * from '../db/scope.ts';`, 'core/crypto stands before core/db'],
    ['core/auth/totp/x.ts', `const m = await import('../../server.ts');`, 'core/auth stands before core/server.ts'],
    ['core/server.ts', `import sso from '../plugins/sso/index.ts';`, 'core never imports a plugin'],
    ['core/db/x.ts', `import { x } from '../../tests/support/x.ts';`, 'core imports core'],
    ['plugins/sso/index.ts', `import { x } from '../../core/db/scope.ts';`, 'a plugin imports packages, its own folder and core/plugin.ts only'],
    ['plugins/sso/index.ts', `import { x } from '../billing/x.ts';`, 'a plugin imports packages, its own folder and core/plugin.ts only'],
    ['core/boot.ts', `import * as plugins from '../plugins/list.ts';`, 'core never imports a plugin'],
    ['core/main.ts', `import sso from '../plugins/sso/index.ts';`, 'core never imports a plugin'],
    ['core/main.ts', `import * as plugins from '../plugins/list.ts';`, null],
    ['plugins/list.ts', `export { default as sso } from './sso/index.ts';`, null],
    ['plugins/list.ts', `import { App } from '../core/app.ts';`, 'the list names plugins by their index.ts, nothing else'],
    ['core/basement/x.ts', '', 'not among the rooms of ARCHITECTURE.md'],
    ['plugins/sso/index.ts', `import { x } from '../../core/plugin.ts'; import { y } from './routes.ts'; import joi from 'joi';`, null],
    ['core/auth/x.ts', `import { a } from '../audit/record.ts'; import { b } from './b.ts'; // import { c } from '../server.ts'`, null],
    ['core/main.ts', `import { a } from './server.ts';`, null],
  ];
  for (const [file, text, why] of planted) t.same(findViolations(rooms, new Map([[file, text]])).map((each) => each.why), why === null ? [] : [why], `${file}: ${text}`);
});
