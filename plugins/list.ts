/** The plugins that come with the program: one line each, which goes with its folder. Only core/main.ts imports this file. */
export { default as baaTracker } from './baa-tracker/index.ts';
