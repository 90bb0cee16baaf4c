import type { App } from '../app.ts';
import { boot } from '../boot.ts';
import { readConfig } from '../config.ts';

/** Runs `work` on the installation: beside a running server, or with the bundled PostgreSQL started for the time it takes. */
export async function withApp<T>(work: (app: App) => Promise<T>): Promise<T> {
  const config = readConfig('production');
  const { app, close } = await boot({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel });
  try {
    return await work(app);
  } finally {
    await close();
  }
}
