import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { differences, identityOf, pack, readIndex, unpack } from '../../core/packed/archive.ts';
import { ensureUnpacked, programFolder } from '../../core/packed/program-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'wardkeep-packed-')); // under /tmp, whose sticky bit makes it good; tap's own folders lie in the project
t.teardown(() => rmSync(root, { recursive: true }));
const source = join(root, 'source');
mkdirSync(join(source, 'bin'), { recursive: true });
writeFileSync(join(source, 'bin/run'), '#!/bin/sh\n');
chmodSync(join(source, 'bin/run'), 0o700);
writeFileSync(join(source, 'empty'), '');
writeFileSync(join(source, 'bytes'), Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * 31) % 251)));
symlinkSync('bin/run', join(source, 'latest'));
const FILES = ['bin/run', 'bytes', 'empty', 'latest'];
const archive = pack(source, FILES, '1.2.3');

t.test('what is unpacked is what was packed, with its modes and links', async (t) => {
  const folder = join(root, 'out');
  unpack(archive, folder);
  for (const name of FILES) t.ok(readFileSync(join(folder, name)).equals(readFileSync(join(source, name))), name);
  t.equal(lstatSync(join(folder, 'bin/run')).mode & 0o777, 0o755);
  t.equal(lstatSync(join(folder, 'bytes')).mode & 0o777, 0o644);
  t.equal(readlinkSync(join(folder, 'latest')), 'bin/run');
  t.same(differences(readIndex(archive.index), folder), { changed: [], unknown: [] });
});

t.test('the same files make the same archive, others another identity', async (t) => {
  const again = pack(source, [...FILES].reverse(), '1.2.3');
  t.ok(again.index.equals(archive.index) && again.content.equals(archive.content));
  t.not(identityOf(pack(source, FILES, '1.2.4').index), identityOf(archive.index));
  t.not(identityOf(pack(source, FILES.slice(1), '1.2.3').index), identityOf(archive.index));
});

t.test('a damaged archive leaves nothing behind that could be run', async (t) => {
  const folder = join(root, 'damaged');
  const content = Buffer.concat([pack(source, ['empty'], '1').content, archive.content]); // every frame is whole, none is where the index says
  t.throws(() => ensureUnpacked({ index: archive.index, content }, folder));
  t.strictSame(readdirSync(folder), []);
  const other = pack(source, ['bytes'], '1');
  const index = Buffer.from(other.index.toString().replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'));
  t.throws(() => ensureUnpacked({ index, content: other.content }, folder), /damaged: bytes/);
  t.strictSame(readdirSync(folder), []);
});

t.test('differences', async (t) => {
  const folder = ensureUnpacked(archive, join(root, 'differences'));
  writeFileSync(join(folder, 'empty'), 'no more');
  rmSync(join(folder, 'latest'));
  mkdirSync(join(folder, 'plugins/evil'), { recursive: true });
  writeFileSync(join(folder, 'plugins/evil/index.ts'), '');
  mkdirSync(join(folder, 'node_modules/.cache/wardkeep'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/.cache/wardkeep/x'), ''); // Node's own
  t.same(differences(readIndex(archive.index), folder), { changed: ['empty', 'latest'], unknown: ['plugins/evil/index.ts'] });
});

t.test('it is unpacked once, under its version and identity', async (t) => {
  const folder = join(root, 'once');
  const program = ensureUnpacked(archive, folder);
  t.equal(program, join(folder, `1.2.3-${identityOf(archive.index).slice(0, 16)}`));
  writeFileSync(join(program, 'mark'), '');
  t.equal(ensureUnpacked(archive, folder), program);
  t.ok(existsSync(join(program, 'mark')), 'the same folder as before');
  t.strictSame(readdirSync(folder).length, 1, 'nothing unfinished stays');
  chmodSync(folder, 0o555);
  t.equal(ensureUnpacked(archive, folder), program, 'it may be read-only by then');
  chmodSync(folder, 0o755);
});

t.test('a folder that others could change is refused', { skip: process.getuid === undefined ? 'no modes here' : false }, async (t) => {
  const folder = join(root, 'open');
  const program = ensureUnpacked(archive, folder);
  for (const open of [folder, program]) {
    for (const mode of [0o775, 0o757]) {
      chmodSync(open, mode);
      t.throws(() => ensureUnpacked(archive, folder), { message: new RegExp(`Other users may write to .*${open}.*chmod go-w`) });
    }
    chmodSync(open, 0o755);
  }
  chmodSync(root, 0o777);
  t.throws(() => ensureUnpacked(archive, folder), /Anybody may write to/);
  chmodSync(root, 0o700);
  t.equal(ensureUnpacked(archive, folder), program);
});

t.test('where a file is in the way, it says what to do', async (t) => {
  writeFileSync(join(root, 'file'), '');
  t.throws(() => ensureUnpacked(archive, join(root, 'file/below')), /WARDKEEP_PROGRAM_DIR/);
});

t.test('where it goes', async (t) => {
  t.equal(programFolder({ WARDKEEP_PROGRAM_DIR: '/opt/x' }), '/opt/x');
  const own = process.getuid?.() === 0 ? '/usr/local/lib/wardkeep' : null;
  t.equal(programFolder({ XDG_CACHE_HOME: '/var/cache/me' }), own ?? '/var/cache/me/wardkeep');
  t.equal(programFolder({}), own ?? join(homedir(), '.cache/wardkeep'));
});
