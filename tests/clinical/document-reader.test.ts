import t from 'tap';
import { openDocumentReader } from '../../core/clinical/document-reader.ts';
import { readDocument } from '../../core/clinical/read-document.ts';
import { bytesOf, documentXml } from './build-document.ts';

const MEGABYTE = 1024 * 1024;
const sized = (bytes: number): Uint8Array => bytesOf(documentXml({ header: `<title>${'A visit. '.repeat(bytes / 9)}</title>` }));
const swarming = (elements: number): Uint8Array => bytesOf(documentXml({ header: '<x a="1"><y/></x>'.repeat(elements / 2) }));

t.test('a large document is read off this thread, to the same values', async (t) => {
  const reader = openDocumentReader();
  const bytes = Buffer.concat([Buffer.from('before'), sized(MEGABYTE)]).subarray(6); // a view of a larger buffer, as an upload's part is
  let turns = 0;
  const turn = (): void => void (turns += 1);
  const ticking = setInterval(turn, 1);
  setImmediate(turn);
  const document = await reader.read(bytes);
  clearInterval(ticking);
  t.ok(turns > 0, 'while it was read this thread did other work');
  t.same(document, readDocument(bytes));
  t.ok(bytes.length > MEGABYTE / 2, 'the caller keeps his bytes');
});

t.test('a refusal crosses with its code, reason and place', async (t) => {
  const reader = openDocumentReader({ inPlaceBytes: 0 });
  for (const bytes of [new Uint8Array(), bytesOf('<a>\n<b></a>'), bytesOf('<!DOCTYPE a><a/>'), bytesOf('<html/>')]) {
    let expected;
    try {
      readDocument(bytes);
    } catch (error) {
      expected = error as Error;
    }
    const refusal = await reader.read(bytes).catch((error: unknown) => error as Error);
    t.equal(refusal?.constructor, expected?.constructor);
    t.same({ ...refusal, message: (refusal as Error).message }, { ...expected, message: expected?.message });
  }
});

t.test('bounds of time and memory refuse the one document, and the next is read', async (t) => {
  await t.rejects(openDocumentReader({ inPlaceBytes: 0, readMs: 1 }).read(sized(MEGABYTE)), { code: 'document.too_slow' });
  const small = openDocumentReader({ inPlaceBytes: 0, heapMegabytes: 24, workers: 1 });
  const [large, ordinary] = await Promise.allSettled([small.read(swarming(180_000)), small.read(sized(2000))]);
  t.match(large, { status: 'rejected', reason: { code: 'document.too_large' } });
  t.equal(ordinary?.status, 'fulfilled');
});
