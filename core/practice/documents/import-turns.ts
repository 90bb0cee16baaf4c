import type { App } from '../../app.ts';

/** One files while the next seals what it read; any more would only wait for the database's lock (see importDocument), each with a connection. */
const IMPORTERS_PER_WORKSPACE = 2;

type Turns = { taken: number; readonly waiting: (() => void)[] };
const TURNS = new WeakMap<App, Map<string, Turns>>(); // by program: tests run several in one process

/** Runs `file`, which opens the door and files what was read, when it is this importer's turn in its workspace; turns go in the order of asking. */
export async function inTurn<T>(app: App, workspaceId: string, file: () => Promise<T>): Promise<T> {
  const workspaces = TURNS.get(app) ?? new Map<string, Turns>();
  TURNS.set(app, workspaces);
  const turns = workspaces.get(workspaceId) ?? { taken: 0, waiting: [] };
  workspaces.set(workspaceId, turns);
  if (turns.taken >= IMPORTERS_PER_WORKSPACE) await new Promise<void>((resolve) => turns.waiting.push(resolve));
  else turns.taken += 1;
  try {
    return await file();
  } finally {
    const next = turns.waiting.shift();
    if (next !== undefined) next(); // the turn is handed on
    else if (--turns.taken === 0) workspaces.delete(workspaceId);
  }
}
