import t from 'tap';
import { readFileSync } from 'node:fs';
import { canonicalize } from '../../core/audit/canonical.ts';
import { logKeyName } from '../../core/audit/checkpoint.ts';
import { entryMessage } from '../../core/audit/entry.ts';
import type { SealedEntry } from '../../core/audit/entry.ts';
import { leafHash, nodeHash } from '../../core/audit/merkle.ts';
import { fromHex, toHex } from '../../core/audit/primitives.ts';
import { noteKeyId } from '../../core/audit/signed-note.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { hashEntry, INSTALLATION, inPieces, simpleLog } from '../support/audit-log.ts';

const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');
const example = page.slice(page.indexOf('## Worked example'), page.indexOf('## What would break it'));

t.test('the worked example of docs/audit.md is what the code computes', async (t) => {
  const log = await simpleLog(3);
  const { entry, hash, signature } = log.entries[0] as SealedEntry;
  const [first, second, third] = log.entries.map((sealed) => leafHash(fromHex(sealed.hash))) as [Uint8Array, Uint8Array, Uint8Array];
  const node = nodeHash(first, second);
  const body = canonicalize(entry);
  t.equal(/^```\n(.*)\n```$/m.exec(example)?.[1], body);
  t.match(example, `(${Buffer.byteLength(body)} bytes of UTF-8`);
  const values: [name: string, value: string][] = [
    ['public key', toHex(log.key.publicKey)],
    ['keyId', log.key.keyId],
    ['note key ID', noteKeyId({ name: logKeyName(INSTALLATION), publicKey: log.key.publicKey })],
    ['hash', hash],
    ['signed bytes', toHex(entryMessage(hashEntry(entry)))],
    ['signature', signature],
    ['leaf hash 0', toHex(first)],
    ['leaf hash 1', toHex(second)],
    ['leaf hash 2', toHex(third)],
    ['node (0, 1)', toHex(node)],
    ['root of 3', toHex(nodeHash(node, third))],
  ];
  for (const [name, value] of values) t.match(example, `    ${name.padEnd(15)}${value}\n`, name);
});

t.test('the bundle printed there is the one written, and verifies', async (t) => {
  const bundle = /^```ndjson\n([^`]+)```$/m.exec(example)?.[1] ?? '';
  t.equal(bundle, (await (await simpleLog(3)).bundle({ fromSeq: 2, toSeq: 2 })).toString());
  t.match(await verifyBundle(inPieces(Buffer.from(bundle))), { ok: true, entries: 1, head: { size: 3 } });
});
