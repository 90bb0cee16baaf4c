import { boot, type Booted } from '../boot.ts';
import { ConfigError, type Config } from '../config.ts';
import { writeDemoFacts } from '../demo/demo-facts.ts';
import { startOwnProgram } from '../packed/own-program.ts';
import { furnishDemo } from '../plugins/furnish-demo.ts';
import { listWorkspaces } from '../workspaces/find-workspace.ts';
import { interruptible } from './interruptible.ts';

/**
 * Makes both practices in the data folder; demo.json, written last, says that they are whole.
 * @throws ConfigError where there is a workspace already: it is somebody's, or of a demo that was cut short
 */
export async function makeDemo(config: Config): Promise<void> {
  await interruptible(async (interrupted) => {
    const booted = await boot(config);
    try {
      await Promise.race([fill(config, booted), interrupted]);
    } finally {
      await booted.close();
    }
  });
}

async function fill(config: Config, { app, host, urls }: Booted): Promise<void> {
  if ((await listWorkspaces(app)).length > 0) throw new ConfigError([`${config.dataDir} holds workspaces that are no finished demo. Set WARDKEEP_DATA_DIR to another folder, or delete that one if it holds nothing you need.`]);
  const { setUpDemo } = await import('../demo/set-up-demo.ts');
  const workspaces = await setUpDemo(app, new Date().toISOString().slice(0, 10), (id, workspace) => furnishDemo(app, host.plugins, id, workspace));
  await writeDemoFacts(config.dataDir, { url: config.origin, caFile: null, postgres: { appUrl: urls.appUrl }, workspaces });
}

/** Resolves with the exit code, also of a process that `stop()` ended. */
export type Making = { readonly ended: Promise<number>; stop(): Promise<void> };

/**
 * The same in a process of its own, which says itself what went wrong. Making two practices takes some 150 MB that the serving program would
 * keep for good.
 */
export function startMakingDemo(): Making {
  const child = startOwnProgram(['demo', '--make']);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  ended.catch(() => undefined); // said by whoever waits for it
  return {
    ended,
    async stop() {
      child.kill();
      await ended.catch(() => undefined); // it never began, which whoever waits for `ended` says
    },
  };
}
