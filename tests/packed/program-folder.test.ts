import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import t from 'tap';
import { differences, identityOf, pack, readIndex, unpack, type Archive } from '../../core/packed/archive.ts';
import { ensureUnpacked, ProgramFolderError, programFolder, putAside } from '../../core/packed/program-folder.ts';

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
const said: string[] = [];
const ensure = (from: Archive, folder: string) => ensureUnpacked(from, folder, (line) => said.push(line));

t.test('what is unpacked is what was packed, with its modes and links', async (t) => {
  const folder = join(root, 'out');
  unpack(archive, folder);
  for (const name of FILES) t.ok(readFileSync(join(folder, name)).equals(readFileSync(join(source, name))), name);
  t.equal(lstatSync(join(folder, 'bin/run')).mode & 0o777, 0o755);
  t.equal(lstatSync(join(folder, 'bytes')).mode & 0o777, 0o644);
  t.equal(readlinkSync(join(folder, 'latest')), 'bin/run');
  t.same(await differences(readIndex(archive.index), folder), { changed: [], unknown: [] });
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
  const error: unknown = await ensure({ index: archive.index, content }, folder).catch((thrown: unknown) => thrown);
  t.ok(error instanceof Error && !(error instanceof ProgramFolderError), 'no folder is to blame');
  t.strictSame(readdirSync(folder), []);
  const other = pack(source, ['bytes'], '1');
  const index = Buffer.from(other.index.toString().replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'));
  await t.rejects(ensure({ index, content: other.content }, folder), /damaged: bytes/);
  t.strictSame(readdirSync(folder), []);
});

t.test('differences', async (t) => {
  const folder = await ensure(archive, join(root, 'differences'));
  writeFileSync(join(folder, 'empty'), 'no more');
  rmSync(join(folder, 'latest'));
  mkdirSync(join(folder, 'plugins/evil'), { recursive: true });
  writeFileSync(join(folder, 'plugins/evil/index.ts'), '');
  mkdirSync(join(folder, 'node_modules/.cache/wardkeep'), { recursive: true });
  writeFileSync(join(folder, 'node_modules/.cache/wardkeep/x'), ''); // Node's own
  t.same(await differences(readIndex(archive.index), folder), { changed: ['empty', 'latest'], unknown: ['plugins/evil/index.ts'] });
});

t.test('it is unpacked once, under its version and identity', async (t) => {
  const folder = join(root, 'once');
  const program = await ensure(archive, folder);
  t.equal(program, join(folder, `1.2.3-${identityOf(archive.index).slice(0, 16)}`));
  const { ino } = lstatSync(program);
  t.equal(await ensure(archive, folder), program);
  t.equal(lstatSync(program).ino, ino, 'the same folder as before');
  t.strictSame(readdirSync(folder).length, 1, 'nothing unfinished stays');
  chmodSync(folder, 0o555);
  t.equal(await ensure(archive, folder), program, 'it may be read-only by then');
  chmodSync(folder, 0o755);
  t.strictSame(said, []);
});

t.test('several starts at once: one folder', async (t) => {
  const folder = join(root, 'race');
  const programs = await Promise.all(Array.from({ length: 5 }, () => ensure(archive, folder)));
  t.equal(new Set(programs).size, 1);
  t.strictSame(readdirSync(folder).length, 1);
});

t.test('what is not as it was packed is put aside, with a word, and unpacked anew', async (t) => {
  const folder = join(root, 'anew');
  const program = await ensure(archive, folder);
  for (const damage of [() => writeFileSync(join(program, 'bytes'), ''), () => rmSync(join(program, 'bin/run')), () => writeFileSync(join(program, 'more'), '')]) {
    damage();
    t.equal(await ensure(archive, folder), program);
    t.match(said.pop(), /were not those of this executable: [01] changed or missing, [01] not its own \((?:bytes|bin\/run|more)\)\. They are now in .*\.differs-\d+;/);
    t.same(await differences(readIndex(archive.index), program), { changed: [], unknown: [] });
  }
  t.equal(putAside(`${program}/`).length, 3, 'what was there is kept, to be looked at');
  rmSync(putAside(program)[0] as string, { recursive: true });
  t.equal(putAside(program).length, 2, 'and told of until somebody has');
});

t.test('several starts at once find it damaged: it is put aside once, and all of them start', async (t) => {
  const folder = join(root, 'damaged-race');
  const program = await ensure(archive, folder);
  writeFileSync(join(program, 'bytes'), '');
  t.strictSame(await Promise.all(Array.from({ length: 5 }, () => ensure(archive, folder))), Array.from({ length: 5 }, () => program));
  t.strictSame(readdirSync(folder).map((name) => /\.differs-/.test(name)).sort(), [false, true]);
  t.equal(said.splice(0).length, 1);
});

t.test('where this user may not put it aside, it says what differs and never to open the folder', { skip: process.getuid?.() === 0 ? false : 'only root can give folders away' }, async (t) => {
  const folder = join(root, 'of-root');
  chmodSync(root, 0o711);
  const program = await ensure(archive, folder);
  writeFileSync(join(program, 'bytes'), '');
  const cache = join(program, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  chmodSync(cache, 0o700);
  const asNobody = async () => {
    process.seteuid?.(65_534);
    try {
      return await ensure(archive, folder);
    } finally {
      process.seteuid?.(0);
    }
  };
  await t.rejects(asNobody(), { message: /are not those of this executable: 1 changed or missing, 0 not its own \(bytes\)\. This user may not put them aside/ });
  writeFileSync(join(program, 'bytes'), readFileSync(join(source, 'bytes')));
  t.equal(await asNobody(), program, 'and a cache that is closed to them is none of their business');
  chmodSync(root, 0o700);
});

t.test('what a killed start left is swept up, what another is just making is not', async (t) => {
  const folder = join(root, 'killed');
  mkdirSync(join(folder, '.unpacking-old/program'), { recursive: true });
  mkdirSync(join(folder, '.unpacking-new'));
  const yesterday = new Date(Date.now() - 86_400_000);
  utimesSync(join(folder, '.unpacking-old'), yesterday, yesterday);
  const program = await ensure(archive, folder);
  t.strictSame(readdirSync(folder).sort(), ['.unpacking-new', basename(program)].sort());
});

t.test('a folder that others could change is refused, and never to be taken over', { skip: process.getuid === undefined ? 'no modes here' : false }, async (t) => {
  const folder = join(root, 'open');
  const program = await ensure(archive, folder);
  for (const open of [folder, program]) {
    for (const mode of [0o775, 0o757]) {
      chmodSync(open, mode);
      await t.rejects(ensure(archive, folder), { message: new RegExp(`Other users may write to .*${open}.*Delete it`) });
    }
    chmodSync(open, 0o755);
  }
  chmodSync(root, 0o777);
  await t.rejects(ensure(archive, folder), /Anybody may write to/);
  symlinkSync(folder, join(tmpdir(), basename(root) + '-link'));
  t.teardown(() => rmSync(join(tmpdir(), basename(root) + '-link')));
  await t.rejects(ensure(archive, join(tmpdir(), basename(root) + '-link')), /Anybody may write to/, 'by whatever name');
  chmodSync(root, 0o700);
  t.equal(await ensure(archive, folder), program);
});

t.test('a folder of somebody else, or below one, is refused', { skip: process.getuid?.() === 0 ? false : 'only root can give folders away' }, async (t) => {
  const above = join(root, 'theirs');
  const folder = join(above, 'folder');
  const program = await ensure(archive, folder);
  for (const theirs of [program, folder]) {
    chownSync(theirs, 65_534, 65_534);
    await t.rejects(ensure(archive, folder), /belongs to another user \(uid 65534\).*Delete it/);
    chownSync(theirs, 0, 0);
  }
  chownSync(above, 65_534, 65_534);
  await t.rejects(ensure(archive, folder), /Another user \(uid 65534\) owns/);
});

t.test('where a file is in the way, it says what to do', async (t) => {
  writeFileSync(join(root, 'file'), '');
  await t.rejects(ensure(archive, join(root, 'file/below')), /WARDKEEP_PROGRAM_DIR/);
});

t.test('where it goes', async (t) => {
  t.equal(programFolder({ WARDKEEP_PROGRAM_DIR: '/opt/x' }), '/opt/x');
  const own = process.getuid?.() === 0 ? '/var/cache/wardkeep' : null;
  t.equal(programFolder({ XDG_CACHE_HOME: '/var/cache/me' }), own ?? '/var/cache/me/wardkeep');
  t.equal(programFolder({ XDG_CACHE_HOME: 'cache' }), own ?? join(homedir(), '.cache/wardkeep'), 'a relative one is ignored');
  t.equal(programFolder({}), own ?? join(homedir(), '.cache/wardkeep'));
});
