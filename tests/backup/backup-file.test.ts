import t from 'tap';
import { randomBytes } from 'node:crypto';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupFileError, openBackup, readHeader, sealBackup } from '../../core/backup/backup-file.ts';
import { localRootKeys } from '../../core/crypto/root-keys.ts';

const PIECE = 64 * 1024;
const dir = t.testdir();
const roots = localRootKeys([{ id: 'root-a', bytes: randomBytes(32) }]);
const facts = { id: '01a206c8-8798-71eb-8107-290534431233', at: '2026-11-23T05:02:14.936Z', installation: '01a206c8-6cb1-7173-bd8f-28bdaaf11046', program: '1.2.3', postgres: '18.4' };

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function whole(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
let nth = 0;
async function sealed(content: Buffer, chunk = 1000): Promise<string> {
  const file = join(dir, `${(nth += 1)}.wardkeep-backup`);
  await writeFile(file, await whole(sealBackup(roots, facts, inChunks(content, chunk))));
  return file;
}
const open = (file: string, by = roots) => whole(openBackup(by, file));
const DAMAGED = new BackupFileError('The backup is damaged or was altered');

t.test('what went in comes out, whatever its size and the chunks it came in', async (t) => {
  for (const size of [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17]) {
    const content = randomBytes(size);
    for (const chunk of [1021, PIECE, 5 * PIECE]) t.ok((await open(await sealed(content, chunk))).equals(content), `${size} bytes in chunks of ${chunk}`);
  }
});

t.test('the line on top says what it is, and nothing of what it holds', async (t) => {
  const file = await sealed(Buffer.from('Rosalind Achterberg'.repeat(50)));
  t.match(await readHeader(file), { format: 'wardkeep-backup/1', ...facts, key: /^v1\.root-a\./ });
  t.notMatch((await readFile(file)).toString('latin1'), /Rosalind/);
});

t.test('a file that was cut, spliced or changed does not open', async (t) => {
  const content = randomBytes(3 * PIECE + 100);
  const original = await readFile(await sealed(content));
  const line = original.indexOf(0x0a) + 1;
  const piece = (at: number) => original.subarray(line + at * (PIECE + 16), line + (at + 1) * (PIECE + 16));
  const changed = (at: number): Buffer => {
    const copy = Buffer.from(original);
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const other = await readFile(await sealed(content));
  const attacks: Record<string, Buffer> = {
    'cut within a piece': original.subarray(0, original.length - 1),
    'cut behind a whole piece': original.subarray(0, line + 2 * (PIECE + 16)),
    'cut to the first line': original.subarray(0, line),
    'two pieces exchanged': Buffer.concat([original.subarray(0, line), piece(1), piece(0), original.subarray(line + 2 * (PIECE + 16))]),
    'a piece left out': Buffer.concat([original.subarray(0, line), piece(0), original.subarray(line + 2 * (PIECE + 16))]),
    'a piece twice': Buffer.concat([original.subarray(0, line), piece(0), piece(0), original.subarray(line + PIECE + 16)]),
    'a bit of the content': changed(line + 70_000),
    'a bit of the last tag': changed(original.length - 1),
    'another time in the first line': Buffer.from(original.toString('latin1').replace('2026-11-23T05', '2026-11-24T05'), 'latin1'),
    'something behind the end': Buffer.concat([original, Buffer.from('more')]),
    'the content of another backup under this line': Buffer.concat([original.subarray(0, line), other.subarray(other.indexOf(0x0a) + 1)]),
  };
  for (const [what, bytes] of Object.entries(attacks)) {
    const file = join(dir, 'attacked');
    await writeFile(file, bytes);
    await t.rejects(open(file), BackupFileError, what);
  }
  const file = await sealed(content);
  await truncate(file, line + PIECE);
  await t.rejects(open(file), { message: new RegExp(DAMAGED.message) });
});

t.test('what stands in the way is said', async (t) => {
  const file = await sealed(Buffer.from('x'));
  await t.rejects(open(file, localRootKeys([{ id: 'root-b', bytes: randomBytes(32) }])), { name: 'BackupFileError', message: /opens with the root key root-a, which is not among those configured \(root-b\)/ });
  await t.rejects(open(file, localRootKeys([{ id: 'root-a', bytes: randomBytes(32) }])), { name: 'BackupFileError', message: /another one of the same name/ });
  const alien = join(dir, 'alien');
  for (const text of ['', 'PK\u0003\u0004', '{"format":"tar"}\n', '{"format":"wardkeep-backup/1"}\n', '{broken\n', 'x'.repeat(100_000)]) {
    await writeFile(alien, text);
    await t.rejects(readHeader(alien), { name: 'BackupFileError', message: /not a backup of Wardkeep/ });
  }
  await writeFile(alien, '{}\n'.padStart(5000, ' '));
  await t.rejects(readHeader(alien), BackupFileError, 'a first line without an end in sight');
  await appendFile(alien, 'x');
  await t.rejects(readHeader(join(dir, 'absent')), { code: 'ENOENT' });
});
