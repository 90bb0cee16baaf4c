import { ESLint } from 'eslint';
import t from 'tap';

const eslint = new ESLint({
  cwd: new URL('../../', import.meta.url).pathname,
  // Type-aware rules need a program around the file; here only the places where rules hold are asked about.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } }, rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-misused-promises': 'off', '@typescript-eslint/await-thenable': 'off' } },
});

async function rulesBroken(code: string, filePath: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map((message) => message.ruleId);
}

const CASES: [code: string, rule: string, refusedIn: string[], acceptedIn: string[]][] = [
  [`export const port = process.env['PORT'];`, 'wardkeep/config-reads-environment', ['core/auth/x.ts', 'plugins/sso/x.ts'], ['core/config.ts', 'scripts/x.ts', 'tests/x.test.ts']],
  [`import pg from 'pg';\nexport const pool = new pg.Pool();`, 'wardkeep/database-imports', ['core/jobs/x.ts', 'plugins/sso/x.ts'], ['core/db/x.ts', 'tests/x.test.ts']],
  [`console.log('x');`, 'no-console', ['core/auth/x.ts', 'core/log.ts', 'plugins/sso/x.ts'], ['core/main.ts', 'scripts/x.ts']],
  [`export const id = Math.random();`, 'no-restricted-properties', ['core/auth/x.ts', 'tests/x.test.ts', 'scripts/x.ts', 'core/demo/x.ts'], []],
  [`export const ok = (hash: string, other: string) => hash === other;`, 'wardkeep/timing-safe-compare', ['core/auth/x.ts'], ['core/audit/x.ts']],
  [`export const ok = (token: string, other: string) => token === other;`, 'wardkeep/timing-safe-compare', ['core/auth/x.ts', 'core/audit/x.ts'], ['tests/x.test.ts']],
  [`createDecipheriv('aes-256-gcm', key, iv);`, 'wardkeep/gcm-auth-tag-length', ['core/crypto/x.ts', 'scripts/x.ts', 'tests/x.test.ts'], []],
  [`try { go(); } catch {}`, 'wardkeep/no-swallowed-error', ['core/x.ts', 'plugins/sso/x.ts'], []],
];

t.test('each rule holds where it is meant to, and only there', async (t) => {
  for (const [code, rule, refusedIn, acceptedIn] of CASES) {
    for (const path of refusedIn) t.same(await rulesBroken(code, path), [rule], `${rule} in ${path}`);
    for (const path of acceptedIn) t.same(await rulesBroken(code, path), [], `nothing in ${path}`);
  }
});
