import t from 'tap';
import { deflateRawSync, crc32 } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import { ZIP_LIMITS, readZip } from '../../core/clinical/zip.ts';
import { isCompanionFile } from '../../core/clinical/companion-file.ts';
import type { ZipLimits } from '../../core/clinical/zip.ts';

const zipOf = async (files: Record<string, string | Uint8Array>): Promise<Buffer> => {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content as string), name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

type Raw = { name: string; data?: Buffer; packed?: Buffer; method?: number; size?: number; crc?: number; flags?: number; mode?: number; at?: number };

/** A ZIP written byte by byte, so that it may lie (APPNOTE 4.3). `at` points an entry at an earlier local header. */
function rawZip(entries: readonly Raw[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const data = entry.data ?? Buffer.from('x');
    const packed = entry.packed ?? data;
    const name = Buffer.from(entry.name);
    const shared = Buffer.alloc(22);
    shared.writeUInt16LE(entry.flags ?? 0, 0);
    shared.writeUInt16LE(entry.method ?? 0, 2);
    shared.writeUInt32LE(entry.crc ?? crc32(data), 8);
    shared.writeUInt32LE(packed.length, 12);
    shared.writeUInt32LE(entry.size ?? data.length, 16);
    shared.writeUInt16LE(name.length, 20);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(entry.mode === undefined ? 20 : 0x0314, 4);
    central.writeUInt16LE(20, 6);
    shared.copy(central, 8);
    central.writeUInt32LE((((entry.mode ?? 0) << 16) >>> 0), 38);
    central.writeUInt32LE(entry.at ?? offset, 42);
    directory.push(central, name);
    if (entry.at !== undefined) continue;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    shared.copy(local, 6);
    locals.push(local, name, packed);
    offset += 30 + name.length + packed.length;
  }
  const body = Buffer.concat(locals);
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(body.length, 16);
  return Buffer.concat([body, central, end]);
}

/** `name: content` or `name: code` for each entry. */
const outcomes = async (source: string | Uint8Array, limits: Partial<ZipLimits> = {}): Promise<string[]> => {
  const found: string[] = [];
  for await (const entry of readZip(source, { ...ZIP_LIMITS, ...limits })) found.push(`${entry.name}: ${entry.refusal?.code ?? Buffer.from(entry.bytes ?? []).toString().slice(0, 20)}`);
  return found;
};

const codeOf = async (source: Uint8Array, limits: Partial<ZipLimits> = {}): Promise<string> => {
  try {
    await outcomes(source, limits);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'read';
};

t.test('files are read from memory and from disk, directories passed over', async (t) => {
  const zip = await zipOf({ 'a.xml': 'one', 'folder/b.xml': 'two', 'Zoë.xml': 'three' });
  t.strictSame(await outcomes(zip), ['a.xml: one', 'folder/b.xml: two', 'Zoë.xml: three']);
  const path = join(t.testdir(), 'x.zip');
  writeFileSync(path, zip);
  t.strictSame(await outcomes(path), ['a.xml: one', 'folder/b.xml: two', 'Zoë.xml: three']);
});

t.test('one bad file does not stop the others', async (t) => {
  const big = Buffer.alloc(3 * 1024 * 1024);
  const zip = rawZip([
    { name: 'good.xml', data: Buffer.from('good') },
    { name: '../../etc/passwd' }, { name: '/etc/passwd' }, { name: 'C:\\windows\\x' }, { name: '..\\x' }, { name: 'a/../../x' },
    { name: 'link', mode: 0o120777, data: Buffer.from('/etc/passwd') }, { name: 'device', mode: 0o020666 }, { name: 'file', mode: 0o100644 },
    { name: 'strange', method: 99 },
    { name: 'wrong-crc', crc: 1 },
    { name: 'bomb', method: 8, data: big, packed: deflateRawSync(big) },
    { name: 'liar', method: 8, data: big, packed: deflateRawSync(big), size: 10 },
    { name: 'garbage', method: 8, packed: Buffer.from([0xff, 0xff, 0xff]), size: 3 },
    { name: 'last.xml', data: Buffer.from('last') },
  ]);
  t.strictSame(await outcomes(zip), [
    'good.xml: good', '../../etc/passwd: zip.path', '/etc/passwd: zip.path', 'C:/windows/x: zip.path', '../x: zip.path', 'a/../../x: zip.path',
    'link: zip.symlink', 'device: zip.symlink', 'file: x', 'strange: zip.method', 'wrong-crc: zip.corrupt', 'bomb: zip.ratio', 'liar: zip.corrupt', 'garbage: zip.corrupt', 'last.xml: last',
  ]);
});

t.test('an encrypted file', async (t) => {
  t.strictSame(await outcomes(rawZip([{ name: 'secret.xml', flags: 1, packed: Buffer.alloc(13), size: 1 }, { name: 'open.xml' }])), ['secret.xml: zip.encrypted', 'open.xml: x']);
});

t.test('limits', async (t) => {
  const zip = await zipOf({ 'a.xml': 'aaaa', 'b.xml': 'bbbb', 'c.xml': 'cccc' });
  t.equal(await codeOf(zip, { entries: 2 }), 'zip.too_many_entries');
  t.strictSame(await outcomes(zip, { entryBytes: 3 }), ['a.xml: zip.entry_too_large', 'b.xml: zip.entry_too_large', 'c.xml: zip.entry_too_large']);
  t.strictSame(await outcomes(zip, { totalBytes: 8 }), ['a.xml: aaaa', 'b.xml: bbbb', 'c.xml: zip.too_large']);
});

t.test('overlapping entries are refused as a whole', async (t) => {
  const data = Buffer.alloc(1000, 'a');
  t.equal(await codeOf(rawZip([{ name: 'a', data }, { name: 'a', data, at: 0 }, { name: 'a', data, at: 0 }])), 'zip.overlap');
});

t.test('archives one level deep', async (t) => {
  const inner = await zipOf({ 'x.xml': 'inner' });
  const nested = await zipOf({ 'inner.zip': inner, 'y.xml': 'outer' });
  t.strictSame(await outcomes(nested), ['inner.zip/x.xml: inner', 'y.xml: outer']);
  t.strictSame(await outcomes(await zipOf({ 'outer.zip': nested })), ['outer.zip/inner.zip: zip.nested', 'outer.zip/y.xml: outer']);
  t.strictSame(await outcomes(await zipOf({ 'bad.zip': 'PK\x03\x04 but no', 'y.xml': 'outer' })), ['bad.zip: zip.unreadable', 'y.xml: outer']);
  t.match(await outcomes(nested, { entries: 2 }), ['inner.zip: zip.too_many_entries', 'y.xml: outer'], 'limits hold over all levels');
});

t.test('a bomb of 4 GB costs neither time nor memory', async (t) => {
  const block = deflateRawSync(Buffer.alloc(29 * 1024 * 1024));
  const zip = rawZip(Array.from({ length: 140 }, (_, i) => ({ name: `${i}.xml`, method: 8, packed: block, size: 29 * 1024 * 1024, crc: 0 })));
  const before = process.memoryUsage().rss;
  const worked = process.cpuUsage();
  const found = await outcomes(zip);
  t.ok(found.every((outcome) => outcome.endsWith('zip.ratio')));
  t.ok(process.cpuUsage(worked).user < 4_000_000);
  t.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
});

t.test('what is no archive', async (t) => {
  const zip = await zipOf({ 'a.xml': 'one' });
  t.equal(await codeOf(Buffer.from('not a zip')), 'zip.unreadable');
  t.equal(await codeOf(zip.subarray(0, zip.length - 30)), 'zip.unreadable');
  t.equal(await codeOf(new Uint8Array()), 'zip.unreadable');
});

t.test('companion files', async (t) => {
  for (const name of ['INDEX.HTM', 'README.TXT', 'IHE_XDM/SUBSET01/METADATA.XML', 'IHE_XDM/SUBSET01/STYLE.XSL', '__MACOSX/._a.xml', '.DS_Store', 'a/.hidden', 'CDA.xsl']) t.ok(isCompanionFile(name), name);
  for (const name of ['IHE_XDM/SUBSET01/DOC0001.XML', 'a.xml', 'patient.ccd', 'metadata-of-patient.xml', 'x/readme.xml']) t.notOk(isCompanionFile(name), name);
});
