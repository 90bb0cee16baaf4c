import t from 'tap';
import { keyCreated, keyRetired } from '../../core/audit/key-log.ts';
import { toBase64 } from '../../core/audit/primitives.ts';
import { verifyBundle } from '../../core/audit/verify.ts';
import { draftEntry, firstKeyLog, HARBOR, inPieces, INSTALLATION, keyEventOf, sealChain, simpleLog, testKey, testLog } from '../support/audit-log.ts';

const SIZE = 21;

t.test('every range of a log is written and verifies against its head', async (t) => {
  const log = await simpleLog(SIZE);
  for (let fromSeq = 1; fromSeq <= SIZE + 1; fromSeq++) {
    for (let toSeq = fromSeq - 1; toSeq <= SIZE; toSeq++) {
      const verdict = await verifyBundle(inPieces(await log.bundle({ fromSeq, toSeq })));
      if (!verdict.ok || verdict.entries !== toSeq - fromSeq + 1) t.fail(`${fromSeq} to ${toSeq}: ${JSON.stringify(verdict.firstBad)}`);
    }
  }
  t.pass('all ranges');
  const empty = await verifyBundle(inPieces(await (await simpleLog(0)).bundle()));
  t.match(empty, { ok: true, entries: 0, head: { size: 0 } }, 'a log without entries');
});

t.test('the verdict does not depend on how the bytes arrive', async (t) => {
  const log = await simpleLog(300);
  const sound = await log.bundle();
  const broken = Buffer.from(sound.toString().replace('"seq":173,', '"seq":174,'));
  for (const length of [29, 613, 5000, 1 << 20]) {
    t.match(await verifyBundle(inPieces(sound, length)), { ok: true, entries: 300 }, `pieces of ${length}`);
    t.match(await verifyBundle(inPieces(broken, length)), { ok: false, entries: 172, firstBad: { seq: 174, fault: 'hash' } }, `broken, pieces of ${length}`);
  }
});

t.test('a bundle large enough for workers gives the same verdict, and its first fault', async (t) => {
  const log = await simpleLog(3000);
  const sound = await log.bundle();
  const progress: number[] = [];
  const verdict = await verifyBundle(inPieces(sound), { onProgress: ({ entries }) => progress.push(entries) });
  t.match(verdict, { ok: true, entries: 3000, head: { size: 3000 } });
  t.same(progress, [...progress].sort((a, b) => a - b));
  t.equal(progress.at(-1), 3000);
  const lines = sound.toString().split('\n');
  lines[2900] = (lines[2900] as string).replace('"ok"', '"failed"');
  lines[2500] = (lines[2500] as string).replace('"ok"', '"failed"');
  t.match(await verifyBundle(inPieces(Buffer.from(lines.join('\n')))), { ok: false, entries: 2499, firstBad: { seq: 2500, fault: 'hash', id: draftEntry(2500).id } });
});

t.test('an older checkpoint', async (t) => {
  const log = await simpleLog(SIZE);
  for (const size of [0, 1, 7, 8, SIZE]) t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: await log.checkpoint(size) }), { ok: true, checkpointResult: 'confirmed' }, `of size ${size}`);
  const partial = await log.bundle({ fromSeq: 9, toSeq: 15 });
  const expected: [size: number, result: string][] = [[7, 'not-covered'], [8, 'confirmed'], [12, 'confirmed'], [15, 'confirmed'], [16, 'not-covered'], [SIZE, 'confirmed']];
  for (const [size, checkpointResult] of expected) {
    t.match(await verifyBundle(inPieces(partial), { checkpoint: await log.checkpoint(size) }), { ok: checkpointResult === 'confirmed', firstBad: null, checkpointResult }, `of size ${size}, entries 9 to 15`);
  }
  const harbor = await simpleLog(SIZE, testKey(1), '0192f0c4-0000-7000-8000-0000000000b2');
  t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: await harbor.checkpoint() }), { ok: false, checkpointResult: 'other-log' });
  t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: 'hello' }), { ok: false, checkpointResult: 'unreadable' });
  const kept = await log.checkpoint(7);
  for (const text of [kept.replaceAll('\n', '\r\n'), kept.trimEnd(), `\n${kept}\n`]) t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: text }), { checkpointResult: 'confirmed' }, 'as editors and mail leave it');
  const forged = kept.replace('\n7\n', '\n8\n');
  t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: forged }), { ok: false, checkpointResult: 'bad-signature' });
});

t.test('a head of another log is none of this one, whatever its root', async (t) => {
  const { entries, key, bundle } = await simpleLog(SIZE);
  const theirs = await (await testLog(entries, key, { workspace: HARBOR })).checkpoint();
  t.match(await verifyBundle(inPieces(await bundle({}, { checkpoint: theirs }))), { ok: false, firstBad: { fault: 'workspace' } });
  t.match(await verifyBundle(inPieces(await bundle({ fromSeq: SIZE + 1 }, { checkpoint: theirs }))), { ok: false, firstBad: { fault: 'workspace' } }, 'also where no entry says of which workspace it is');
});

t.test('keys change during a log’s life', async (t) => {
  const [first, second] = [testKey(1), testKey(2)];
  const at = draftEntry(10).at;
  const keyLog = firstKeyLog(first);
  keyLog.push(keyCreated(keyLog, INSTALLATION, at, second, first));
  keyLog.push(keyRetired(keyLog, at, first.keyId, second));
  const before = sealChain(Array.from({ length: 10 }, (_, i) => draftEntry(i + 1)), first);
  const entries = sealChain(Array.from({ length: 10 }, (_, i) => draftEntry(i + 11)), second, before);
  const log = await testLog(entries, second, { keyLog });
  const older = await (await testLog(before, first)).checkpoint();
  const verdict = await verifyBundle(inPieces(await log.bundle()), { checkpoint: older, trustedKeys: [first.publicKey] });
  t.match(verdict, { ok: true, entries: 20, checkpointResult: 'confirmed' }, 'an old checkpoint and an old key still speak for the log');
  t.same(verdict.header?.keys.map(({ keyId, retiredAt }) => [keyId, retiredAt]), [[first.keyId, at], [second.keyId, null]]);

  const late = await testLog(sealChain(Array.from({ length: 20 }, (_, i) => draftEntry(i + 1)), first), second, { keyLog });
  t.match(await verifyBundle(inPieces(await late.bundle())), { ok: false, firstBad: { fault: 'key', seq: 16 } }, 'a retired key goes on signing: refused beyond five minutes');
  t.match(await verifyBundle(inPieces(await log.bundle({}, { key: first }))), { ok: false, firstBad: { fault: 'key' } }, 'nor does it sign the file any more');
  const early = await testLog(sealChain(Array.from({ length: 20 }, (_, i) => draftEntry(i + 1)), second), second, { keyLog });
  t.match(await verifyBundle(inPieces(await early.bundle())), { ok: false, firstBad: { fault: 'key', seq: 1 } }, 'a key signs before it was');
});

t.test('a key of the log that is for something else signs neither entries nor a checkpoint nor a bundle', async (t) => {
  const [own, other] = [testKey(1), testKey(2)];
  const first = firstKeyLog(own);
  const keyLog = [...first, keyEventOf(first, { keyId: other.keyId, publicKey: toBase64(other.publicKey), purpose: 'timestamps' }, [own, other])];
  const { entries } = await simpleLog(SIZE);
  const log = await testLog(entries, own, { keyLog });
  t.match(await verifyBundle(inPieces(await log.bundle())), { ok: true }, 'it may stand in the log');
  const theirs = await (await testLog(entries, other)).checkpoint();
  t.match(await verifyBundle(inPieces(await log.bundle({}, { checkpoint: theirs }))), { ok: false, firstBad: { fault: 'checkpoint' } }, 'the head');
  t.match(await verifyBundle(inPieces(await log.bundle()), { checkpoint: theirs }), { ok: false, checkpointResult: 'unknown-key' }, 'one that was kept');
  t.match(await verifyBundle(inPieces(await log.bundle({}, { key: other }))), { ok: false, firstBad: { fault: 'key' } }, 'the file');
  const more = await testLog(sealChain([draftEntry(SIZE + 1)], other, entries), own, { keyLog });
  t.match(await verifyBundle(inPieces(await more.bundle())), { ok: false, firstBad: { fault: 'key', seq: SIZE + 1 } }, 'an entry');
});

t.test('what the lines around the entries say is held against them', async (t) => {
  const log = await simpleLog(SIZE);
  const text = (await log.bundle()).toString();
  const quoted = (note: string): string => JSON.stringify(note);
  const short = text.replace(quoted(await log.checkpoint()), quoted(await log.checkpoint(SIZE - 1)));
  const counted = text.replace(`"count":${SIZE}`, `"count":${SIZE - 1}`);
  for (const [changed, fault] of [[short, 'checkpoint'], [counted, 'truncated']] as const) {
    t.not(changed, text);
    t.match(await verifyBundle(inPieces(Buffer.from(changed))), { ok: false, firstBad: { fault } });
  }
});

t.test('what is written is refused where it cannot be verified', async (t) => {
  const log = await simpleLog(5);
  await t.rejects(log.bundle({ toSeq: 6 }), RangeError, 'a range beyond the checkpoint');
  await t.rejects(log.bundle({ fromSeq: 0 }), RangeError, 'a range from 0');
  await t.rejects(log.bundle({}, { entries: log.entries.slice(0, 4) }), RangeError, 'an entry short');
  await t.rejects(log.bundle({}, { entries: log.entries.slice(1) }), RangeError, 'the first missing');
  await t.rejects(log.bundle({}, { entries: [...log.entries, ...log.entries] }), RangeError, 'more than the range');
});

t.test('a bundle has one spelling: anything else is a format fault', async (t) => {
  const text = (await (await simpleLog(5)).bundle()).toString();
  const lines = text.split('\n');
  const refused: [name: string, text: string | Buffer, fault: string][] = [
    ['a byte order mark', `\ufeff${text}`, 'format'],
    ['blanks', text.replace('{"entry":{"action":', '{"entry": {"action":'), 'format'],
    ['a duplicate key', text.replace('{"entry":{"action":', '{"entry":{"action":"contact.deleted","action":'), 'format'],
    ['another order', text.replace(/"ip":"192.0.2.7","outcome":"ok"/, '"outcome":"ok","ip":"192.0.2.7"'), 'format'],
    ['an escaped letter', text.replace('Zoë', 'Zo\\u00eb'), 'format'],
    ['a carriage return', text.replaceAll('\n', '\r\n'), 'format'],
    ['an empty line', text.replace('\n', '\n\n'), 'format'],
    ['a field too many', text.replace('{"entry":{"action"', '{"entry":{"Action":1,"action"'), 'format'],
    ['not UTF-8', Buffer.from(text.replace('Zoë', 'Zo?')).map((byte) => (byte === 0x3f ? 0xff : byte)) as Buffer, 'format'],
    ['another version', text.replace('audit-bundle","v":1', 'audit-bundle","v":2'), 'format'],
    ['nothing', '', 'truncated'],
    ['another file', 'hello\n', 'format'],
    ['a line without end', 'x'.repeat(9 * 1024 * 1024), 'format'],
    ['something after the end', `${text}{}\n`, 'format'],
    ['two ends', `${text}${lines.at(-2)}\n`, 'format'],
    ['no Merkle part', lines.toSpliced(6, 1).join('\n'), 'format'],
    ['nesting without measure', text.replace('"detail":{}', `"detail":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'format'],
  ];
  for (const [name, changed, fault] of refused) {
    const verdict = await verifyBundle(inPieces(Buffer.from(changed)));
    t.match(verdict, { ok: false, firstBad: { fault } }, name);
    if (name === 'an empty line') t.equal(verdict.firstBad?.seq, 1, 'the entry that was due there is named');
    t.notMatch(verdict.firstBad?.detail ?? '', /Ruiz|192\.0/, `${name}: no contents in the text`);
  }
  for (let length = 0; length < text.length; length += 97) {
    const verdict = await verifyBundle(inPieces(Buffer.from(text.slice(0, length))));
    if (verdict.ok || verdict.firstBad?.fault !== 'truncated') t.fail(`cut at ${length}: ${JSON.stringify(verdict.firstBad)}`);
  }
});
