import t from 'tap';
import { FormatError } from '../../core/audit/format-error.ts';
import { keyCreated, keyRetired, readKeyLog } from '../../core/audit/key-log.ts';
import type { SealedKeyEvent } from '../../core/audit/key-log.ts';
import { toBase64 } from '../../core/audit/primitives.ts';
import { firstKeyLog, INSTALLATION, KEY_CREATED_AT, keyEventOf, testKey } from '../support/audit-log.ts';

const [first, second, thief] = [testKey(1), testKey(2), testKey(66)];
const LATER = '2025-06-01T00:00:00.000Z';

function rotated(): SealedKeyEvent[] {
  const log = firstKeyLog(first);
  log.push(keyCreated(log, INSTALLATION, LATER, second, first));
  log.push(keyRetired(log, LATER, first.keyId, second));
  return log;
}

t.test('the life of keys is read from the log', async (t) => {
  t.match(readKeyLog(rotated(), INSTALLATION), [
    { keyId: first.keyId, createdAt: KEY_CREATED_AT, retiredAt: LATER, purpose: 'audit' },
    { keyId: second.keyId, createdAt: LATER, retiredAt: null, purpose: 'audit' },
  ]);
});

t.test('a log that proves nothing is refused', async (t) => {
  const log = rotated();
  const [created, added, retired] = log as [SealedKeyEvent, SealedKeyEvent, SealedKeyEvent];
  const stamped = [created, keyEventOf([created], { keyId: second.keyId, publicKey: toBase64(second.publicKey), purpose: 'timestamps' }, [first, second])];
  t.equal(readKeyLog(stamped, INSTALLATION).length, 2, 'one for something else may stand there');
  const borrowed = { ...second, sign: (message: Uint8Array) => thief.sign(message) };
  const refused: [name: string, log: readonly SealedKeyEvent[]][] = [
    ['empty', []],
    ['the beginning left out', [added, retired]],
    ['an event left out', [created, retired]],
    ['another order', [created, retired, added]],
    ['a date changed', [created, { ...added, event: { ...added.event, at: KEY_CREATED_AT } }, retired]],
    ['a key nobody alive let in', [created, keyCreated([created], INSTALLATION, LATER, thief, null)]],
    ['a key let in by one that is not in the log', [created, keyCreated([created], INSTALLATION, LATER, second, thief)]],
    ['a key that did not sign itself', [created, keyCreated([created], INSTALLATION, LATER, borrowed, first)]],
    ['a key let in by a retired one', [...log, keyCreated(log, INSTALLATION, LATER, thief, first)]],
    ['a retired key let in again', [...log, keyCreated(log, INSTALLATION, LATER, first, second)]],
    ['a key under an ID that is not its own', [...log, keyEventOf(log, { event: 'created', keyId: 'f'.repeat(16), publicKey: toBase64(thief.publicKey) }, [second, { ...thief, keyId: 'f'.repeat(16) }])]],
    ['a key let in by one that is for something else', [...stamped, keyCreated(stamped, INSTALLATION, LATER, thief, second)]],
    ['one signature, many times', [{ ...created, signatures: [...created.signatures, ...created.signatures] }]],
    ['retired twice', [...log, keyRetired(log, LATER, first.keyId, second)]],
    ['retired by a stranger', [created, added, keyRetired([created, added], LATER, first.keyId, thief)]],
    ['back in time', [created, added, keyRetired([created, added], KEY_CREATED_AT, first.keyId, second)]],
    ['another installation’s event', [created, keyCreated([created], 'elsewhere', LATER, second, first)]],
    ['a signature swapped', [created, { ...added, signatures: added.signatures.map(({ keyId }) => ({ keyId, signature: added.signatures[0]?.signature as string })) }, retired]],
  ];
  for (const [name, events] of refused) t.throws(() => readKeyLog(events, INSTALLATION), FormatError, name);
  t.throws(() => readKeyLog(log, 'elsewhere'), FormatError, 'the log of another installation');
  t.throws(() => keyRetired(log, LATER, thief.keyId, second), RangeError, 'retiring an unknown key');
});
