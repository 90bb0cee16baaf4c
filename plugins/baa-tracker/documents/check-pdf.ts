import { createInflate } from 'node:zlib';
import { fault } from '../../../core/plugin.ts';

/*
 * Whether bytes are a PDF that somebody can be handed (ISO 32000-2): whole, not encrypted, and without anything that acts when it is opened.
 * Names are looked for in the file's text and, as writers since PDF 1.5 pack objects into compressed streams, inside those too. Nothing is
 * rendered here; what is unpacked is counted as it comes, so a small file cannot fill the memory.
 */

export const PDF_BYTES_MAX = 15 * 1024 * 1024;
/** A scanned page at 300 dpi in colour is some 26 MB unpacked. */
const UNPACKED_MAX = 512 * 1024 * 1024;
const OBJECTS_MAX = 16 * 1024 * 1024;
const STREAMS_MAX = 20_000;

/** Actions, scripts, attachments, forms with code and players (ISO 32000-2 clauses 7.11.4, 12.6.4, 12.7.8, 13). */
const ACTIVE = /\/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData|GoToE|Rendition|Movie|Sound)(?![A-Za-z0-9])/;

/**
 * @throws Fault baa-tracker.document.no_pdf · damaged · locked · active · bomb
 */
export async function checkPdf(bytes: Buffer): Promise<void> {
  if (!/^%PDF-(?:1\.[0-7]|2\.0)/.test(bytes.subarray(0, 8).toString('latin1'))) throw fault('baa-tracker.document.no_pdf');
  const text = bytes.toString('latin1');
  if (!/startxref\s+\d+\s+%%EOF\s*$/.test(text.slice(-2048)) || !/\bobj\b/.test(text)) throw fault('baa-tracker.document.damaged');
  refuseNames(text);
  const budget = { bytes: UNPACKED_MAX, objects: OBJECTS_MAX };
  let streams = 0;
  for (const { dictionary, from, to } of streamsOf(text)) {
    if ((streams += 1) > STREAMS_MAX) throw fault('baa-tracker.document.bomb');
    const isObjects = /\/ObjStm(?![A-Za-z0-9])/.test(dictionary);
    const filters = dictionary.match(/\/(?:\w+Decode|Crypt)(?![A-Za-z0-9])/g) ?? [];
    // Objects behind a filter that is not looked through could hold anything.
    if (isObjects && filters.some((filter) => filter !== '/FlateDecode')) throw fault('baa-tracker.document.active');
    if (filters[0] !== '/FlateDecode') continue;
    const unpacked = await inflate(bytes.subarray(from, to), budget, isObjects);
    if (unpacked !== null) refuseNames(unpacked);
  }
}

function refuseNames(text: string): void {
  const plain = text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))); // clause 7.3.5: /J#53 is /JS
  if (/\/Encrypt(?![A-Za-z0-9])/.test(plain)) throw fault('baa-tracker.document.locked');
  if (ACTIVE.test(plain)) throw fault('baa-tracker.document.active');
}

function* streamsOf(text: string): Generator<{ dictionary: string; from: number; to: number }> {
  const start = /stream\r?\n/g;
  for (let found = start.exec(text); found !== null; found = start.exec(text)) {
    if (text.slice(found.index - 3, found.index) === 'end') continue;
    const from = found.index + found[0].length;
    const to = text.indexOf('endstream', from);
    if (to < 0) throw fault('baa-tracker.document.damaged');
    const object = text.lastIndexOf(' obj', found.index);
    yield { dictionary: text.slice(Math.max(object, found.index - 4096, 0), found.index), from, to };
    start.lastIndex = to;
  }
}

/** Counts against the budget; yields the text of object streams, null for others. A stream that does not unpack is damaged only if objects lie in it. */
function inflate(bytes: Buffer, budget: { bytes: number; objects: number }, keep: boolean): Promise<string | null> {
  return new Promise((done, fail) => {
    const kept: Buffer[] = [];
    const inflater = createInflate();
    inflater.on('data', (piece: Buffer) => {
      budget.bytes -= piece.length;
      if (keep) budget.objects -= piece.length;
      if (budget.bytes < 0 || budget.objects < 0) {
        inflater.destroy();
        fail(fault('baa-tracker.document.bomb'));
      } else if (keep) kept.push(piece);
    });
    inflater.once('error', (cause) => (keep ? fail(fault('baa-tracker.document.damaged', { cause })) : done(null)));
    inflater.once('end', () => done(keep ? Buffer.concat(kept).toString('latin1') : null));
    inflater.end(bytes);
  });
}
