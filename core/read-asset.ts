import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Where templates, styles and scripts come from: the disk, in a source tree and where the packed program unpacked itself.
 * Paths are relative to the project root, with `/`, and never come from a request.
 */
export type AssetSource = {
  /** Throws when the file is not there: a missing template is a fault of the build, not of a visitor. */
  read(path: string): Buffer;
  /** Every file below `folder` whose name ends in `ending`, sorted; an absent folder is empty. */
  list(folder: string, ending: string): string[];
};

const ROOT = fileURLToPath(new URL('../', import.meta.url));

const disk: AssetSource = {
  read: (path) => readFileSync(ROOT + path),
  list(folder, ending) {
    try {
      return readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
        .filter((name) => name.endsWith(ending))
        .sort();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw cause;
    }
  },
};

let source = disk;

/** Other files in place of the disk's, for trying what templates may hold. */
export function useAssetSource(replacement: AssetSource): void {
  source = replacement;
}

export const readAsset = (path: string): Buffer => source.read(path);
export const listAssets = (folder: string, ending: string): string[] => source.list(folder, ending);
