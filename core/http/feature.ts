import type { Plugin } from '@hapi/hapi';
import type { App } from '../app.ts';

/** A feature's routes: a hapi plugin that is handed the app. */
export type Feature = Plugin<{ app: App }>;
