import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lines, runProgram, type Outcome } from './outcome.ts';

type Bom = { serialNumber?: unknown; metadata?: { timestamp?: unknown; component?: object }; bomFormat?: unknown; specVersion?: unknown; components?: { name?: unknown; version?: unknown; purl?: unknown }[] };

/** The bill of materials of what ships, CycloneDX JSON, to dist/sbom.cdx.json. */
export async function checkSbom(root: string): Promise<Outcome> {
  const { code, stdout, stderr } = await runProgram('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], root);
  const bom = code === 0 ? parse(stdout) : null;
  const components = bom?.components ?? [];
  if (bom?.bomFormat !== 'CycloneDX' || components.length === 0) return { status: 'failed', summary: 'npm made no bill of materials', details: lines(stderr).slice(-5) };
  const nameless = components.filter((each) => typeof each.name !== 'string' || typeof each.version !== 'string' || typeof each.purl !== 'string');
  if (nameless.length > 0) return { status: 'failed', summary: `${nameless.length} components without name, version or purl` };
  await mkdir(join(root, 'dist'), { recursive: true });
  const { name } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { name: string };
  await writeFile(join(root, 'dist/sbom.cdx.json'), JSON.stringify(reproducible(bom as Bom, name), null, 2));
  return { status: 'passed', summary: `CycloneDX ${String(bom.specVersion)}, ${components.length} components, dist/sbom.cdx.json` };
}

/** Without what is another each time npm is asked, and under the package's name instead of its folder's: the same packages are the same bill. */
function reproducible({ serialNumber: _serial, metadata: { timestamp: _timestamp, ...metadata } = {}, ...bom }: Bom, name: string): Bom {
  return { ...bom, metadata: { ...metadata, component: { ...metadata.component, name } } };
}

function parse(text: string): Bom | null {
  try {
    return JSON.parse(text) as Bom;
  } catch {
    return null; // npm printed something else; the caller reports it
  }
}
