import { join } from 'node:path';
import { lines, runProgram, type Outcome } from './outcome.ts';

/** The compiler's view of the whole tree. */
export async function checkTypes(root: string): Promise<Outcome> {
  const { code, stdout } = await runProgram(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json'], root);
  const faults = lines(stdout).filter((line) => /error TS\d+/.test(line));
  return code === 0 ? { status: 'passed', summary: 'tsc is content' } : { status: 'failed', summary: `${faults.length} errors`, details: faults };
}
