import t from 'tap';
import { generateKeyPairSync } from 'node:crypto';
import { signingKey } from '../../core/audit/signing-key.ts';
import { checkEntries } from '../../core/audit/check-block.ts';
import { entryMessage, NO_PREVIOUS, parseEntry, parseSealedEntry } from '../../core/audit/entry.ts';
import type { AuditEntry, SealedEntry } from '../../core/audit/entry.ts';
import { FormatError } from '../../core/audit/format-error.ts';
import { toBase64, toHex } from '../../core/audit/primitives.ts';
import { keyIdOf } from '../../core/audit/key-id.ts';
import { hashEntry, signEntry } from '../support/audit-log.ts';

const key = signingKey(generateKeyPairSync('ed25519').privateKey);

const entry: AuditEntry = {
  v: 1,
  workspace: '8f14e45f-ceea-467f-a0c1-1d1d0e9c7d11',
  seq: 1,
  id: '0192f0c4-8f6a-7d2c-9a53-0d6f1f9f4b10',
  at: '2025-01-02T03:04:05.678Z',
  actor: { kind: 'user', id: '0192f0c4-8f6a-7d2c-9a53-0d6f1f9f4b11', name: 'Zoë' },
  action: 'contact.read',
  outcome: 'ok',
  target: { type: 'contact', id: '0192f0c4-8f6a-7d2c-9a53-0d6f1f9f4b12' },
  ip: '192.0.2.7',
  userAgent: null,
  requestId: null,
  detail: { fields: ['phone', 'email'], count: 2 },
  prev: NO_PREVIOUS,
};

const faultOf = (sealed: SealedEntry): string | null => {
  const known = { keyId: key.keyId, publicKey: toBase64(key.publicKey), purpose: 'audit', createdAt: entry.at, retiredAt: null };
  return checkEntries({ workspace: sealed.entry.workspace, keys: [known] }, [sealed]).fault?.fault ?? null;
};

t.test('a sealed entry verifies under its key and survives its own JSON', async (t) => {
  const sealed = signEntry(entry, key);
  t.equal(sealed.hash, toHex(hashEntry(entry)));
  t.equal(sealed.keyId, keyIdOf(key.publicKey));
  t.equal(faultOf(sealed), null);
  t.same(parseSealedEntry(JSON.parse(JSON.stringify(sealed))), sealed);
});

t.test('the order in which fields were written does not matter', async (t) => {
  const reversed = Object.fromEntries(Object.entries(entry).reverse());
  t.equal(toHex(hashEntry(reversed as unknown as AuditEntry)), toHex(hashEntry(entry)));
});

t.test('any field changed breaks the hash; hash mended, the signature', async (t) => {
  const sealed = signEntry(entry, key);
  const changes: Partial<AuditEntry>[] = [
    { workspace: entry.id },
    { seq: 2 },
    { id: entry.workspace },
    { at: '2025-01-02T03:04:05.679Z' },
    { actor: { ...entry.actor, name: 'Zoe' } },
    { action: 'contact.list' },
    { outcome: 'refused' },
    { target: null },
    { ip: null },
    { userAgent: '' },
    { requestId: '' },
    { detail: { ...entry.detail, count: 3 } },
    { prev: 'f'.repeat(64) },
  ];
  for (const change of changes) {
    const changed = { ...sealed, entry: { ...entry, ...change } };
    t.equal(faultOf(changed), 'hash', Object.keys(change).join());
    t.equal(faultOf({ ...changed, hash: toHex(hashEntry(changed.entry)) }), 'signature', `${Object.keys(change).join()}, hash mended`);
  }
});

t.test('a signature over the bare hash is not one over an entry', async (t) => {
  const hash = hashEntry(entry);
  t.equal(toHex(entryMessage(hash)), `${Buffer.from('wardkeep-audit-entry-v1\n').toString('hex')}${toHex(hash)}`);
  const signature = Buffer.from(key.sign(hash)).toString('base64');
  t.equal(faultOf({ entry, hash: toHex(hash), keyId: key.keyId, signature }), 'signature');
});

t.test('strict reading', async (t) => {
  const { ip: _, ...withoutIp } = entry;
  const refused: [name: string, value: unknown][] = [
    ['not an object', [entry]],
    ['a missing field', withoutIp],
    ['a field too many', { ...entry, note: 'x' }],
    ['a field too many in actor', { ...entry, actor: { ...entry.actor, role: 'ADMIN' } }],
    ['a field too many in target', { ...entry, target: { ...entry.target, label: 'x' } }],
    ['another version', { ...entry, v: 2 }],
    ['an upper-case UUID', { ...entry, id: entry.id.toUpperCase() }],
    ['seq 0', { ...entry, seq: 0 }],
    ['seq 1.5', { ...entry, seq: 1.5 }],
    ['seq as text', { ...entry, seq: '1' }],
    ['seq beyond 2^53', { ...entry, seq: 2 ** 53 }],
    ['no milliseconds', { ...entry, at: '2025-01-02T03:04:05Z' }],
    ['an offset', { ...entry, at: '2025-01-02T03:04:05.678+01:00' }],
    ['a day that is not', { ...entry, at: '2025-02-30T03:04:05.678Z' }],
    ['an unknown actor kind', { ...entry, actor: { ...entry.actor, kind: 'root' } }],
    ['an unknown outcome', { ...entry, outcome: 'maybe' }],
    ['an action without a noun', { ...entry, action: 'read' }],
    ['detail as a list', { ...entry, detail: [] }],
    ['detail null', { ...entry, detail: null }],
    ['prev too short', { ...entry, prev: '00' }],
  ];
  for (const [name, value] of refused) t.throws(() => parseEntry(value), FormatError, name);
  const sealed = signEntry(entry, key);
  t.throws(() => parseSealedEntry({ ...sealed, row: 1 }), FormatError, 'a field too many beside the entry');
  t.throws(() => parseSealedEntry({ ...sealed, signature: sealed.signature.slice(0, -1) }), FormatError, 'signature without padding');
  t.throws(() => signEntry({ ...entry, action: 'x' }, key), FormatError, 'what cannot be read back is not sealed');
  t.throws(() => signEntry({ ...entry, detail: { a: undefined } as unknown as AuditEntry['detail'] }, key), FormatError, 'nor what is not JSON');
});

t.test('only Ed25519 private keys sign', async (t) => {
  t.throws(() => signingKey(generateKeyPairSync('ed25519').publicKey), TypeError);
  t.throws(() => signingKey(generateKeyPairSync('x25519').privateKey), TypeError);
});
