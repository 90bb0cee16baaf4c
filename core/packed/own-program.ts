import { spawn, type ChildProcess } from 'node:child_process';
import { isSea } from 'node:sea';

/** Another process of this very program, with the same environment. It says itself, on standard error, what went wrong. */
export function startOwnProgram(words: readonly string[]): ChildProcess {
  const program = isSea() ? [] : [...process.execArgv, process.argv[1] as string]; // the packed program is its own Node
  // In a process group of its own: Ctrl-C would reach it too, and being stopped in order after that be its second signal.
  return spawn(process.execPath, [...program, ...words], { stdio: ['ignore', 'ignore', 'inherit'], detached: true });
}
