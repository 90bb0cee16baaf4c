import type { App } from '../app.ts';
import { boot } from '../boot.ts';
import { readConfig } from '../config.ts';
import { interruptible } from './interruptible.ts';

/** Runs `work` on the installation: beside a running server, or with the bundled PostgreSQL started for the time it takes. */
export async function withApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  const config = readConfig('production');
  return interruptible(async (interrupted) => {
    const { app, close } = await boot({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel }, { migrates: false });
    try {
      return await Promise.race([work(app), interrupted]);
    } finally {
      await close();
    }
  });
}
