import t from 'tap';
import { isPermitted, shippedPackages } from '../../scripts/check/licences.ts';

t.test('SPDX expressions', async (t) => {
  for (const permitted of ['MIT', '(MIT OR GPL-3.0-only)', '(BSD-3-Clause OR GPL-2.0)', 'GPL-2.0 OR (MIT AND ISC)', '(MIT AND BSD-3-Clause)', 'Apache-2.0 WITH LLVM-exception']) t.ok(isPermitted(permitted), permitted);
  for (const refused of ['GPL-3.0-only', 'AGPL-3.0-or-later', 'LGPL-3.0', 'MIT AND GPL-2.0', 'GPL-2.0 OR AGPL-3.0', 'SEE LICENSE IN LICENSE', 'UNLICENSED', 'SSPL-1.0', 'MIT OR', '(MIT', 'MIT)', 'MIT ISC', '']) t.notOk(isPermitted(refused), refused);
});

t.test('what ships is read from the lock file: dual licences yes, development packages no', async (t) => {
  const packages = await shippedPackages(new URL('../../', import.meta.url).pathname);
  const forge = packages.find((each) => each.name === 'node-forge');
  t.match(forge, { licence: '(BSD-3-Clause OR GPL-2.0)' });
  t.ok(packages.some((each) => each.name === '@hapi/hapi'));
  t.notOk(packages.some((each) => each.name === 'eslint' || each.name === 'tap'));
  const folder = t.testdir({
    'package-lock.json': JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', license: 'ISC' }, 'node_modules/c': { version: '1.0.0', dev: true } } }),
    node_modules: { a: { 'package.json': JSON.stringify({ licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] }) } },
  });
  t.same(await shippedPackages(folder), [{ name: 'a', version: '1.0.0', licence: 'MIT OR GPL-2.0' }, { name: 'b', version: '2.0.0', licence: 'ISC' }]);
});
