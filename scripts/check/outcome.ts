import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `missing`: the thing that would tell cannot be asked (a registry without an audit). Shown as such, never counted as passed. */
export type Outcome = { status: 'passed' | 'failed' | 'missing'; summary: string; details?: readonly string[] };
export type Check = { name: string; run: (root: string) => Promise<Outcome> };

export const PROJECT_ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type Ran = { code: number; stdout: string; stderr: string };

/** Runs a program to its end; a program that cannot be started rejects. */
export function runProgram(file: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
