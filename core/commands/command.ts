import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Exit codes of every command: done · the check failed · some input was refused · usage · configuration (the last two as in sysexits.h). */
export const EXIT = { done: 0, checkFailed: 1, inputRefused: 2, usage: 64, config: 78 } as const;

export type Output = {
  /** A line for people; silent under --json. */
  say(line: string): void;
  /** The one machine-readable result under --json; `text` is what people see instead. */
  result(value: unknown, text: string): void;
};

export type Invocation = { readonly positionals: readonly string[]; readonly values: Readonly<Record<string, string | boolean | undefined>>; readonly out: Output };

/** `name` may hold a space (`keys init`). `options` are string or boolean flags; --json and --help are everyone's. */
export type Command = {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly about: string }>>;
  /** It takes words after its name: files, a short name. For the others they are a mistake. */
  readonly operands?: true;
  /** Returns an exit code. */
  readonly run: (invocation: Invocation) => Promise<number>;
};

/** A mistake in how a command was called: exit 64 with the usage line. */
export class UsageError extends Error {}

/** The command that the words name (longest name wins), its parsed flags, and the words left over. @throws UsageError */
export function readInvocation(commands: readonly Command[], words: readonly string[]): { command: Command; invocation: Omit<Invocation, 'out'>; json: boolean; help: boolean } {
  const matches = commands.filter(({ name }) => name === words.slice(0, name.split(' ').length).join(' '));
  const command = matches.sort((a, b) => b.name.length - a.name.length)[0];
  if (command === undefined) throw new UsageError(words[0] === undefined ? 'Name a command.' : 'There is no such command.');
  const options: NonNullable<ParseArgsConfig['options']> = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
  for (const [name, { type }] of Object.entries(command.options ?? {})) options[name] = { type };
  try {
    const { values, positionals } = parseArgs({ args: words.slice(command.name.split(' ').length), options, allowPositionals: true, strict: true });
    if (command.operands !== true && positionals.length > 0) throw new Error('It takes no such words.');
    const { json, help, ...rest } = values as Record<string, string | boolean | undefined>;
    return { command, invocation: { positionals, values: rest }, json: json === true, help: help === true };
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replace(/\. .*$/s, '.')} Usage: wardkeep ${command.usage}`);
  }
}

/** @throws UsageError when the flag is absent. */
export function required(invocation: Invocation, flag: string): string {
  const value = invocation.values[flag];
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${flag} is needed.`);
  return value;
}

export function helpFor(command: Command): string {
  const flags = Object.entries({ ...command.options, json: { type: 'boolean', about: 'one JSON document on standard output' }, help: { type: 'boolean', about: 'this text' } });
  return `${command.summary}\n\nUsage: wardkeep ${command.usage}\n\n${flags.map(([name, { type, about }]) => `  --${`${name}${type === 'string' ? ` ${name.toUpperCase()}` : ''}`.padEnd(24)} ${about}`).join('\n')}\n`;
}

export function overview(commands: readonly Command[]): string {
  return `Wardkeep: a self-hosted HIPAA appliance.\n\nUsage: wardkeep COMMAND [--help] [--json]\n\n${commands.map(({ name, summary }) => `  ${name.padEnd(20)} ${summary}`).join('\n')}\n\nExit codes: 0 done, 1 the check failed, 2 some input refused, 64 usage, 78 configuration.\n`;
}
