import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `act`, whose `interrupted` rejects with the first SIGINT or SIGTERM: what it raced against that is left where it stands, its `finally`
 * closes what it opened (a bundled PostgreSQL runs in a process group of its own and would stay), and the process ends as one that a signal
 * ended, 128 + its number. A second signal ends it at once.
 */
export async function interruptible<T>(act: (interrupted: Promise<never>) => Promise<T>): Promise<T> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => undefined); // `act` may not have come to the race yet
  let code: number | null = null;
  const listen = (signal: NodeJS.Signals) => {
    if (code !== null) process.exit(code);
    code = 128 + constants.signals[signal];
    reject(new Error(`Stopped by ${signal}.`));
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  try {
    return await act(interrupted);
  } finally {
    for (const signal of SIGNALS) process.off(signal, listen);
    if (code !== null) process.exit(code);
  }
}

/** For work that clears up after itself when it is told to stop. */
export function signalOf(interrupted: Promise<never>): AbortSignal {
  const controller = new AbortController();
  interrupted.catch(() => controller.abort());
  return controller.signal;
}
