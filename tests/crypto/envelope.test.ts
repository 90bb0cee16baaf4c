import t from 'tap';
import { EnvelopeError, keyIdOf } from '../../core/crypto/envelope.ts';
import { WorkspaceKeys, type KeyVersion } from '../../core/crypto/keyring.ts';

const WORKSPACE = '018f0000-0000-7000-8000-000000000001';
const place = { table: 'contacts', column: 'notes', rowId: '018f0000-0000-7000-8000-0000000000aa' };
const version = (number: number, status: KeyVersion['status'], fill = number): KeyVersion => ({ version: number, status, bytes: Buffer.alloc(32, fill) });
const ring = (workspaceId = WORKSPACE, data = [version(1, 'active')], index = [version(1, 'active', 9)]) => new WorkspaceKeys(workspaceId, data, index, () => undefined);

t.test('a sealed value opens in its own place only', async (t) => {
  const keys = ring();
  const sealed = keys.seal('Penicillin: hives', place);
  t.match(sealed, /^v1\.d1\.[\w-]{16}\.[\w-]+$/);
  t.equal(keyIdOf(sealed), 'd1');
  t.equal(keys.open(sealed, place).toString(), 'Penicillin: hives');
  t.not(keys.seal('Penicillin: hives', place), sealed, 'a nonce of its own each time');
  const together = keys.sealEach([1, 2, 3].map(() => ({ plaintext: 'Penicillin: hives', place })));
  t.equal(new Set([sealed, ...together].map((each) => each.split('.')[2])).size, 4, 'several sealed together as well');
  for (const each of together) t.equal(keys.open(each, place).toString(), 'Penicillin: hives');
  t.same(keys.sealEach([]), []);
  for (const moved of [{ ...place, table: 'activities' }, { ...place, column: 'given_name' }, { ...place, rowId: '018f0000-0000-7000-8000-0000000000ab' }]) {
    t.throws(() => keys.open(sealed, moved), EnvelopeError);
  }
  t.throws(() => ring('018f0000-0000-7000-8000-000000000002').open(sealed, place), EnvelopeError, 'even where two workspaces had one key');
  t.throws(() => ring(WORKSPACE, [version(1, 'active', 2)]).open(sealed, place), { message: 'Sealed value: not authentic' });
  t.throws(() => ring(WORKSPACE, [version(2, 'active')]).open(sealed, place), { message: 'Sealed value: unknown key' });
});

t.test('no altered character opens', async (t) => {
  const keys = ring();
  const sealed = keys.seal('O Rh D positive', place);
  for (let at = 0; at < sealed.length; at++) {
    for (const other of ['A', 'B', '_', '.', '=', ' ']) {
      if (sealed[at] === other) continue;
      t.throws(() => keys.open(sealed.slice(0, at) + other + sealed.slice(at + 1), place), EnvelopeError, `character ${at}`);
    }
    t.throws(() => keys.open(sealed.slice(0, at), place), EnvelopeError, `cut at ${at}`);
  }
  t.throws(() => keys.open(`${sealed}\n`, place), EnvelopeError);
  t.throws(() => keys.open('Penicillin: hives', place), { message: 'Sealed value: malformed' });
});

t.test('the empty text and bytes that are not text survive', async (t) => {
  const keys = ring();
  t.equal(keys.open(keys.seal('', place), place).length, 0);
  const bytes = Buffer.from([0, 255, 128, 10]);
  t.same(keys.open(keys.seal(bytes, place), place), bytes);
});

t.test('while keys rotate, the new version seals, both open, and both tags are looked up', async (t) => {
  const before = ring();
  const during = ring(WORKSPACE, [version(2, 'active'), version(1, 'decrypt')], [version(1, 'decrypt', 9), version(2, 'active', 10)]);
  t.equal(during.sealingKeyId, 'd2');
  t.equal(during.open(before.seal('x', place), place).toString(), 'x');
  t.throws(() => before.open(during.seal('x', place), place), { code: 'key.rotated' });
  t.not(during.tag('name', '=rose'), before.tag('name', '=rose'));
  t.same(during.tags('name', '=rose'), [during.tag('name', '=rose'), before.tag('name', '=rose')]);
  t.throws(() => ring(WORKSPACE, [version(1, 'decrypt')]), /no active key/);
});

t.test('every encryption is counted', async (t) => {
  let count = 0;
  const keys = new WorkspaceKeys(WORKSPACE, [version(1, 'active')], [version(1, 'active')], () => {
    count += 1;
  });
  keys.open(keys.seal('x', place), place);
  keys.seal('y', place);
  t.equal(count, 2);
});
