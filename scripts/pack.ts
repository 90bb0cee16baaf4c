// `npm run pack`: the whole program as one executable, dist/wardkeep-<version>-<platform>-<architecture>, and its SHA-256 beside it. For the
// machine it is made on, from what npm installed: nothing is downloaded.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { identityOf, pack } from '../core/packed/archive.ts';
import { checkLicences } from './check/licences.ts';
import { checkSbom } from './check/sbom.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OWN = ['bin', 'core', 'plugins', 'migrations', 'templates', 'package.json', 'README.md', 'SECURITY.md'];
/** Node itself is the executable: of its package the licence alone goes along. */
const IS_NODE = /^node_modules\/node-(?:linux|win|darwin|bin)/;
/** Types, sources of native parts and what was compiled of them here: the packages bring them compiled, the same for everybody. */
const NOT_FOR_RUNNING = /\.(?:d\.[cm]?ts|map)$|(?:^|\/)\.[^/]+$|^node_modules\/(?:@types|argon2\/(?:argon2|build)|bcrypt\/(?:build|examples|src|test))\//;
const OF_ANOTHER_MACHINE = new RegExp(`/prebuilds/(?!${process.platform}-${process.arch}/)`);

type LockEntry = { readonly dev?: boolean; readonly devOptional?: boolean; readonly link?: boolean };
/** The part of pkg's single-executable mode that takes assets and the Node that is running; its command line offers neither. */
type Sea = (entry: string, options: { targets: readonly { nodeRange: string; platform: string; arch: string; output: string }[]; useLocalNode: boolean; seaConfig: { disableExperimentalSEAWarning: boolean; execArgvExtension: 'none'; assets: Record<string, string> } }) => Promise<void>;

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const output = join(ROOT, 'dist', `wardkeep-${version}-${process.platform}-${process.arch}`);
  const work = join(ROOT, 'dist/pack'); // a name that is always the same: the executable keeps it
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    for (const { status, summary } of [await checkLicences(ROOT), await checkSbom(ROOT)]) if (status !== 'passed') throw new Error(summary);
    const archive = pack(ROOT, [...await ownFiles(), ...await packageFiles(), 'dist/licences.md', 'dist/sbom.cdx.json'], version);
    const [index, content, launch] = [join(work, 'index'), join(work, 'content'), join(work, 'launch.cjs')];
    await Promise.all([writeFile(index, archive.index), writeFile(content, archive.content)]);
    await build({ entryPoints: [join(ROOT, 'core/packed/launch.ts')], outfile: launch, bundle: true, platform: 'node', format: 'cjs', target: 'node24', logLevel: 'error' });
    const sea = (createRequire(import.meta.url)('@yao-pkg/pkg/lib-es5/sea.js') as { default: Sea }).default;
    const target = { nodeRange: `node${process.versions.node}`, platform: process.platform === 'win32' ? 'win' : process.platform, arch: process.arch, output };
    await rm(output, { force: true });
    await sea(launch, { targets: [target], useLocalNode: true, seaConfig: { disableExperimentalSEAWarning: true, execArgvExtension: 'none', assets: { index, content } } });
    await chmod(output, 0o755);
    const digest = await sha256Of(output);
    await writeFile(`${output}.sha256`, `${digest}  ${output.slice(output.lastIndexOf('/') + 1)}\n`);
    process.stdout.write(`${output}\nSHA-256   ${digest}\nprogram   ${identityOf(archive.index)}\n`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What is under version control, and nothing else that happens to lie there. */
const ownFiles = async (): Promise<string[]> => (await promisify(execFile)('git', ['ls-files', '-z', ...OWN], { cwd: ROOT, maxBuffer: 1 << 24 })).stdout.split('\0').filter(Boolean);

/** Every package that ships and is installed here, its own nested packages with it. */
async function packageFiles(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockEntry> };
  const shipped = Object.entries(packages).filter(([path, { dev, devOptional, link }]) => path !== '' && !dev && !devOptional && !link);
  const files = await Promise.all(shipped.map(([path]) => packageFilesIn(path)));
  return files.flat();
}

/** Files and links of a package without the packages in it; none when it is not there, being for another platform. */
async function packageFilesIn(path: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, path), { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .filter((file) => !file.startsWith(`${path}/node_modules/`) && !NOT_FOR_RUNNING.test(file) && !OF_ANOTHER_MACHINE.test(file))
    .filter((file) => !IS_NODE.test(path) || file === `${path}/LICENSE`);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

await main();
