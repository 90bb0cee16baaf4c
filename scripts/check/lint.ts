import { relative } from 'node:path';
import { ESLint } from 'eslint';
import type { Outcome } from './outcome.ts';

/** Style and the project's security rules (eslint.config.js). Warnings fail too: one that may stay is not worth having. */
export async function checkLint(root: string): Promise<Outcome> {
  const results = await new ESLint({ cwd: root }).lintFiles(['.']);
  const faults = results.flatMap(({ filePath, messages }) =>
    messages.map(({ line, ruleId, message }) => `${relative(root, filePath)}:${line} ${ruleId ?? 'syntax'}: ${message}`));
  if (results.length === 0) return { status: 'failed', summary: 'no file was read' };
  return faults.length === 0 ? { status: 'passed', summary: `${results.length} files` } : { status: 'failed', summary: `${faults.length} findings`, details: faults };
}
