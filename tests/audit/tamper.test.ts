import t from 'tap';
import { verifyBundle } from '../../core/audit/verify.ts';
import { inPieces, simpleLog, testKey } from '../support/audit-log.ts';
import { OLDER_SIZE, SIZE, tamperedBundles } from '../support/tampered-bundles.ts';

const log = await simpleLog(SIZE);
const older = await log.checkpoint(OLDER_SIZE);

t.test('positive control: the untouched bundle holds, alone and against the older checkpoint', async (t) => {
  const bundle = await log.bundle();
  t.match(await verifyBundle(inPieces(bundle)), { ok: true, entries: SIZE, firstBad: null, checkpointResult: 'none' });
  t.match(await verifyBundle(inPieces(bundle), { checkpoint: older, trustedKeys: [log.key.publicKey] }), { ok: true, entries: SIZE, checkpointResult: 'confirmed' });
});

for (const { name, bundle, alone, withOlder } of await tamperedBundles(log)) {
  t.test(name, async (t) => {
    if (alone) t.match(await verifyBundle(inPieces(bundle)), { ok: false, firstBad: alone }, 'seen from the file alone');
    else t.match(await verifyBundle(inPieces(bundle)), { ok: true, firstBad: null }, 'the file alone cannot show it');
    const { checkpointResult, ...firstBad } = withOlder;
    t.match(await verifyBundle(inPieces(bundle), { checkpoint: older }), { ok: false, firstBad, ...(checkpointResult && { checkpointResult }) }, 'seen against the older checkpoint');
  });
}

t.test('a log made anew under another key shows to whoever knows the key', async (t) => {
  const forged = await (await simpleLog(SIZE, testKey(66))).bundle();
  t.match(await verifyBundle(inPieces(forged), { trustedKeys: [log.key.publicKey] }), { ok: false, firstBad: { fault: 'key', seq: null } });
});

t.test('any single byte changed anywhere is seen', async (t) => {
  const bundle = await (await simpleLog(3)).bundle();
  let unseen = 0;
  for (let at = 0; at < bundle.length; at += 3) {
    const changed = Buffer.from(bundle);
    changed[at] = (changed[at] as number) ^ 0x01;
    if ((await verifyBundle(inPieces(changed))).ok) unseen++;
  }
  t.equal(unseen, 0);
});
