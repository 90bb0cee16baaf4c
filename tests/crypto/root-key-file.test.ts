import t from 'tap';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRootKeys } from '../../core/boot.ts';
import { readConfig } from '../../core/config.ts';
import { createRootKeyFile, prependRootKey, readRootKeyFile, removeRootKey, rootKeyInfo, RootKeyFileError } from '../../core/crypto/root-key-file.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';

t.test('init makes a private file that the configuration reads, and never overwrites one', async (t) => {
  const dir = t.testdir();
  const file = join(dir, 'root.keys');
  const { id, fingerprint } = await createRootKeyFile(file, Date.UTC(2026, 2, 4));
  t.match(id, /^root-2026-03-04-[0-9a-f]{6}$/);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(execFileSync('sh', ['-c', `cut -d: -f2 ${file} | base64 -d | sha256sum | cut -d' ' -f1`]).toString().trim(), fingerprint, 'the fingerprint is what sha256sum says');
  const config = await withRootKeys(readConfig('production', { WARDKEEP_ROOT_KEYS_FILE: file }));
  t.same(config.rootKeys.map(rootKeyInfo), [{ id, fingerprint }]);

  const before = readFileSync(file, 'utf8');
  await t.rejects(createRootKeyFile(file), RootKeyFileError);
  t.equal(readFileSync(file, 'utf8'), before, 'untouched');
  t.same(readdirSync(dir), ['root.keys'], 'no temporary file is left');
});

t.test('rotation puts a new key in front; the old one can go once nothing needs it', async (t) => {
  const file = join(t.testdir(), 'root.keys');
  const old = await createRootKeyFile(file);
  const sealed = await localRootKeys(await readRootKeyFile(file)).wrap(Buffer.from('a data key'), 'context');
  const next = await prependRootKey(file);
  const both = localRootKeys(await readRootKeyFile(file));
  t.same(both.keyIds, [next.id, old.id]);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal((await both.unwrap(sealed, 'context')).toString(), 'a data key', 'the old key still opens');
  t.equal(both.wrappedBy(await both.wrap(Buffer.from('x'), 'context')), next.id, 'the new one wraps');
  await t.rejects(both.unwrap(sealed, 'another context'), { name: 'EnvelopeError' });

  await t.rejects(removeRootKey(file, next.id), /wrapping key/);
  await t.rejects(removeRootKey(file, 'nobody'), /no key/);
  await removeRootKey(file, old.id);
  await t.rejects(localRootKeys(await readRootKeyFile(file)).unwrap(sealed, 'context'), { name: 'EnvelopeError' });
});

t.test('a file that is not one is refused without quoting it', async (t) => {
  const file = join(t.testdir(), 'root.keys');
  await t.rejects(readRootKeyFile(file), /cannot be read/);
  const key = Buffer.alloc(32, 1).toString('base64');
  for (const text of ['', 'secret', `a:${key.slice(4)}`, `A b:${key}`, `a:${key},a:${key}`]) {
    writeFileSync(file, text, { mode: 0o600 });
    const error = await readRootKeyFile(file).then(() => null, (thrown: Error) => thrown);
    t.ok(error instanceof RootKeyFileError, JSON.stringify(text));
    t.notMatch(error?.message, /secret|AQEB/);
  }
  writeFileSync(file, `a:${key}`);
  for (const mode of [0o644, 0o604, 0o660, 0o640, 0o440]) {
    chmodSync(file, mode);
    await t.rejects(readRootKeyFile(file), /chmod 600/, `${mode.toString(8)}, and its own group reads it only where the file is somebody else's`);
  }
});
