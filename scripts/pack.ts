// `npm run pack`: the whole program as one executable, dist/wardkeep-<version>-<platform>-<architecture>, and its SHA-256 beside it. For the
// machine it is made on, from what npm installed: nothing is downloaded.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { identityOf, pack } from '../core/packed/archive.ts';
import { checkLicences } from './check/licences.ts';
import { checkSbom } from './check/sbom.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OWN = ['bin', 'core', 'plugins', 'migrations', 'templates', 'package.json', 'README.md', 'SECURITY.md'];
/** Node itself is the executable; the bill of materials and the licences go along. */
const IS_NODE = /^node_modules\/node-(?:linux|win|darwin|bin)/;
const NOT_FOR_RUNNING = /\/node_modules\/\.cache\/|\.(?:d\.[cm]?ts|map)$|(?:^|\/)\.[^/]+$/;

type LockEntry = { readonly dev?: boolean; readonly devOptional?: boolean; readonly link?: boolean };
/** The part of pkg's single-executable mode that takes assets and the Node that is running; its command line offers neither. */
type Sea = (entry: string, options: { targets: readonly { nodeRange: string; platform: string; arch: string; output: string }[]; useLocalNode: boolean; seaConfig: { disableExperimentalSEAWarning: boolean; assets: Record<string, string> } }) => Promise<void>;

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const output = join(ROOT, 'dist', `wardkeep-${version}-${process.platform}-${process.arch}`);
  const work = await mkdtemp(join(tmpdir(), 'wardkeep-pack-'));
  try {
    for (const { status, summary } of [await checkLicences(ROOT), await checkSbom(ROOT)]) if (status !== 'passed') throw new Error(summary);
    const archive = pack(ROOT, [...await ownFiles(), ...await packageFiles(), 'dist/licences.md', 'dist/sbom.cdx.json'], version);
    const [index, content, launch] = [join(work, 'index'), join(work, 'content'), join(work, 'launch.cjs')];
    await Promise.all([writeFile(index, archive.index), writeFile(content, archive.content)]);
    await build({ entryPoints: [join(ROOT, 'core/packed/launch.ts')], outfile: launch, bundle: true, platform: 'node', format: 'cjs', target: 'node24', logLevel: 'error' });
    const sea = (createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as { default: Sea }).default;
    const target = { nodeRange: `node${process.versions.node}`, platform: process.platform === 'win32' ? 'win' : process.platform, arch: process.arch, output };
    await mkdir(join(ROOT, 'dist'), { recursive: true });
    await rm(output, { force: true });
    await sea(launch, { targets: [target], useLocalNode: true, seaConfig: { disableExperimentalSEAWarning: true, assets: { index, content } } });
    await chmod(output, 0o755);
    const digest = await sha256Of(output);
    await writeFile(`${output}.sha256`, `${digest}  ${output.slice(output.lastIndexOf('/') + 1)}\n`);
    process.stdout.write(`${output}\nSHA-256   ${digest}\nprogram   ${identityOf(archive.index)}\n`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const ownFiles = async (): Promise<string[]> => (await Promise.all(OWN.map((name) => filesBelow(name)))).flat();

/** Every package that ships and is installed here, its own nested packages with it. */
async function packageFiles(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockEntry> };
  const shipped = Object.entries(packages).filter(([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link && !IS_NODE.test(path));
  const files = await Promise.all(shipped.map(([path]) => filesBelow(path, (below) => !below.startsWith('node_modules/'))));
  return [...new Set(files.flat())];
}

/** Files and links below `path`, which may be a file; none when it is not there (another platform's package). */
async function filesBelow(path: string, isWanted: (below: string) => boolean = () => true): Promise<string[]> {
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return null;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .filter((file) => isWanted(file.slice(path.length + 1)) && !NOT_FOR_RUNNING.test(`/${file}`));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

await main();
