/**
 * The plugins that come with the program. One line each, which goes with its folder:
 *   export { default as bedBoard } from './bed-board/index.ts';
 * Only core/main.ts imports this file.
 */
export { default as baaTracker } from './baa-tracker/index.ts';
export { default as sso } from './sso/index.ts';
export { default as fieldGates } from './field-gates/index.ts';
