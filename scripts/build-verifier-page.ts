import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

// node scripts/build-verifier-page.ts: writes core/audit/verifier-page/verify.html, one file without references to any other. Its script is
// the verifier the program itself runs, with the platform's primitives exchanged; not minified, so that it can be read where it runs.

const PAGE = new URL('../core/audit/verifier-page/', import.meta.url);
export const VERIFY_HTML = new URL('verify.html', PAGE);

const browserPrimitives: Plugin = {
  name: 'browser-primitives',
  setup({ onResolve }) {
    onResolve({ filter: /\/primitives\.ts$/ }, () => ({ path: fileURLToPath(new URL('primitives.ts', PAGE)) }));
  },
};

export async function buildVerifierPage(): Promise<string> {
  const script = await bundle('page.js');
  const style = await bundle('page.css');
  const policy = [
    "default-src 'none'",
    `script-src '${source(script)}'`,
    `style-src '${source(style)}'`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const parts: Record<string, string> = { policy, style, script };
  return readFileSync(new URL('page.html', PAGE), 'utf8').replaceAll(/\{\{(policy|style|script)\}\}/g, (_, name: string) => parts[name] as string);
}

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(name, PAGE))],
    bundle: true,
    write: false,
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)), // file names in comments must not depend on where this runs
    format: 'iife',
    platform: 'browser',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'inline',
    plugins: [browserPrimitives],
  });
  return `\n${outputFiles[0]?.text}`;
}

function source(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

if (import.meta.main) writeFileSync(VERIFY_HTML, await buildVerifierPage());
