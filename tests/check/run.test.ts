import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT_ROOT, runProgram } from '../../scripts/check/outcome.ts';
import { checkSecrets } from '../../scripts/check/secrets.ts';

const run = (...names: string[]) => runProgram(process.execPath, [join(PROJECT_ROOT, 'scripts/check/run.ts'), ...names], PROJECT_ROOT);

t.test('one line a check, exit code 0 when none failed', async (t) => {
  const { code, stdout, stderr } = await run('licences', 'sbom');
  t.equal(code, 0, stderr);
  t.match(stdout, /^licences\s+passed .* \d+ packages/m);
  t.match(stdout, /^sbom\s+passed .* [1-9]\d* components/m);
  const bom = JSON.parse(readFileSync(join(PROJECT_ROOT, 'dist/sbom.cdx.json'), 'utf8')) as { bomFormat: string };
  t.equal(bom.bomFormat, 'CycloneDX');
  t.ok(existsSync(join(PROJECT_ROOT, 'dist/licences.md')));
});

t.test('a name that is no check is refused', async (t) => {
  t.match(await run('everything'), { code: 64, stderr: /No check named everything/ });
});

t.test('a secret in a repository fails the scan, an allowed one does not, a stale allowance does', async (t) => {
  const key = `const apiKey = "${'9fK2mQ7x'}${'Lw4RzT8v'}";`;
  const folder = t.testdir({ 'a.ts': key, scripts: { check: { 'secrets-allowed.json': '[]' } } });
  await runProgram('git', ['init', '-q'], folder);
  const refused = await checkSecrets(folder);
  t.match(refused, { status: 'failed', details: [/^a\.ts:1 assigned-secret \(fingerprint [0-9a-f]{16}\)$/] });
  const fingerprint = /fingerprint (\w+)/.exec(refused.details?.[0] ?? '')?.[1];
  const allow = t.testdir({ 'a.ts': key, scripts: { check: { 'secrets-allowed.json': JSON.stringify([{ path: 'a.ts', rule: 'assigned-secret', fingerprint, reason: 'a sample in a test' }]) } } });
  await runProgram('git', ['init', '-q'], allow);
  t.match(await checkSecrets(allow), { status: 'passed' });
  const stale = t.testdir({ 'a.ts': '', scripts: { check: { 'secrets-allowed.json': JSON.stringify([{ path: 'a.ts', rule: 'assigned-secret', fingerprint, reason: 'a sample in a test' }]) } } });
  await runProgram('git', ['init', '-q'], stale);
  t.match(await checkSecrets(stale), { status: 'failed', details: [/matches nothing/] });
});
