import type { Plugin } from '../plugin.ts';

/** A plugin that passed every check of loading. */
export type LoadedPlugin = {
  readonly plugin: Plugin;
  /** Absolute; its name is the plugin's. */
  readonly folder: string;
  /** Who signed it; null for what came with the program. */
  readonly publisher: string | null;
  /** Of operators' plugins, by name (`appointment-webhook/page`), as they were when the signature was checked; others are read with the core's. */
  readonly templates: ReadonlyMap<string, string>;
};

/** `baa_tracker`: how tables, migrations' histories and jobs are called. */
export function snakeName(plugin: string): string {
  return plugin.replaceAll('-', '_');
}
