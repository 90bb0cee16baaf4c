import { createHost } from '../plugins/host.ts';
import { importPlugin, readTemplates } from '../plugins/load-folder.ts';
import type { LoadedPlugin } from '../plugins/loaded-plugin.ts';
import { CHECKS } from './checks.ts';
import { sourceFindings } from './source-rules.ts';
import { openSubject, type Ground } from './subject.ts';

export type CheckResult = { readonly check: string; readonly findings: readonly string[] };

/**
 * The conformance kit: the plugin's definition and sources, then a whole program with it on an empty database. A check whose ground is
 * missing is not run; the one that failed says why.
 */
export async function checkPlugin(folder: string, say: (line: string) => void, ground: Ground = {}): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const attempt = async <T>(check: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      const value = await work();
      results.push({ check, findings: [] });
      return value;
    } catch (error) {
      results.push({ check, findings: [(error as Error).message] });
      return null;
    }
  };
  results.push({ check: 'sources', findings: sourceFindings(folder) });
  const loaded = await attempt('definition and imports', async (): Promise<LoadedPlugin> => {
    const found = { plugin: await importPlugin(folder, null), folder, publisher: null, templates: readTemplates(folder) };
    createHost([found]);
    return found;
  });
  if (loaded === null) return results;
  say('Starting a database of its own …');
  const subject = await attempt('migrations, row-level security and audit of its tables, routes, switching on', () => openSubject(loaded, ground));
  if (subject === null) return results;
  try {
    for (const { check, run } of CHECKS) {
      const findings = await run(subject).catch((error: unknown) => [(error as Error).message]);
      results.push({ check, findings });
    }
  } finally {
    await subject.close();
  }
  return results;
}
