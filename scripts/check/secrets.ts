import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram, type Outcome } from './outcome.ts';

type Rule = { name: string; pattern: RegExp; isSecret?: (match: RegExpExecArray) => boolean };

/** What leaks by being committed. The last one looks at names and at how random the value is. */
const RULES: readonly Rule[] = [
  { name: 'private-key', pattern: /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\\n|\r?\n)(?:[A-Za-z0-9+/=-]+: [^\n]*\n)*\s*[A-Za-z0-9+/]{16,}/g },
  // Our own: a service account's token (docs/sign-in.md), a directory client's, a root key as `keys init` writes it.
  { name: 'wardkeep-token', pattern: /\bwks_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{52}_[0-9a-hjkmnp-tv-z]{7}\b|\bwkscim_[\w-]{43}(?![\w-])/g },
  { name: 'wardkeep-root-key', pattern: /\broot-\d{4}-\d{2}-\d{2}-[0-9a-f]{6}:[A-Za-z0-9+/]{43}=/g },
  { name: 'aws-key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { name: 'github-token', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b/g },
  { name: 'stripe-key', pattern: /\b[sr]k_live_[A-Za-z0-9]{16,}\b/g },
  { name: 'slack-token', pattern: /\bxox[abeprs]-[A-Za-z0-9-]{20,}/g },
  { name: 'google-key', pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g },
  { name: 'url-password', pattern: /\b[a-z][a-z+]{2,15}:\/\/[^\s:/@'"`<>{}$]+:([^\s:/@'"`<>{}$]{8,})@/g, isSecret: (match) => isRandom(match[1] ?? '') },
  {
    name: 'assigned-secret',
    pattern: /(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|root[_-]?key)[\w-]*['"]?\s*[:=]\s*['"`]([^'"`\s]{16,})['"`]/gi,
    isSecret: (match) => isRandom(match[1] ?? ''),
  },
];

/** `fingerprint`: first 16 hex of SHA-256 over the matched text, so that the list itself holds no secret. */
export type SecretFinding = { path: string; line: number; rule: string; fingerprint: string };
export type AllowedSecret = { path: string; rule: string; fingerprint: string; reason: string };

export function findSecrets(path: string, text: string): SecretFinding[] {
  return RULES.flatMap(({ name, pattern, isSecret }) =>
    [...text.matchAll(pattern)].filter((match) => isSecret?.(match) ?? true).map((match) => ({
      path,
      line: text.slice(0, match.index).split('\n').length,
      rule: name,
      fingerprint: createHash('sha256').update(match[0]).digest('hex').slice(0, 16),
    })));
}

/** Keys and tokens spread over many signs; words, placeholders and template parts do not. */
function isRandom(value: string): boolean {
  if (/[{}<>$\s]|^(.)\1+$/.test(value)) return false;
  const counts = new Map<string, number>();
  for (const sign of value) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const entropy = [...counts.values()].reduce((sum, count) => sum - (count / value.length) * Math.log2(count / value.length), 0);
  const hasKinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(value)).length >= 2;
  return hasKinds && /\d/.test(value) && entropy >= 3.2;
}

/** Every file git knows, against scripts/check/secrets-allowed.json; an entry there that matches nothing any more fails as well. */
export async function checkSecrets(root: string): Promise<Outcome> {
  const listed = await runProgram('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root);
  const paths = listed.stdout.split('\0').filter((path) => path !== '');
  if (listed.code !== 0 || paths.length === 0) return { status: 'failed', summary: 'git lists no files' };
  const allowed = JSON.parse(await readFile(join(root, 'scripts/check/secrets-allowed.json'), 'utf8')) as AllowedSecret[];
  const findings: SecretFinding[] = [];
  for (const path of paths) {
    const bytes = await readTracked(join(root, path));
    if (bytes && !bytes.subarray(0, 8000).includes(0)) findings.push(...findSecrets(path, bytes.toString('utf8')));
  }
  const same = (a: AllowedSecret, b: SecretFinding): boolean => a.path === b.path && a.rule === b.rule && a.fingerprint === b.fingerprint;
  const faults = [
    ...findings.filter((finding) => !allowed.some((entry) => same(entry, finding))).map((each) => `${each.path}:${each.line} ${each.rule} (fingerprint ${each.fingerprint})`),
    ...allowed.filter((entry) => !findings.some((finding) => same(entry, finding))).map((entry) => `secrets-allowed.json: ${entry.path} ${entry.rule} ${entry.fingerprint} matches nothing`),
    ...allowed.filter((entry) => entry.reason.trim().length < 10).map((entry) => `secrets-allowed.json: ${entry.path} needs a reason`),
  ];
  if (faults.length > 0) return { status: 'failed', summary: `${faults.length} findings`, details: faults };
  return { status: 'passed', summary: `${paths.length} files, ${allowed.length} allowed by name` };
}

/** Null for what is listed but gone from the work tree, or is a link to a folder. */
async function readTracked(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
