import t from 'tap';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { untar } from '../../core/backup/untar.ts';

type Entry = { path: string; type?: string; content?: Buffer; size?: string; checksum?: string; prefix?: string };

/** POSIX.1-1988 ustar, as PostgreSQL writes it. */
function header({ path, type = '0', content = Buffer.alloc(0), size = content.length.toString(8).padStart(11, '0'), checksum, prefix = '' }: Entry): Buffer {
  const block = Buffer.alloc(512);
  const put = (text: string, at: number) => block.write(text, at, 'latin1');
  put(path, 0);
  put('0000600\0', 100);
  put(`${size} `, 124);
  put('        ', 148);
  put(type, 156);
  put('ustar\x0000', 257);
  put(prefix, 345);
  put(checksum ?? `${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
const entry = (given: Entry): Buffer => Buffer.concat([header(given), given.content ?? Buffer.alloc(0), Buffer.alloc((512 - ((given.content?.length ?? 0) % 512)) % 512)]);
const END = Buffer.alloc(1024);

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

t.test('files and folders, whatever the chunks', async (t) => {
  const large = Buffer.alloc(70_001, 'x');
  const tar = Buffer.concat([entry({ path: 'PG_VERSION', content: Buffer.from('18\n') }), entry({ path: 'base/', type: '5' }), entry({ path: 'base/1', content: large }), entry({ path: 'empty', content: Buffer.alloc(0) }), entry({ path: 'b', prefix: 'deep/a', content: Buffer.from('below') }), END]);
  for (const size of [7, 512, 4096, tar.length]) {
    const folder = t.testdir({});
    const into = join(folder, String(size));
    await untar(inChunks(tar, size), into, {}, size === 512);
    t.same(readdirSync(into).sort(), ['PG_VERSION', 'base', 'deep', 'empty']);
    t.equal(readFileSync(join(into, 'PG_VERSION'), 'utf8'), '18\n');
    t.ok(readFileSync(join(into, 'base/1')).equals(large));
    t.equal(readFileSync(join(into, 'deep/a/b'), 'utf8'), 'below');
    t.equal(lstatSync(join(into, 'base/1')).mode & 0o777, 0o600);
    t.equal(lstatSync(join(into, 'base')).mode & 0o777, 0o700);
  }
});

t.test('what PostgreSQL never puts into one is refused, and nothing lands outside', async (t) => {
  const content = Buffer.from('evil');
  const hostile: Record<string, Buffer> = {
    'a way up': entry({ path: '../evil', content }),
    'a way up within': entry({ path: 'base/../../evil', content }),
    'an absolute path': entry({ path: '/tmp/evil', content }),
    'a symbolic link': entry({ path: 'pg_tblspc/1', type: '2' }),
    'a hard link': entry({ path: 'base/2', type: '1' }),
    'a device': entry({ path: 'base/3', type: '3' }),
    'a long name of GNU': entry({ path: '././@LongLink', type: 'L', content }),
    'a header of pax': entry({ path: 'pax', type: 'x', content }),
    'no name': entry({ path: '', content }),
    'a wrong checksum': entry({ path: 'base/4', content, checksum: '000000\0 ' }),
    'a size that is no number': entry({ path: 'base/5', content, size: '0000000000x' }),
    'a file twice': Buffer.concat([entry({ path: 'base/6', content }), entry({ path: 'base/6', content })]),
    'no tar at all': Buffer.alloc(512, 'x'),
    'a file cut short': entry({ path: 'base/7', content: Buffer.alloc(2000) }).subarray(0, 1000),
    'no end': entry({ path: 'base/8', content }),
  };
  for (const [what, tar] of Object.entries(hostile)) {
    const folder = t.testdir({ inside: {} });
    await t.rejects(untar(inChunks(tar, 512), join(folder, 'inside'), {}, false), what);
    t.same(readdirSync(folder), ['inside'], what);
  }
});
