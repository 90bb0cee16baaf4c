import t from 'tap';
import { readInvocation, UsageError, type Command } from '../../core/commands/command.ts';

const command = (name: string, more: Partial<Command> = {}): Command => ({ name, summary: '', usage: name, run: async () => 0, ...more });
const COMMANDS = [command('serve'), command('keys'), command('keys rotate', { options: { workspace: { type: 'string', about: '' } } }), command('import', { operands: true })];
const read = (...words: string[]) => readInvocation(COMMANDS, words);

t.test('a command is named by its longest name, and takes what it says it takes', async (t) => {
  t.match(read('keys', 'rotate', '--workspace', 'willow', '--json'), { command: { name: 'keys rotate' }, invocation: { values: { workspace: 'willow' } }, json: true, help: false });
  t.match(read('keys', '--help'), { command: { name: 'keys' }, help: true });
  t.same(read('import', 'a', '--', '--b').invocation.positionals, ['a', '--b']);
});

t.test('anything else is a mistake, said in one sentence with the usage', async (t) => {
  for (const words of [[], ['nonsense'], ['serve', 'now'], ['keys', 'status'], ['keys', 'rotate', '--force'], ['keys', 'rotate', '--workspace'], ['serve', '--json=yes']]) {
    let thrown: unknown;
    try { read(...words); } catch (error) { thrown = error; }
    t.ok(thrown instanceof UsageError, words.join(' '));
  }
  t.throws(() => read('serve', '--fast'), { message: "Unknown option '--fast'. Usage: wardkeep serve" });
});
